import { describe, expect, it } from 'vitest';
import { CELLS, fillStrip, readStrip, STRIP_HEIGHT } from './strip.ts';

const timeMs = Date.parse('2026-11-20T12:04:31.240Z');

/** A grey picture with the strip drawn to scale, every pixel by how much of it each cell covers. */
function drawn(width: number, height: number, cells: Uint8Array, shift = 0) {
  const data = new Uint8ClampedArray(width * height * 4).fill(120);
  const top = height * (1 - STRIP_HEIGHT);
  for (let y = Math.floor(top); y < height; y++) {
    const share = Math.min(1, y + 1 - top);
    for (let x = 0; x < width; x++) {
      let level = 0;
      for (let part = 0; part < 8; part++) {
        const cell = Math.floor(((x - shift + (part + 0.5) / 8) / width) * CELLS);
        level += (cells[Math.max(0, Math.min(CELLS - 1, cell))] === 1 ? 70 : 14) / 8;
      }
      data.fill(level * share + 120 * (1 - share), (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return { data, width, height };
}

function strip(number: number, time = timeMs): Uint8Array {
  const cells = new Uint8Array(CELLS);
  fillStrip(cells, number, time);
  return cells;
}

describe('the strip', () => {
  it.each([
    [1280, 720],
    [1920, 1080],
    [640, 360],
    [500, 281],
    [427, 240],
    [333, 187],
    [320, 180],
    [214, 120],
  ])('is read from a picture of %i × %i', (width, height) => {
    for (const number of [1, 14, 512, 999])
      expect(readStrip(drawn(width, height, strip(number)))).toEqual({ number, timeMs });
  });

  it.each([-1, -0.5, 0.5, 1])('is read when it stands %f pixels aside', (shift) => {
    expect(readStrip(drawn(320, 180, strip(77), shift))).toEqual({ number: 77, timeMs });
  });

  it('tells every millisecond from every other, for centuries', () => {
    const times = [0, 1, timeMs, timeMs + 1, Date.parse('2099-12-31T23:59:59.999Z'), 2 ** 44 - 1];
    for (const time of times) expect(readStrip(drawn(640, 360, strip(3, time)))?.timeMs).toBe(time);
  });

  it('says nothing when any one of its cells is wrong', () => {
    const cells = strip(14);
    for (let cell = 0; cell < CELLS; cell++) {
      const wrong = cells.slice();
      wrong[cell] = 1 - wrong[cell]!;
      expect(readStrip(drawn(640, 360, wrong))).toBeUndefined();
    }
  });

  it('is not seen where there is none', () => {
    const black = { data: new Uint8Array(640 * 360 * 4), width: 640, height: 360 };
    expect(readStrip(black)).toBeUndefined();
    let seed = 7;
    const noise = black.data.map(() => (seed = (seed * 75 + 74) % 65_537) & 255);
    expect(readStrip({ ...black, data: noise })).toBeUndefined();
    expect(readStrip({ data: new Uint8Array(0), width: 0, height: 0 })).toBeUndefined();
    expect(readStrip({ data: new Uint8Array(100), width: 640, height: 360 })).toBeUndefined();
  });

  it('refuses a number it has no room for', () => {
    expect(() => fillStrip(new Uint8Array(CELLS), 1024, timeMs)).toThrow(RangeError);
    expect(() => fillStrip(new Uint8Array(CELLS), NaN, timeMs)).toThrow(RangeError);
  });
});
