/**
 * H.264 into RTP payloads, packetization-mode 1 of RFC 6184: single NAL unit packets, STAP-A for the parameter sets
 * (§5.7.1), FU-A for what does not fit (§5.8).
 */

/** One RTP payload as pieces that lie one behind the other, so that nothing is copied before the socket's buffer. */
export interface Payload {
  readonly pieces: readonly Uint8Array[];
  readonly length: number;
}

const typeOf = (nalUnit: Uint8Array): number => (nalUnit[0] ?? 0) & 0x1f;
const isParameterSet = (nalUnit: Uint8Array): boolean => typeOf(nalUnit) === 7 || typeOf(nalUnit) === 8;

const payloadOf = (...pieces: Uint8Array[]): Payload => ({
  pieces,
  length: pieces.reduce((sum, piece) => sum + piece.length, 0),
});

/**
 * The payloads of one access unit, in order; the last one takes the marker bit.
 * `maxPayload` counts octets of RTP payload, without the RTP header; at least 3.
 */
export function packetise(nalUnits: readonly Uint8Array[], maxPayload: number): Payload[] {
  const payloads: Payload[] = [];
  let position = 0;
  while (position < nalUnits.length) {
    const sets = parameterSetsFrom(nalUnits, position, maxPayload);
    if (sets.length > 1) {
      payloads.push(aggregate(sets));
      position += sets.length;
      continue;
    }
    const nalUnit = nalUnits[position++];
    if (nalUnit === undefined || nalUnit.length === 0) continue;
    if (nalUnit.length <= maxPayload) payloads.push(payloadOf(nalUnit));
    else fragment(nalUnit, maxPayload, payloads);
  }
  return payloads;
}

function parameterSetsFrom(
  nalUnits: readonly Uint8Array[],
  position: number,
  maxPayload: number,
): Uint8Array[] {
  const sets: Uint8Array[] = [];
  let length = 1;
  for (const nalUnit of nalUnits.slice(position)) {
    length += 2 + nalUnit.length;
    if (!isParameterSet(nalUnit) || length > maxPayload) break;
    sets.push(nalUnit);
  }
  return sets;
}

/** STAP-A: its header carries the highest importance (nal_ref_idc) of what it holds. */
function aggregate(nalUnits: readonly Uint8Array[]): Payload {
  const importance = Math.max(...nalUnits.map((nalUnit) => (nalUnit[0] ?? 0) & 0x60));
  const pieces: Uint8Array[] = [Uint8Array.of(importance | 24)];
  for (const nalUnit of nalUnits)
    pieces.push(Uint8Array.of(nalUnit.length >> 8, nalUnit.length & 0xff), nalUnit);
  return payloadOf(...pieces);
}

/** FU-A: the NAL unit's own first octet travels split over indicator and header. */
function fragment(nalUnit: Uint8Array, maxPayload: number, payloads: Payload[]): void {
  const first = nalUnit[0] ?? 0;
  const indicator = (first & 0xe0) | 28;
  const room = maxPayload - 2;
  for (let from = 1; from < nalUnit.length; from += room) {
    const to = Math.min(nalUnit.length, from + room);
    const start = from === 1 ? 0x80 : 0;
    const end = to === nalUnit.length ? 0x40 : 0;
    payloads.push(
      payloadOf(Uint8Array.of(indicator, start | end | (first & 0x1f)), nalUnit.subarray(from, to)),
    );
  }
}
