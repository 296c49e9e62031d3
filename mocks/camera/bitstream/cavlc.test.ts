import { describe, expect, it } from 'vitest';
import { BitWriter } from './bits.ts';
import { allTables } from './cavlc-tables.ts';
import { writeResidual } from './cavlc.ts';

const coded = (levels: number[], context = 0): { bits: string; total: number } => {
  const writer = new BitWriter();
  const total = writeResidual(writer, Int32Array.from(levels), 0, levels.length, context);
  const { bytes, length } = writer.toRun();
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return { bits: bits.slice(0, length), total };
};
const block = (...levels: number[]) => [...levels, ...new Array<number>(16 - levels.length).fill(0)];

describe('CAVLC', () => {
  it.each([
    // Token (5 levels, 3 ones), signs + - -, levels 1 and 3, three zeros in all, runs 1, 0, 0, 1.
    [block(0, 3, 0, 1, -1, -1, 0, 1), 0, '0000100' + '011' + '1' + '0010' + '111' + '10' + '1' + '1' + '01'],
    // Token (5, 1), sign -, levels -3, 3, 4, -2 with growing suffixes, two zeros, a run of 2.
    [
      block(-2, 4, 3, -3, 0, 0, -1),
      0,
      '0000000110' + '1' + '0001' + '0010' + '00010' + '111' + '0011' + '00',
    ],
    [block(), 0, '1'],
    [block(), 2, '11'],
    [block(), 4, '1111'],
    [block(), 8, '000011'],
    // One level of ±1 at the beginning: token (1, 1), sign, no zeros.
    [block(1), 0, '01' + '0' + '1'],
    [block(-1), 8, '000001' + '1' + '1'],
    // A lone 2 cannot be ±1, so it takes the first code.
    [block(2), 0, '000101' + '1' + '1'],
    // The two escapes: 14 zeros and 4 bits, 15 zeros and 12 bits.
    [block(9), 0, '000101' + '000000000000001' + '0000' + '1'],
    [block(17), 0, '000101' + '0000000000000001' + '000000000000' + '1'],
  ])('codes %j after %i neighbours', (levels, context, bits) => {
    const result = coded(levels, context);
    expect(result.bits).toBe(bits);
    expect(result.total).toBe(levels.filter((level) => level !== 0).length);
  });

  it('says nothing of zeros in a full block', () => {
    const full = new Array<number>(15).fill(0).map((_, i) => (i < 12 ? 2 : 1));
    expect(coded(full).total).toBe(15);
    expect(coded(full, 8).bits.startsWith('111011' + '000')).toBe(true);
  });

  it('refuses a level that Baseline cannot say', () => {
    expect(() => coded(block(2100))).toThrow(RangeError);
  });

  it('has tables in which no code begins another and no room is wasted', () => {
    for (const table of allTables) {
      const words = table.map(({ length, code }) => code.toString(2).padStart(length, '0'));
      expect(words.every((word, i) => word.length === table[i]!.length)).toBe(true);
      for (const word of words) expect(words.filter((other) => other.startsWith(word))).toEqual([word]);
      const share = table.reduce((sum, { length }) => sum + 2 ** -length, 0);
      expect(share).toBeLessThanOrEqual(1);
      expect(share).toBeGreaterThan(0.96);
    }
  });
});
