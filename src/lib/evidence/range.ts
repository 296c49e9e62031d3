import { foldMark } from '#lib/recordings/time-labels.ts';
import type { Span } from '#lib/recordings/spans.ts';
import { readTypedTime, type TypedContext, type TypedFault } from '#lib/recordings/typed-time.ts';
import type { Zone } from '#lib/recordings/zone.ts';

/** What is chosen without a word: this much before and after the playhead, ms. */
const around = { before: 30_000, after: 30_000 } as const;
/** A bookmark begins and ends so near to its moment, ms: what XProtect's own client does. */
const aroundBookmark = { before: 3_000, after: 30_000 } as const;

/** Why a range cannot be used. */
export type RangeFault = TypedFault | 'backwards' | 'too-long';

export interface TypedRange {
  /** Undefined where something is wrong. */
  readonly span: Span | undefined;
  readonly from: RangeFault | undefined;
  readonly to: RangeFault | undefined;
}

/** `2026-11-20 12:04:31.250`, with `B` behind it where the clocks show it a second time: `readTypedTime` reads it back. */
export function writeMoment(time: number, zone: Zone): string {
  const local = new Date(zone.localOf(Math.round(time))).toISOString();
  const fraction = local.slice(19, 23) === '.000' ? '' : local.slice(19, 23);
  const mark = foldMark(Math.round(time), zone);
  return `${local.slice(0, 10)} ${local.slice(11, 19)}${fraction}${mark === ' B' ? mark : ''}`;
}

/** Reads both ends as typed. `longestMs` is the longest that will do. */
export function readRange(from: string, to: string, context: TypedContext, longestMs = Infinity): TypedRange {
  const [first, last] = [readTypedTime(from, context), readTypedTime(to, context)];
  if ('fault' in first || 'fault' in last)
    return {
      span: undefined,
      from: 'fault' in first ? first.fault : undefined,
      to: 'fault' in last ? last.fault : undefined,
    };
  if (last.time <= first.time) return { span: undefined, from: undefined, to: 'backwards' };
  if (last.time - first.time > longestMs) return { span: undefined, from: undefined, to: 'too-long' };
  return { span: { start: first.time, end: last.time }, from: undefined, to: undefined };
}

/** What somebody probably means: A to B, A to here, or a little around here. Never after `now`. */
export function suggestedRange(at: {
  readonly time: number;
  readonly loop: Span | undefined;
  readonly loopFrom: number | undefined;
  readonly now: number;
}): Span {
  const { time, loop, loopFrom, now } = at;
  if (loop) return whole(loop);
  if (loopFrom !== undefined && loopFrom !== time)
    return whole({ start: Math.min(loopFrom, time), end: Math.max(loopFrom, time) });
  return whole({ start: time - around.before, end: Math.min(time + around.after, Math.max(now, time + 1)) });
}

/** From a little before to a little after the moment that a bookmark is about. */
export function spanOfBookmark(at: number, now: number): Span {
  const end = Math.min(at + aroundBookmark.after, Math.max(now, at + 1));
  return { start: at - aroundBookmark.before, end };
}

const whole = ({ start, end }: Span): Span => ({ start: Math.floor(start), end: Math.ceil(end) });
