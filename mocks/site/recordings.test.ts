import { describe, expect, it } from 'vitest';
import { siteCameras } from './cameras.ts';
import {
  hasLongOutages,
  motionSpans,
  oldestKept,
  recordedSpans,
  recordingModeOf,
  retentionMs,
  sequences,
  sequencesAround,
  type SiteSpan,
} from './recordings.ts';

const hour = 3_600_000;
const day = 24 * hour;
const now = Date.UTC(2026, 10, 20, 13, 37, 21, 456);
const all = { start: 0, end: now + day };
const continuous = siteCameras[0]!;
const motion = siteCameras[1]!;
const failing = siteCameras.find((c) => hasLongOutages(c) && recordingModeOf(c) === 'continuous')!;
const total = (spans: readonly SiteSpan[]) => spans.reduce((sum, { start, end }) => sum + end - start, 0);

it('has 60 % of the 500 cameras recording always and 40 % on motion', () => {
  const modes = siteCameras.map(recordingModeOf);
  expect(modes.filter((mode) => mode === 'continuous')).toHaveLength(300);
  expect(modes.filter((mode) => mode === 'motion')).toHaveLength(200);
});

describe('every camera', () => {
  it.each(siteCameras.filter(({ number }) => number % 7 === 0))(
    '$number has spans in order, apart from each other, not empty, kept and past',
    (camera) => {
      for (const spans of [recordedSpans(camera, all, now), motionSpans(camera, all, now)]) {
        expect(spans[0]!.start).toBeGreaterThanOrEqual(oldestKept(now));
        expect(spans.at(-1)!.end).toBeLessThanOrEqual(now);
        expect(spans.every(({ start, end }) => Number.isInteger(start) && start < end)).toBe(true);
        expect(spans.every(({ start }, i) => i === 0 || start > spans[i - 1]!.end)).toBe(true);
      }
    },
  );
});

it('keeps 90 days and less than an hour more, and the edge moves with the clock', () => {
  const { start } = recordedSpans(continuous, all, now)[0]!;
  expect(now - start).toBeGreaterThanOrEqual(retentionMs);
  expect(now - start).toBeLessThan(retentionMs + hour);
  expect(recordedSpans(continuous, all, now + hour)[0]!.start).toBe(start + hour);
});

it('is recording a camera that always records at this very moment', () => {
  expect(recordedSpans(continuous, all, now).at(-1)!.end).toBe(now);
  expect(recordedSpans(continuous, all, now + 5000).at(-1)!.end).toBe(now + 5000);
});

it('does not change what is past as time goes on', () => {
  for (const camera of [continuous, motion, failing]) {
    const within = { start: now - 40 * day, end: now - day };
    expect(recordedSpans(camera, within, now + 3 * day)).toEqual(recordedSpans(camera, within, now));
    expect(motionSpans(camera, within, now + 3 * day)).toEqual(motionSpans(camera, within, now));
  }
});

it('gives the same in one window as in many small ones', () => {
  for (const camera of [continuous, motion, failing])
    for (const ask of [recordedSpans, motionSpans]) {
      const pieces: SiteSpan[] = [];
      for (let at = now - 3 * day; at < now; at += 17 * 60_000) {
        for (const span of ask(camera, { start: at, end: Math.min(now, at + 17 * 60_000) }, now)) {
          const last = pieces.at(-1);
          if (last?.end === span.start) pieces[pieces.length - 1] = { start: last.start, end: span.end };
          else pieces.push(span);
        }
      }
      expect(pieces).toEqual(ask(camera, { start: now - 3 * day, end: now }, now));
    }
});

it('has thousands of spans for a camera on motion, more by day than by night, and motion in all of them', () => {
  const spans = recordedSpans(motion, all, now);
  expect(spans.length).toBeGreaterThan(4000);
  expect(spans.length).toBeLessThan(25_000);
  const share = (hourOfDay: number) => {
    let recorded = 0;
    for (let d = 1; d <= 30; d++) {
      const start = Date.UTC(2026, 10, 20 - d, hourOfDay - 4);
      recorded += total(recordedSpans(motion, { start, end: start + hour }, now));
    }
    return recorded / (30 * hour);
  };
  expect(share(8)).toBeGreaterThan(2 * share(3));
  expect(motionSpans(motion, all, now).length).toBeGreaterThan(spans.length * 0.99);
});

it('sees motion only where something is recorded', () => {
  for (const camera of [continuous, motion, failing]) {
    const spans = recordedSpans(camera, all, now);
    let at = 0;
    const stray = motionSpans(camera, all, now).filter((m) => {
      while (spans[at]!.end < m.end) at++;
      return spans[at]!.start > m.start;
    });
    expect(stray).toEqual([]);
  }
});

it('has cameras that were lost for hours or days, and recorders that restart', () => {
  const gaps = (camera: typeof continuous) => {
    const spans = recordedSpans(camera, all, now);
    return spans.slice(1).map(({ start }, i) => start - spans[i]!.end);
  };
  expect(gaps(continuous).every((gap) => gap === 4 * 60_000)).toBe(true);
  expect(gaps(continuous).length).toBeGreaterThanOrEqual(6);
  expect(Math.max(...gaps(failing))).toBeGreaterThan(2 * hour - 1);
  expect(siteCameras.filter(hasLongOutages).length).toBeLessThan(40);
});

it('tells the whole length of spans that only touch the window', () => {
  const [span] = sequences(continuous, { start: now - 5 * day, end: now - 5 * day + 1 }, now);
  expect(span!.end - span!.start).toBeGreaterThan(5 * day);
  const around = sequencesAround(motion, now - 5 * day, now);
  const before = around.current ?? around.previous!;
  expect(before.start).toBeLessThanOrEqual(now - 5 * day);
  expect(around.next!.start).toBeGreaterThan(now - 5 * day);
  const strip = recordedSpans(motion, all, now);
  const i = strip.findIndex(({ start }) => start === before.start);
  expect(strip[i + 1]).toEqual(around.next);
});

it('finds the neighbours of a long gap, and none beyond the ends', () => {
  const spans = recordedSpans(failing, all, now);
  const i = spans.findIndex(({ start }, at) => at > 0 && start - spans[at - 1]!.end > hour);
  const inGap = spans[i]!.start - hour / 2;
  expect(sequencesAround(failing, inGap, now)).toEqual({
    current: undefined,
    previous: spans[i - 1],
    next: spans[i],
  });
  expect(sequencesAround(failing, 0, now)).toEqual({
    current: undefined,
    previous: undefined,
    next: spans[0],
  });
  expect(sequencesAround(failing, now + day, now)).toEqual({
    current: undefined,
    previous: spans.at(-1),
    next: undefined,
  });
});

it('takes a few milliseconds for 90 days', () => {
  recordedSpans(motion, all, now);
  const start = performance.now();
  for (let i = 0; i < 10; i++) recordedSpans(motion, { start: now - 90 * day, end: now }, now);
  expect((performance.now() - start) / 10).toBeLessThan(100);
});
