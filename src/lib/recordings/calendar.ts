import { clip, lengthOf, type Span } from './spans.ts';
import type { Zone } from './zone.ts';

const day = 86_400_000;

/** A day on the calendar. */
export interface CalendarDay {
  /** Midnight as local ms (zone.ts). */
  readonly local: number;
  /** The whole of it, 23 or 25 hours where clocks are changed. */
  readonly span: Span;
  /** Of the month that is shown, not of the ones at its edges. */
  readonly isInMonth: boolean;
}

/** The weeks of the month that `time` lies in, from Monday, whole. */
export function weeksOf(time: number, zone: Zone): CalendarDay[][] {
  const date = new Date(zone.localOf(time));
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  const after = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  // Day 4 of the epoch was a Monday.
  const monday = first - ((((first / day - 4) % 7) + 7) % 7) * day;
  const weeks: CalendarDay[][] = [];
  for (let week = monday; week < after; week += 7 * day)
    weeks.push(
      Array.from({ length: 7 }, (_, i) => {
        const local = week + i * day;
        return {
          local,
          span: { start: startOf(local, zone), end: startOf(local + day, zone) },
          isInMonth: local >= first && local < after,
        };
      }),
    );
  return weeks;
}

function startOf(local: number, zone: Zone): number {
  // Noon is skipped nowhere.
  return zone.startOfDay(zone.momentsOf(local + day / 2)[0] ?? local);
}

/** Which part of the day is recorded, 0 to 100; a day with anything in it is at least 1, one with a gap at most 99. */
export function recordedShare(recorded: readonly Span[], { start, end }: Span): number {
  const share = (lengthOf(clip(recorded, { start, end })) / (end - start)) * 100;
  if (share <= 0) return 0;
  return share >= 99.99 ? 100 : Math.min(99, Math.max(1, Math.round(share)));
}

/** The month before or after, at its first noon. */
export function otherMonth(time: number, zone: Zone, step: 1 | -1): number {
  const date = new Date(zone.localOf(time));
  const local = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + step, 1, 12);
  return zone.momentsOf(local)[0] ?? local;
}

/** The same time of another day; its begin where the clocks skip that time. */
export function sameTimeOn({ local, span }: CalendarDay, time: number, zone: Zone): number {
  const ofDay = ((zone.localOf(time) % day) + day) % day;
  return zone.momentsOf(local + ofDay)[0] ?? span.start;
}
