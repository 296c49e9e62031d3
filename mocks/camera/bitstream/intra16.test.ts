import { describe, expect, it } from 'vitest';
import {
  decodeIntra16,
  EIGHT_STEP_QP,
  encodeIntra16,
  type Intra16,
  noCounts,
  UNIT_STEP_QP,
} from './intra16.ts';

/** A macroblock with strokes in it, the same every time. */
const strokes = Uint8Array.from({ length: 256 }, (_, i) => 28 + ((i * 37 + (i >> 4) * 91) % 168));

const furthest = (a: Uint8Array, b: Uint8Array): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

describe('a macroblock predicted as a whole', () => {
  it('brings a flat colour out exactly, and says it in one level', () => {
    for (const colour of [16, 28, 76, 196, 235]) {
      const mb = encodeIntra16(new Uint8Array(256).fill(colour), 128, UNIT_STEP_QP);
      expect([...mb.dc]).toEqual([colour - 128, ...new Array<number>(15).fill(0)]);
      expect(mb.ac).toBeUndefined();
      expect(new Set(decodeIntra16(mb, 128, UNIT_STEP_QP))).toEqual(new Set([colour]));
    }
  });

  it('decodes to the same picture whatever it is predicted from', () => {
    const decoded = [28, 29, 77, 128].map((predicted) =>
      decodeIntra16(encodeIntra16(strokes, predicted, UNIT_STEP_QP), predicted, UNIT_STEP_QP),
    );
    for (const other of decoded) expect(other).toEqual(decoded[0]);
  });

  it('stays close to what was drawn, the closer the finer', () => {
    const error = (qp: number) => furthest(strokes, decodeIntra16(encodeIntra16(strokes, 28, qp), 28, qp));
    expect(error(10)).toBeLessThanOrEqual(3);
    expect(error(UNIT_STEP_QP)).toBeLessThanOrEqual(25);
    expect(error(40)).toBeGreaterThan(error(UNIT_STEP_QP));
  });

  it('counts the levels of each block where the block stands', () => {
    const corner = new Uint8Array(256).fill(28);
    corner[15 * 16 + 1] = 200;
    const { counts } = encodeIntra16(corner, 28, UNIT_STEP_QP);
    expect(counts[12]).toBeGreaterThan(0);
    expect([...counts].filter((count) => count > 0)).toHaveLength(1);
  });

  it('makes two flat halves of two DC levels', () => {
    const mb: Intra16 = { dc: new Int32Array(16), ac: undefined, counts: noCounts };
    mb.dc[0] = 3;
    mb.dc[1] = -3;
    const decoded = decodeIntra16(mb, 28, EIGHT_STEP_QP);
    for (let y = 0; y < 16; y++)
      expect([...decoded.subarray(y * 16, y * 16 + 16)]).toEqual([
        ...new Array<number>(8).fill(28),
        ...new Array<number>(8).fill(28 + 48),
      ]);
  });
});
