/** nal_unit_type, ITU-T H.264 table 7-1: the ones that occur here. */
export const nalType = { slice: 1, idrSlice: 5, sei: 6, sps: 7, pps: 8, delimiter: 9 } as const;

export const typeOf = (nalUnit: Uint8Array): number => (nalUnit[0] ?? 0) & 0x1f;

/** NAL units of an Annex-B stream, start codes (three or four bytes) and trailing zeros taken off, as views of `stream`. */
export function splitAnnexB(stream: Uint8Array): Uint8Array[] {
  const nalUnits: Uint8Array[] = [];
  let start = -1;
  for (let i = 2; i < stream.length; i++) {
    // A byte over 1 in third place rules out a start code in the next three places.
    if (stream[i]! > 1) i += 2;
    else if (stream[i] === 1 && stream[i - 1] === 0 && stream[i - 2] === 0) {
      if (start >= 0) nalUnits.push(stream.subarray(start, endBefore(stream, start, i - 2)));
      start = i + 1;
    }
  }
  if (start >= 0) nalUnits.push(stream.subarray(start, endBefore(stream, start, stream.length)));
  return nalUnits;
}

/** A NAL unit never ends in a zero byte (clause 7.4.1): zeros there belong to the next start code. */
function endBefore(stream: Uint8Array, start: number, end: number): number {
  while (end > start && stream[end - 1] === 0) end--;
  return end;
}

/** An Annex-B stream of the NAL units, every one after a four-byte start code. */
export function joinAnnexB(nalUnits: readonly Uint8Array[]): Uint8Array {
  const stream = new Uint8Array(nalUnits.reduce((sum, nalUnit) => sum + 4 + nalUnit.length, 0));
  let position = 0;
  for (const nalUnit of nalUnits) {
    stream[position + 3] = 1;
    stream.set(nalUnit, position + 4);
    position += 4 + nalUnit.length;
  }
  return stream;
}

/**
 * A NAL unit: header byte, then the RBSP with an emulation prevention byte wherever two zeros would be followed by
 * 0…3 (clause 7.4.1.1), so that no start code can occur inside.
 */
export function wrap(header: number, rbsp: Uint8Array): Uint8Array {
  let zeros = 0;
  let escapes = 0;
  for (let i = 0; i < rbsp.length; i++) {
    const byte = rbsp[i]!;
    if (zeros >= 2 && byte <= 3) {
      escapes++;
      zeros = 0;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  const nalUnit = new Uint8Array(1 + rbsp.length + escapes);
  nalUnit[0] = header;
  if (escapes === 0) {
    nalUnit.set(rbsp, 1);
    return nalUnit;
  }
  zeros = 0;
  let position = 1;
  for (let i = 0; i < rbsp.length; i++) {
    const byte = rbsp[i]!;
    if (zeros >= 2 && byte <= 3) {
      nalUnit[position++] = 3;
      zeros = 0;
    }
    nalUnit[position++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return nalUnit;
}

/** The RBSP of a NAL unit: without its header byte and without emulation prevention bytes. At most `limit` bytes of it. */
export function unwrap(nalUnit: Uint8Array, limit = nalUnit.length): Uint8Array {
  const rbsp = new Uint8Array(Math.min(limit, nalUnit.length - 1));
  let zeros = 0;
  let length = 0;
  for (let i = 1; i < nalUnit.length && length < rbsp.length; i++) {
    const byte = nalUnit[i]!;
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    rbsp[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return rbsp.subarray(0, length);
}
