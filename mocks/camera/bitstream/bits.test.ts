import { describe, expect, it } from 'vitest';
import { BitReader, BitWriter } from './bits.ts';

/** What was written, as zeros and ones. */
const written = (write: (writer: BitWriter) => void): string => {
  const writer = new BitWriter(1);
  write(writer);
  const { bytes, length } = writer.toRun();
  return [...bytes]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, length);
};

describe('exp-Golomb codes', () => {
  // ITU-T H.264 tables 9-1 and 9-2.
  it.each([
    [0, '1'],
    [1, '010'],
    [2, '011'],
    [3, '00100'],
    [6, '00111'],
    [7, '0001000'],
    [8, '0001001'],
    [14, '0001111'],
    [15, '000010000'],
    [65_535, '000000000000000010000000000000000'],
  ])('writes %i unsigned as %s', (value, code) => {
    expect(written((writer) => writer.ue(value))).toBe(code);
  });

  it.each([
    [0, '1'],
    [1, '010'],
    [-1, '011'],
    [2, '00100'],
    [-2, '00101'],
    [3, '00110'],
    [-3, '00111'],
    [4, '0001000'],
  ])('writes %i signed as %s', (value, code) => {
    expect(written((writer) => writer.se(value))).toBe(code);
  });

  it('reads back what it wrote, at every position within a byte', () => {
    const values = [0, 1, 2, 3, 254, 255, 256, 65_534, 65_535, 1_000_000, 2 ** 31 - 2];
    const writer = new BitWriter(1);
    for (const value of values) writer.bits(1, 1).ue(value).se(value).se(-value);
    const reader = new BitReader(writer.trailing().view());
    for (const value of values.slice(0, -1)) {
      expect(reader.bits(1)).toBe(1);
      expect([reader.ue(), reader.se(), reader.se()]).toEqual([value, value, -value || 0]);
    }
  });
});

describe('bits', () => {
  it('stand highest first and keep all of 32', () => {
    expect(written((writer) => writer.bits(3, 0b101).bits(32, 0x80000001).flag(true))).toBe(
      `101${'1'.padEnd(31, '0')}11`,
    );
  });

  it('take a run of bits at any offset', () => {
    const run = new BitWriter().bits(11, 0b10110011101).toRun();
    for (let offset = 0; offset < 9; offset++) {
      expect(written((writer) => writer.bits(offset, 0).run(run).run(run))).toBe(
        `${'0'.repeat(offset)}1011001110110110011101`,
      );
    }
  });

  it('end in a one and zeros, and only then make a view', () => {
    const writer = new BitWriter().bits(5, 0b10101);
    expect(() => writer.view()).toThrow('last byte');
    expect([...writer.trailing().view()]).toEqual([0b10101100]);
    expect([...writer.reset().bits(8, 7).trailing().view()]).toEqual([7, 0x80]);
  });

  it('know whether anything is left before the trailing bits', () => {
    const reader = new BitReader(new BitWriter().bits(7, 0).bits(3, 5).trailing().view());
    reader.bits(9);
    expect(reader.hasMore()).toBe(true);
    reader.bits(1);
    expect(reader.hasMore()).toBe(false);
  });

  it('refuse to be read past their end', () => {
    expect(() => new BitReader(new Uint8Array([1])).bits(9)).toThrow(RangeError);
    expect(() => new BitReader(new Uint8Array(8)).ue()).toThrow(RangeError);
  });
});
