import { describe, expect, it } from 'vitest';
import { otherMonth, recordedShare, sameTimeOn, weeksOf } from './calendar.ts';
import { Skew } from './skew.ts';
import { arrowMs, timelineKey } from './timeline-keys.ts';
import { scaleOf } from './time-scale.ts';
import { transportKey } from './transport-keys.ts';
import { zoneOf } from './zone.ts';

const hour = 3_600_000;
const berlin = zoneOf('Europe/Berlin');
const october = Date.parse('2026-10-20T12:00:00+02:00');

describe('a month', () => {
  const weeks = weeksOf(october, berlin);
  const days = weeks.flat();

  it('is shown in whole weeks from Monday', () => {
    expect(weeks.map((week) => week.length)).toEqual([7, 7, 7, 7, 7]);
    expect(new Date(days[0]!.local).toISOString()).toBe('2026-09-28T00:00:00.000Z');
    expect(days.filter(({ isInMonth }) => isInMonth)).toHaveLength(31);
  });

  it('has no hole between its days, and one of 25 hours where clocks are put back', () => {
    for (const [i, { span }] of days.entries()) if (i > 0) expect(span.start).toBe(days[i - 1]!.span.end);
    expect(days.filter(({ span }) => span.end - span.start === 25 * hour)).toHaveLength(1);
    expect(days.filter(({ span }) => span.end - span.start === 24 * hour)).toHaveLength(34);
  });

  it('has others before and after it, over the turn of the year', () => {
    expect(new Date(otherMonth(october, berlin, 1)).toISOString()).toBe('2026-11-01T11:00:00.000Z');
    const january = Date.parse('2027-01-31T12:00:00+01:00');
    expect(new Date(otherMonth(january, berlin, -1)).toISOString()).toBe('2026-12-01T11:00:00.000Z');
    expect(new Date(otherMonth(january, berlin, 1)).toISOString()).toBe('2027-02-01T11:00:00.000Z');
  });

  it('leads to the same time of another day by the clock, not by hours', () => {
    const later = days.find(({ local }) => local === Date.UTC(2026, 9, 26))!;
    expect(sameTimeOn(later, october, berlin) - october).toBe(6 * 24 * hour + hour);
  });
});

it.each([
  [0, 0],
  [1000, 1],
  [12 * hour, 50],
  [24 * hour - 60_000, 99],
  [24 * hour, 100],
])('of a day with %i ms in it %i percent are recorded', (length, share) => {
  expect(recordedShare([{ start: 0, end: length }], { start: 0, end: 24 * hour })).toBe(share);
});

describe('keys', () => {
  const bare = { shiftKey: false, ctrlKey: false, altKey: false, metaKey: false };
  const place = { time: 5000, scale: scaleOf({ start: 0, end: 10_000 }, 1000), now: 20_000, oldest: 1000 };

  it.each([
    ['ArrowLeft', 4800],
    ['ArrowRight', 5200],
    ['PageUp', 1000],
    ['PageDown', 15_000],
    ['Home', 1000],
    ['End', 20_000],
  ])('of the timeline: %s goes to %i', (key, time) => {
    expect(timelineKey({ ...bare, key }, place)).toEqual({ do: 'go', time });
  });

  it('go far with Shift, and never beyond what there is', () => {
    expect(timelineKey({ ...bare, key: 'ArrowRight', shiftKey: true }, place)).toEqual({
      do: 'go',
      time: 7000,
    });
    expect(timelineKey({ ...bare, key: 'PageDown' }, { ...place, time: 19_000 })).toEqual({
      do: 'go',
      time: 20_000,
    });
    expect(arrowMs(scaleOf({ start: 0, end: 92 * 24 * hour }, 1000))).toBe(24 * hour);
  });

  it('with Ctrl are the browser’s', () => {
    expect(timelineKey({ ...bare, key: 'ArrowLeft', ctrlKey: true }, place)).toBeUndefined();
    expect(transportKey({ ...bare, sign: 'l', ctrlKey: true }, true)).toBeUndefined();
  });

  it.each([
    ['N', 'next-recording'],
    ['.', 'step-forward'],
    ['[', 'slower'],
    ['/', 'search'],
    ['3', { select: 2 }],
  ])('that are signs only where these are wanted: %s', (sign, command) => {
    expect(transportKey({ ...bare, sign }, true)).toEqual(command);
    expect(transportKey({ ...bare, sign }, false)).toBeUndefined();
  });

  it.each([
    [' ', 'toggle'],
    ['?', 'keys'],
  ])('that always mean something: %j', (sign, command) => {
    expect(transportKey({ ...bare, sign }, false)).toBe(command);
  });
});

it('says what 95 of 100 samples did not exceed, and nothing of one camera', () => {
  const skew = new Skew();
  for (let i = 0; i < 30; i++) skew.saw([40]);
  expect(skew.p95).toBeUndefined();
  for (let i = 1; i <= 100; i++) skew.saw([0, i]);
  expect(skew.p95).toBe(95);
  skew.clear();
  expect(skew.p95).toBeUndefined();
});
