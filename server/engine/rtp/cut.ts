import type { Codec } from '../h26x/codec.ts';

/** A payload, in pieces that belong one behind the other. */
export type Payload = readonly Uint8Array[];

const startBit = 0x80;
const endBit = 0x40;

/**
 * Cuts a single NAL unit or a fragment (FU-A, FU) into payloads of at most `limit` bytes, all about the same size. What
 * fits stays as it is. Nothing is put together again first: a fragment becomes several smaller fragments, and only the
 * first and the last of them may carry its start and end bit. Aggregation packets are not for here: see {@link splitAggregate}.
 */
export function cutPayload(codec: Codec, payload: Uint8Array, limit: number): Payload[] {
  if (payload.length <= limit) return [[payload]];
  const type = codec.nalType(payload);
  const isFragment = type === codec.fragment;
  const fu = isFragment ? (payload[codec.headerBytes] ?? 0) : startBit | endBit | type;
  const indicator = isFragment
    ? payload.subarray(0, codec.headerBytes)
    : codec.headerWithType(payload, codec.fragment);
  const body = payload.subarray(codec.headerBytes + (isFragment ? 1 : 0));
  const pieces = Math.ceil(body.length / (limit - codec.headerBytes - 1));
  return Array.from({ length: pieces }, (_, i) => {
    const bits = fu & ~(i === 0 ? 0 : startBit) & ~(i === pieces - 1 ? 0 : endBit);
    const from = Math.floor((i * body.length) / pieces);
    const to = Math.floor(((i + 1) * body.length) / pieces);
    return [indicator, Uint8Array.of(bits), body.subarray(from, to)];
  });
}

/** The NAL units inside an aggregation packet. A length that runs over the end drops the rest. */
export function splitAggregate(codec: Codec, payload: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let at = codec.headerBytes;
  while (at + 2 <= payload.length) {
    const length = payload.readUInt16BE(at);
    at += 2;
    if (length < codec.headerBytes || at + length > payload.length) break;
    units.push(payload.subarray(at, at + length));
    at += length;
  }
  return units;
}

/** Puts small NAL units (parameter sets) into one aggregation packet, or undefined when they are larger than `limit`. */
export function aggregate(codec: Codec, units: readonly Uint8Array[], limit: number): Payload | undefined {
  const first = units[0];
  if (first === undefined) return undefined;
  const length = units.reduce((sum, unit) => sum + 2 + unit.length, codec.headerBytes);
  if (length > limit) return undefined;
  return [
    codec.headerWithType(first, codec.aggregation),
    ...units.flatMap((unit) => [Uint8Array.of(unit.length >> 8, unit.length & 0xff), unit]),
  ];
}
