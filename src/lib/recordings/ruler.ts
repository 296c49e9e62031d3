import { dateText, foldMark, monthText, shortDateText, timeText } from './time-labels.ts';
import { type TimeScale, windowOf, xOf } from './time-scale.ts';
import type { ClockChange, Zone } from './zone.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * How far apart ticks can be. Each divides the next one up to the day, so that zooming in adds ticks and never takes
 * one away. Longer than a day: weeks (from Monday, ISO 8601) and months.
 */
const steps = [
  100,
  500,
  second,
  5 * second,
  15 * second,
  30 * second,
  minute,
  5 * minute,
  15 * minute,
  30 * minute,
  hour,
  3 * hour,
  6 * hour,
  12 * hour,
  day,
  7 * day,
  'month',
] as const;
type Step = (typeof steps)[number];

/** The shortest month, so that ticks a month apart always have room. */
const lengthOf = (step: Step): number => (step === 'month' ? 28 * day : step);

/** A line on the ruler. */
export interface Tick {
  readonly time: number;
  readonly x: number;
  /** Absent for the small ones between. */
  readonly label?: string;
  /** Midnight, or the begin of what is counted in. Its label is a date. */
  readonly isMajor: boolean;
}

/** Where clocks are changed within sight. */
export interface ClockMark extends ClockChange {
  readonly x: number;
}

export interface Ruler {
  readonly ticks: readonly Tick[];
  readonly changes: readonly ClockMark[];
}

export interface RulerOptions {
  readonly zone: Zone;
  readonly language: string;
  /** How wide a text is drawn, px. */
  readonly measure: (text: string) => number;
}

/** Free room between two labels, px. */
const labelGap = 20;
/** Ticks without a label no closer than this, px. */
const tickGap = 7;

/**
 * The ticks and labels for what can be seen. Whether a time has a tick and a label depends on the zoom alone, never on
 * where the view begins: while time flows by, labels move and do not come and go but at the edges. Labels do not
 * overlap; where clocks are changed, a label that has no room is left out.
 */
export function rulerOf(scale: TimeScale, options: RulerOptions): Ruler {
  const { zone } = options;
  const labelStep = stepFor(scale, options);
  const smaller = steps[steps.indexOf(labelStep) - 1];
  const tickStep =
    smaller !== undefined && lengthOf(smaller) / scale.msPerPx >= tickGap ? smaller : labelStep;

  // A label reaches into the view from outside of it, and pushes others away there.
  const margin = 200 * scale.msPerPx;
  const { start, end } = windowOf(scale);
  const timesOf = (step: Step): number[] => tickTimes(start - margin, end + margin, step, zone);
  const labelled = new Set(timesOf(labelStep));
  // Months begin on any day of the week: their ticks are not among those of the weeks.
  const times = [...new Set([...labelled, ...timesOf(tickStep)])].sort((a, b) => a - b);

  const ticks = times.map((time): Sized => {
    const isMajor = isMajorTick(time, labelStep, zone);
    const x = xOf(scale, time);
    if (!labelled.has(time) && !isMajor) return { time, x, isMajor, half: 0 };
    const label = labelOf(time, labelStep, isMajor, options);
    return { time, x, isMajor, label, half: options.measure(label) / 2 };
  });
  return {
    ticks: withoutOverlap(ticks).filter(({ x, half }) => x + half >= 0 && x - half <= scale.width),
    changes: zone.changes(start, end).map((change) => ({ ...change, x: xOf(scale, change.at) })),
  };
}

/** The finest step at which the widest label that can stand there has room. */
function stepFor(scale: TimeScale, { language, measure }: RulerOptions): Step {
  // 20 September 2028 is as wide as dates get, more or less; 20:58:48.8 is as wide as times get with any digits.
  const wide = Date.UTC(2028, 8, 20, 20, 58, 48, 888);
  const widths = new Map<string, number>();
  for (const step of steps) {
    const sample = plainLabel(wide, step, language);
    let width = widths.get(sample);
    if (width === undefined) widths.set(sample, (width = measure(`${sample} A`)));
    if (lengthOf(step) / scale.msPerPx >= width + labelGap) return step;
  }
  return 'month';
}

function plainLabel(local: number, step: Step, language: string): string {
  if (step === 'month') return monthText(local, language);
  if (step >= day) return shortDateText(local, language);
  return timeText(local, step >= minute ? 'minute' : step >= second ? 'second' : 'tenth', language);
}

function labelOf(time: number, step: Step, isMajor: boolean, { zone, language }: RulerOptions): string {
  const local = zone.localOf(time);
  if (isMajor && lengthOf(step) < day) return dateText(local, language);
  if (step !== 'month' && step >= day) return shortDateText(local, language);
  return `${plainLabel(local, step, language)}${typeof step === 'number' && step < day ? foldMark(time, zone) : ''}`;
}

/** Midnight among hours; the first of the month among days. */
function isMajorTick(time: number, step: Step, zone: Zone): boolean {
  if (lengthOf(step) < day) return zone.startOfDay(time) === time;
  if (step === 'month') return false;
  return new Date(zone.localOf(time)).getUTCDate() === 1 && zone.startOfDay(time) === time;
}

/**
 * Every time in [start, end) at which the clocks of the zone show a whole multiple of `step`. What they skip has no
 * tick, what they show twice has two.
 */
function tickTimes(start: number, end: number, step: Step, zone: Zone): number[] {
  const times: number[] = [];
  if (step !== 'month' && step < day) {
    for (const stretch of zone.stretches(start, end)) {
      const from = Math.ceil((stretch.start + stretch.offsetMs) / step) * step - stretch.offsetMs;
      for (let time = from; time < stretch.end; time += step) times.push(time);
    }
    return times;
  }
  for (let local = firstLocal(zone.localOf(start), step); ; local = nextLocal(local, step)) {
    // Noon is skipped nowhere, so the day that it is in is certain.
    const time = zone.startOfDay(zone.momentsOf(local + 12 * hour)[0] ?? local);
    if (time >= end) return times;
    if (time >= start) times.push(time);
  }
}

function firstLocal(local: number, step: Step): number {
  const date = new Date(local);
  if (step === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  const midnight = Math.floor(local / day) * day;
  // Day 4 of the epoch was a Monday.
  return step === day ? midnight : midnight - ((((midnight / day - 4) % 7) + 7) % 7) * day;
}

function nextLocal(local: number, step: Step): number {
  const date = new Date(local);
  return step === 'month' ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) : local + step;
}

/** A tick with half the width of its label, px. */
type Sized = Tick & { readonly half: number };

/** Takes away the labels that would touch another: the lesser of two, or the later one of equals. */
function withoutOverlap(ticks: readonly Sized[]): Sized[] {
  const kept = [...ticks];
  let last = -1;
  for (const [i, tick] of ticks.entries()) {
    if (tick.label === undefined) continue;
    const isTooClose = (before: Sized | undefined): before is Sized =>
      before !== undefined && tick.x - tick.half < before.x + before.half + labelGap / 2;
    let before = kept[last];
    while (isTooClose(before) && tick.isMajor && !before.isMajor) {
      kept[last] = bare(before);
      last = previousLabelled(kept, last);
      before = kept[last];
    }
    if (isTooClose(before)) kept[i] = bare(tick);
    else last = i;
  }
  return kept;
}

function previousLabelled(ticks: readonly Tick[], at: number): number {
  for (let i = at - 1; i >= 0; i--) if (ticks[i]?.label !== undefined) return i;
  return -1;
}

function bare({ time, x, isMajor }: Tick): Sized {
  return { time, x, isMajor, half: 0 };
}
