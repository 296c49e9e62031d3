import { describe, expect, it } from 'vitest';
import { longestSegmentMs } from '#contract/recording.ts';
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
    [400_000, 300_000],
  ])('of GOPs of %s ms has segments of %s', (gop, segment) => {
    expect(segmentMsFor(gop)).toBe(segment);
  });

  it('has no crumbs, and begins where the first picture does', () => {
    const [stretch] = planStretches([{ start: 1000, end: 14_000 }], 400, 2000);
    expect(stretch).toEqual({
      begins: 400,
      segments: [
        { start: 400, end: 6400, lastsMs: 6000 },
        { start: 6400, end: 14_000, lastsMs: 7600 },
      ],
    });
  });

  it.each([
    ['a usual group of pictures', 2000, 500_000, 590_000],
    ['a long group of pictures', 25_000, 500_000, 575_000],
    ['no more than the gap', 2000, 594_000, 594_000],
    ['no more than segments may be long', 500_000, 100_000, 450_000],
  ])('begins looking for the first picture after a gap earlier by %s', (_what, gopMs, before, from) => {
    const [, second] = planStretches(
      [
        { start: 0, end: before },
        { start: 600_000, end: 604_000 },
      ],
      0,
      gopMs,
    );
    expect(second).toEqual({ begins: 600_000, segments: [{ start: from, end: 604_000, lastsMs: 4000 }] });
  });

  it.each([40, 2000, 10_000, 59_000, 240_000, 6_000_000])(
    'has no segment that is longer than any that is sent (groups of %s ms)',
    (gopMs) => {
      const spans = [
        { start: 0, end: 3_600_000 },
        { start: 7_000_000, end: 7_000_500 },
        { start: 9_000_000, end: 12_000_000 },
      ];
      for (const { segments } of planStretches(spans, -gopMs / 2, gopMs))
        for (const { start, end } of segments) expect(end - start).toBeLessThanOrEqual(longestSegmentMs);
    },
  );
});
