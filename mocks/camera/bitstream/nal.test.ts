import { describe, expect, it } from 'vitest';
import { joinAnnexB, splitAnnexB, unwrap, wrap } from './nal.ts';

const bytes = (...values: number[]) => new Uint8Array(values);

describe('emulation prevention', () => {
  // ITU-T H.264 clause 7.4.1.1.
  it.each([
    [
      [0, 0, 0],
      [0, 0, 3, 0],
    ],
    [
      [0, 0, 1],
      [0, 0, 3, 1],
    ],
    [
      [0, 0, 2],
      [0, 0, 3, 2],
    ],
    [
      [0, 0, 3],
      [0, 0, 3, 3],
    ],
    [
      [0, 0, 4],
      [0, 0, 4],
    ],
    [
      [0, 1, 0, 1],
      [0, 1, 0, 1],
    ],
    [
      [0, 0, 0, 0, 0, 1],
      [0, 0, 3, 0, 0, 3, 0, 1],
    ],
    [
      [0, 0, 0, 0, 0, 0, 0, 1],
      [0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 1],
    ],
  ])('makes %j into %j, and back', (rbsp, payload) => {
    const nalUnit = wrap(0x65, bytes(...rbsp));
    expect([...nalUnit]).toEqual([0x65, ...payload]);
    expect([...unwrap(nalUnit)]).toEqual(rbsp);
  });

  it('leaves no start code in anything, and loses nothing', () => {
    let seed = 1;
    for (let round = 0; round < 300; round++) {
      const rbsp = Uint8Array.from({ length: 60 }, () => {
        seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
        return (seed >> 16) % 5;
      });
      rbsp[59] = 0x80;
      const nalUnit = wrap(0x41, rbsp);
      for (let i = 2; i < nalUnit.length; i++)
        if (nalUnit[i - 2] === 0 && nalUnit[i - 1] === 0) expect(nalUnit[i]).toBeGreaterThan(2);
      expect(unwrap(nalUnit)).toEqual(rbsp);
      expect(splitAnnexB(joinAnnexB([nalUnit, nalUnit]))).toEqual([nalUnit, nalUnit]);
    }
  });

  it('can be taken off the beginning only', () => {
    expect([...unwrap(bytes(0x65, 0, 0, 3, 1, 9, 9), 3)]).toEqual([0, 0, 1]);
  });
});

describe('Annex B', () => {
  it('is split at start codes of three and four bytes, padding dropped', () => {
    const stream = bytes(0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 0, 1, 0x65, 3, 0, 0);
    expect(splitAnnexB(stream).map((nalUnit) => [...nalUnit])).toEqual([
      [0x67, 1],
      [0x68, 2],
      [0x65, 3],
    ]);
  });

  it('without a start code has nothing in it', () => {
    expect(splitAnnexB(bytes(1, 2, 3, 4))).toEqual([]);
    expect(splitAnnexB(bytes())).toEqual([]);
  });
});
