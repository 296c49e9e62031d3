import { describe, expect, it } from 'vitest';
import { h264 } from '../h26x/h264.ts';
import { h265 } from '../h26x/h265.ts';
import { aggregate, cutPayload, splitAggregate, type Payload } from './cut.ts';

const join = (payload: Payload): Buffer => Buffer.concat(payload);
const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 7 + 3) & 0xff));

/** Puts fragments together the way RFC 6184 5.8 and RFC 7798 4.4.3 have a receiver do it. */
function reassemble(
  codec: typeof h264,
  fragments: readonly Buffer[],
): { nal: Buffer; starts: number; ends: number } {
  let starts = 0;
  let ends = 0;
  const body: Uint8Array[] = [];
  for (const [index, fragment] of fragments.entries()) {
    const fu = fragment[codec.headerBytes] ?? 0;
    if ((fu & 0x80) !== 0) {
      starts++;
      expect(index).toBe(0);
      body.push(codec.headerWithType(fragment, fu & 0x3f & (codec === h264 ? 0x1f : 0x3f)));
    }
    if ((fu & 0x40) !== 0) {
      ends++;
      expect(index).toBe(fragments.length - 1);
    }
    body.push(fragment.subarray(codec.headerBytes + 1));
  }
  return { nal: Buffer.concat(body), starts, ends };
}

const nals = { H264: Buffer.from([0x65]), H265: Buffer.from([0x26, 0x01]) };

describe.each([h264, h265])('cutting $name', (codec) => {
  const whole = (length: number): Buffer => Buffer.concat([nals[codec.name], noise(length)]);

  it('leaves what fits as it is', () => {
    const nal = whole(100);
    expect(cutPayload(codec, nal, nal.length)).toEqual([[nal]]);
  });

  it.each([
    [1188, 1189],
    [1188, 1460],
    [1188, 2376],
    [1188, 64_000],
    [500, 501],
    [100, 9_999],
  ])('cuts to at most %i bytes a NAL unit of %i, which comes out the same', (limit, length) => {
    const nal = whole(length);
    const pieces = cutPayload(codec, nal, limit).map(join);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(limit);
    expect(reassemble(codec, pieces)).toEqual({ nal, starts: 1, ends: 1 });
    // As few as possible, and none of them much smaller than the others.
    expect(pieces).toHaveLength(Math.ceil(length / (limit - codec.headerBytes - 1)));
    expect(Math.min(...pieces.map((piece) => piece.length))).toBeGreaterThan(limit / 3);
  });

  it.each([
    ['first', 0x80],
    ['middle', 0],
    ['last', 0x40],
  ])('cuts a %s fragment into fragments that keep its place', (_which, bits) => {
    const type = codec.nalType(nals[codec.name]);
    const header = codec.headerWithType(nals[codec.name], codec.fragment);
    const fragment = Buffer.concat([header, Buffer.of(bits | type), noise(3000)]);
    const pieces = cutPayload(codec, fragment, 1188).map(join);
    expect(pieces).toHaveLength(3);
    const flags = pieces.map((piece) => (piece[codec.headerBytes] ?? 0) & 0xc0);
    expect(flags).toEqual([bits & 0x80, 0, bits & 0x40]);
    expect(pieces.every((piece) => codec.nalType(piece) === codec.fragment)).toBe(true);
    expect(Buffer.concat(pieces.map((piece) => piece.subarray(codec.headerBytes + 1)))).toEqual(noise(3000));
  });

  it('takes an aggregate apart into what was put in', () => {
    const units = [whole(5), whole(20), whole(300)];
    const together = aggregate(codec, units, 1188);
    expect(splitAggregate(codec, join(together ?? []))).toEqual(units);
    expect(aggregate(codec, units, 300)).toBeUndefined();
  });

  it('drops what runs over the end of an aggregate', () => {
    const together = join(aggregate(codec, [whole(5), whole(20)], 1188) ?? []);
    expect(splitAggregate(codec, together.subarray(0, -3))).toEqual([whole(5)]);
    expect(splitAggregate(codec, together.subarray(0, codec.headerBytes + 1))).toEqual([]);
  });
});
