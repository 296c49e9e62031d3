import { describe, expect, it } from 'vitest';
import { shownFor } from './gop.ts';
import { planStretches, segmentMsFor } from './playlist.ts';

it.each([
  [40, 40, 40],
  [1900, 40, 1900],
  [9000, 40, 40],
  [9000, 4000, 9000],
  [undefined, 66, 66],
  [-3, 40, 0],
])('a picture whose successor comes %s ms later, usually %s, is shown for %s', (delta, usual, shown) => {
  expect(shownFor(delta, usual)).toBe(shown);
});

describe('a playlist', () => {
  it.each([
    [2000, 6000],
    [1000, 6000],
    [2500, 7500],
    [10_000, 20_000],
    [7000, 14_000],
  ])('of GOPs of %s ms has segments of %s', (gop, segment) => {
    expect(segmentMsFor(gop)).toBe(segment);
  });

  it('has no crumbs, and begins where the first picture does', () => {
    const [stretch] = planStretches([{ start: 1000, end: 14_000 }], 400, 6000);
    expect(stretch).toEqual({
      begins: 400,
      segments: [
        { start: 400, end: 6400, lastsMs: 6000 },
        { start: 6400, end: 14_000, lastsMs: 7600 },
      ],
    });
  });
});
