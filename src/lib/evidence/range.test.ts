import { describe, expect, it } from 'vitest';
import { zoneOf } from '#lib/recordings/zone.ts';
import { readRange, spanOfBookmark, suggestedRange, writeMoment } from './range.ts';

const utc = zoneOf('UTC');
const noon = Date.UTC(2026, 10, 20, 12);
const context = { zone: utc, playhead: noon, now: noon + 3_600_000 };

describe('a moment as text', () => {
  it.each([
    [noon, '2026-11-20 12:00:00'],
    [noon + 1_250, '2026-11-20 12:00:01.250'],
  ])('%s is %s', (time, text) => {
    expect(writeMoment(time, utc)).toBe(text);
  });

  it('is read back as the very same moment, in the fold of a clock change as well', () => {
    const berlin = zoneOf('Europe/Berlin');
    const fold = Date.UTC(2026, 9, 25, 0, 30, 0, 40);
    for (const time of [fold, fold + 3_600_000, fold + 7_200_000]) {
      const text = writeMoment(time, berlin);
      const now = fold + 86_400_000;
      const read = readRange(text, '2026-10-26 00:00', { zone: berlin, playhead: fold, now });
      expect(read.span?.start).toBe(time);
    }
    expect(writeMoment(fold + 3_600_000, berlin)).toBe('2026-10-25 02:30:00.040 B');
  });
});

describe('a typed range', () => {
  it('has two ends', () => {
    expect(readRange('11:50', '12:10:30', context)).toEqual({
      span: { start: noon - 600_000, end: noon + 630_000 },
      from: undefined,
      to: undefined,
    });
  });

  it.each([
    ['12:10', '12:00', undefined, 'backwards'],
    ['12:00', '12:00', undefined, 'backwards'],
    ['nonsense', '12:00', 'unreadable', undefined],
    ['12:00', '14:00', undefined, 'future'],
    ['2026-11-18 12:00', '2026-11-20 12:00', undefined, 'too-long'],
  ])('from %s to %s: %s, %s', (from, to, first, last) => {
    expect(readRange(from, to, context, 86_400_000)).toEqual({ span: undefined, from: first, to: last });
  });
});

describe('what is suggested', () => {
  const here = { time: noon, loop: undefined, loopFrom: undefined, now: noon + 3_600_000 };

  it('is A to B where both are set', () => {
    const loop = { start: noon - 5_000.4, end: noon + 5_000.4 };
    expect(suggestedRange({ ...here, loop })).toEqual({ start: noon - 5_001, end: noon + 5_001 });
  });

  it('is A to here, either way round', () => {
    const to = { start: noon - 9_000, end: noon };
    expect(suggestedRange({ ...here, loopFrom: noon - 9_000 })).toEqual(to);
    expect(suggestedRange({ ...here, loopFrom: noon + 9_000 })).toEqual({ start: noon, end: noon + 9_000 });
  });

  it('is a minute around here, but not what is yet to come', () => {
    expect(suggestedRange(here)).toEqual({ start: noon - 30_000, end: noon + 30_000 });
    expect(suggestedRange({ ...here, now: noon + 10_000 })).toEqual({
      start: noon - 30_000,
      end: noon + 10_000,
    });
  });

  it('contains the moment of a bookmark even at the live edge', () => {
    expect(spanOfBookmark(noon, noon)).toEqual({ start: noon - 3_000, end: noon + 1 });
  });
});
