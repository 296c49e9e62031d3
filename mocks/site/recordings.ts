import { scenes, type SceneKind } from '#mocks/camera/scenes/scenes.ts';
import type { SiteCamera } from './cameras.ts';

/*
 * What the pretend site has recorded: nothing is stored, everything is a function of camera and time. The same in
 * every process, in Node and in a page. Costs are in proportion to the spans in the window asked for.
 */

/** A stretch of time, epoch ms, end excluded. */
export interface SiteSpan {
  readonly start: number;
  readonly end: number;
}

/** What the functions here look at of a camera. */
export type RecordedCamera = Pick<SiteCamera, 'number' | 'scene'>;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** How long recordings are kept, ms. */
export const retentionMs = 90 * day;

/** The site's clock is four hours ahead of UTC all year. */
const utcOffsetMs = 4 * hour;

/** Recorded before motion begins and after it ends, ms: XProtect's usual three seconds each, and two to be sure. */
export const prebufferMs = 3 * second;
export const postbufferMs = 5 * second;

/** Between two spans that motion started lies at least this much, ms: longer than a group of pictures. */
const leastGapMs = 5 * second;

/** 40 % of the cameras record on motion only, all others always: the same ones for ever, in every agency. */
export function recordingModeOf({ number }: RecordedCamera): 'continuous' | 'motion' {
  return number % 5 === 2 || number % 5 === 4 ? 'motion' : 'continuous';
}

/**
 * The oldest moment that is still kept at `now`. Databases are deleted hour by hour, so up to an hour more than the
 * retention is there.
 */
export function oldestKept(now: number): number {
  return Math.floor((now - retentionMs) / hour) * hour;
}

/** What is recorded of `within` as it stands at `now`, ascending and apart from each other, clipped to `within`. */
export function recordedSpans(camera: RecordedCamera, within: SiteSpan, now: number): SiteSpan[] {
  return clip(sequences(camera, within, now), within);
}

/** Where motion was seen in what is recorded of `within`, ascending and apart from each other, clipped to `within`. */
export function motionSpans(camera: RecordedCamera, within: SiteSpan, now: number): SiteSpan[] {
  return clip(motionSequences(camera, within, now), within);
}

/**
 * The recorded spans that touch `within`, each in its whole length: from its begin, or from the oldest kept moment, to
 * its end, or to `now` for the one that is being recorded. A camera that always records has few, weeks long.
 */
export function sequences(camera: RecordedCamera, within: SiteSpan, now: number): SiteSpan[] {
  const kept = { start: oldestKept(now), end: now };
  if (recordingModeOf(camera) === 'continuous')
    return clip(between(outages(camera, kept), kept), kept).filter((span) => touches(span, within));
  const near = widened(within, kept);
  const spans = [...motionEvents(camera, near)].map(({ start, end }) => ({
    start: start - prebufferMs,
    end: end + postbufferMs,
  }));
  return clip(subtract(spans, outages(camera, near)), kept).filter((span) => touches(span, within));
}

/** Like {@link sequences}, for the motion in what is recorded. */
export function motionSequences(camera: RecordedCamera, within: SiteSpan, now: number): SiteSpan[] {
  const kept = { start: oldestKept(now), end: now };
  const near = widened(within, kept);
  const motion = subtract([...motionEvents(camera, near)], outages(camera, near));
  return clip(motion, kept).filter((span) => touches(span, within));
}

/** The recorded span that `timeMs` lies in, if it lies in one, and the ones around it. */
export function sequencesAround(
  camera: RecordedCamera,
  timeMs: number,
  now: number,
): {
  readonly current: SiteSpan | undefined;
  readonly previous: SiteSpan | undefined;
  readonly next: SiteSpan | undefined;
} {
  const at = { start: timeMs, end: timeMs + 1 };
  const current = sequences(camera, at, now)[0];
  return {
    current,
    previous: nearest(camera, current?.start ?? timeMs, now, -1),
    next: nearest(camera, current?.end ?? timeMs, now, 1),
  };
}

/** Looks away from `timeMs` in windows that double, so that a long outage costs no more than its length's logarithm. */
function nearest(
  camera: RecordedCamera,
  timeMs: number,
  now: number,
  direction: -1 | 1,
): SiteSpan | undefined {
  const kept = { start: oldestKept(now), end: now };
  let from = Math.min(Math.max(timeMs, kept.start), kept.end);
  for (let step = hour; direction < 0 ? from > kept.start : from < kept.end; step *= 2) {
    const to = Math.min(Math.max(from + direction * step, kept.start), kept.end);
    const found = sequences(camera, { start: Math.min(from, to), end: Math.max(from, to) }, now);
    const apart = found.filter((span) => (direction < 0 ? span.end <= timeMs : span.start >= timeMs));
    const first = direction < 0 ? apart.at(-1) : apart[0];
    if (first !== undefined) return first;
    from = to;
  }
  return undefined;
}

/** Motion by hours of the site's clock: how often an hour, and which part of the time it lasts. */
interface Activity {
  readonly perHour: number;
  readonly share: number;
}

const quiet: Activity = { perHour: 1, share: 0.02 };
const rhythms: Readonly<Record<SceneKind, (hourOfDay: number) => Activity>> = {
  road: (h) => traffic(h, 3),
  highway: (h) => traffic(h, 3),
  tunnel: (h) => traffic(h, 4),
  shore: (h) => (h >= 16 || h < 1 ? { perHour: 3, share: 0.5 } : { perHour: 2, share: 0.2 }),
  // First train at five, last one after midnight.
  metro: (h) => (h >= 1 && h < 5 ? quiet : { perHour: 5, share: 0.55 }),
  bus: (h) => (h >= 1 && h < 5 ? quiet : { perHour: 3, share: 0.65 }),
  gate: (h) => (h >= 6 && h < 20 ? { perHour: 5, share: 0.15 } : { perHour: 2, share: 0.02 }),
  parking: (h) => (h >= 7 && h < 23 ? { perHour: 4, share: 0.25 } : { perHour: 1, share: 0.03 }),
  depot: (h) => (h >= 4 && h < 7 ? { perHour: 5, share: 0.6 } : { perHour: 2, share: 0.1 }),
};

function traffic(hourOfDay: number, perHour: number): Activity {
  const isRush = (hourOfDay >= 7 && hourOfDay < 10) || (hourOfDay >= 16 && hourOfDay < 20);
  if (isRush) return { perHour, share: 0.9 };
  return hourOfDay >= 1 && hourOfDay < 5 ? { perHour: 2, share: 0.08 } : { perHour, share: 0.6 };
}

const kinds = new Map<string, SceneKind>(Object.values(scenes).map(({ name, kind }) => [name, kind]));

/**
 * Every hour is cut into as many equal parts as there is motion in it, one in each, with room around it: spans never
 * touch each other, not even with what is recorded before and after them, and no hour needs to know its neighbours.
 */
function* motionEvents(camera: RecordedCamera, within: SiteSpan): Generator<SiteSpan> {
  const rhythm = rhythms[kinds.get(camera.scene) ?? 'road'];
  for (let block = Math.floor(within.start / hour); block * hour < within.end; block++) {
    const hourOfDay = (((block + utcOffsetMs / hour) % 24) + 24) % 24;
    const { perHour, share } = rhythm(hourOfDay);
    const count = Math.max(1, Math.round(perHour * (0.6 + 0.8 * chance(camera.number, block, 0))));
    const part = hour / count;
    const room = part - prebufferMs - postbufferMs - leastGapMs;
    for (let i = 0; i < count; i++) {
      const length = room * Math.min(1, share * (0.4 + 1.2 * chance(camera.number, block, 2 * i + 1)));
      const offset = (room - length) * chance(camera.number, block, 2 * i + 2);
      const start = Math.round(block * hour + i * part + prebufferMs + offset);
      const end = start + Math.max(second, Math.round(length));
      if (end > within.start && start < within.end) yield { start, end };
    }
  }
}

const restartEveryMs = 14 * day;
const restartMs = 4 * minute;
const failureEveryMs = 30 * day;

/** One camera in sixteen has been lost for hours or days once in thirty days. */
export function hasLongOutages({ number }: RecordedCamera): boolean {
  return number % 16 === 9;
}

/**
 * When nothing was recorded although it should have been: recorders restart for four minutes every fortnight in the
 * night, and some cameras fail. Ascending, apart from each other; those that touch `within`, whole.
 */
function outages(camera: RecordedCamera, within: SiteSpan): SiteSpan[] {
  const found: SiteSpan[] = [];
  // Cameras of a hundred share a recorder, more or less; each recorder has its own night, at 02:30 of the site's clock.
  const night = Math.floor(camera.number / 100) * day + 2.5 * hour - utcOffsetMs;
  for (let k = Math.floor((within.start - night) / restartEveryMs); ; k++) {
    const start = k * restartEveryMs + night;
    if (start >= within.end) break;
    found.push({ start, end: start + restartMs });
  }
  if (hasLongOutages(camera))
    for (let k = Math.floor(within.start / failureEveryMs); k * failureEveryMs < within.end; k++) {
      const length = Math.round(2 * hour + chance(camera.number, k, 7001) * 58 * hour);
      const start = Math.round(k * failureEveryMs + chance(camera.number, k, 7002) * (25 * day));
      found.push({ start, end: start + length });
    }
  return merge(found).filter((span) => touches(span, within));
}

/** An even share of 0 (included) to 1 for each three whole numbers. Not random: the finaliser of MurmurHash3. */
function chance(a: number, b: number, c: number): number {
  let value = Math.imul(a, 0x9e3779b1) ^ Math.imul(b | 0, 0x85ebca77) ^ Math.imul(c, 0xc2b2ae3d);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return ((value ^ (value >>> 16)) >>> 0) / 0x1_0000_0000;
}

const touches = (span: SiteSpan, within: SiteSpan): boolean =>
  span.end > within.start && span.start < within.end;

/** What is kept of a window and an hour around it: no span that motion started is longer. */
const widened = ({ start, end }: SiteSpan, kept: SiteSpan): SiteSpan => ({
  start: Math.max(start, kept.start) - hour,
  end: Math.min(end, kept.end) + hour,
});

function clip(spans: readonly SiteSpan[], within: SiteSpan): SiteSpan[] {
  return spans.flatMap((span) => {
    const start = Math.max(span.start, within.start);
    const end = Math.min(span.end, within.end);
    return start < end ? [{ start, end }] : [];
  });
}

function merge(spans: readonly SiteSpan[]): SiteSpan[] {
  const merged: SiteSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && span.start <= last.end)
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    else merged.push(span);
  }
  return merged;
}

/** What is left of `within` when `holes` are taken away; the outermost parts reach beyond the window. */
function between(holes: readonly SiteSpan[], within: SiteSpan): SiteSpan[] {
  const starts = [within.start, ...holes.map(({ end }) => end)];
  const ends = [...holes.map(({ start }) => start), within.end];
  return starts.map((start, i) => ({ start, end: ends[i] ?? start })).filter(({ start, end }) => start < end);
}

/** `spans` without `holes`, both ascending. */
function subtract(spans: readonly SiteSpan[], holes: readonly SiteSpan[]): SiteSpan[] {
  let hole = 0;
  return spans.flatMap((span) => {
    while (hole < holes.length && holes[hole]!.end <= span.start) hole++;
    const first = holes[hole];
    if (first === undefined || first.start >= span.end) return [span];
    return clip(
      between(
        holes.filter((h) => touches(h, span)),
        span,
      ),
      span,
    );
  });
}
