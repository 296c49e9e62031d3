import { decode } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { JpegEncoder, type Pixels, quantisationOf } from './jpeg.ts';

/** Slopes of colour with edges in them. */
function drawn(width: number, height: number): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const isLight = (x >> 4) % 2 === (y >> 4) % 2;
      data.set([(x * 3) % 256, isLight ? 220 : 40, 255 - ((y * 2) % 200), 255], (y * width + x) * 4);
    }
  return { data, width, height };
}

const part = ({ data, width }: Pixels, from: number, to: number): Pixels => ({
  data: data.subarray(from * width * 4, to * width * 4),
  width,
  height: to - from,
});

function code(picture: Pixels, quality: number, at: number, chroma: 'full' | 'half' = 'full'): Uint8Array {
  const encoder = new JpegEncoder(quantisationOf(quality), chroma);
  const { width, height } = picture;
  const parts = [encoder.scan(part(picture, 0, at)), encoder.scan(part(picture, at, height))] as const;
  return encoder.join(width, height, at, parts);
}

/** Mean difference of a sample. */
function error(picture: Pixels, jpeg: Uint8Array): number {
  const decoded = decode(jpeg, { useTArray: true });
  expect(decoded).toMatchObject({ width: picture.width, height: picture.height });
  let sum = 0;
  for (let i = 0; i < decoded.data.length; i++) sum += Math.abs(picture.data[i]! - decoded.data[i]!);
  return sum / decoded.data.length;
}

describe('a JPEG in two parts', () => {
  it.each([
    [64, 48, 24],
    [64, 48, 40],
    [97, 53, 32],
  ])('of %i × %i pixels, parted at line %i, is decoded to what was drawn', (width, height, at) => {
    expect(error(drawn(width, height), code(drawn(width, height), 95, at))).toBeLessThan(3);
  });

  it.each([
    [64, 48, 32],
    [97, 53, 32],
  ])('of %i × %i pixels has colour for every two by two where that is enough', (width, height, at) => {
    const [full, half] = [code(drawn(width, height), 95, at), code(drawn(width, height), 95, at, 'half')];
    expect(half.length).toBeLessThan(full.length);
    expect(error(drawn(width, height), half)).toBeLessThan(9);
  });

  it('is smaller and farther from what was drawn the lower its quality', () => {
    const picture = drawn(96, 64);
    const coded = [95, 75, 30, 1].map((quality) => code(picture, quality, 32));
    const lengths = coded.map(({ length }) => length);
    const errors = coded.map((jpeg) => error(picture, jpeg));
    expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
    expect(errors).toEqual(errors.toSorted((a, b) => a - b));
    expect(errors.at(-1)).toBeGreaterThan(errors[0]!);
  });

  it('takes another second part without the first being coded again', () => {
    const encoder = new JpegEncoder(quantisationOf(90));
    const above = drawn(64, 32);
    const scan = encoder.scan(above);
    for (const level of [0, 90, 255]) {
      const below = { data: new Uint8Array(64 * 16 * 4).fill(level), width: 64, height: 16 };
      const { data } = decode(encoder.join(64, 48, 32, [scan, encoder.scan(below)]), { useTArray: true });
      expect(Math.abs(data[(40 * 64 + 30) * 4]! - level)).toBeLessThan(3);
      expect(Math.abs(data[(10 * 64 + 30) * 4 + 1]! - above.data[(10 * 64 + 30) * 4 + 1]!)).toBeLessThan(12);
    }
  });

  it('has its first part end where blocks end, and the larger one', () => {
    const encoder = new JpegEncoder(quantisationOf(75));
    const scan = encoder.scan(drawn(16, 16));
    expect(() => encoder.join(16, 24, 12, [scan, scan])).toThrow(RangeError);
    expect(() => encoder.join(16, 33, 16, [scan, scan])).toThrow(RangeError);
    expect(encoder.join(16, 32, 16, [scan, scan])).toBeInstanceOf(Uint8Array);
  });
});
