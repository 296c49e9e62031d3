import type { Sample } from '#server/fmp4/fragment.ts';
import { samplesOf } from '#server/recordings/gop.ts';
import type { RecordedFrame, RecordedSpan } from '#server/vms/recordings.ts';

/*
 * How long pictures are shown. Between two GOPs far apart lies a gap, unless the recorder says that it recorded all the
 * time: then it keeps few pictures, and each stands until the next one.
 */

/** Longer than this no picture stands for what was recorded, ms. */
export const longestStillMs = 60_000;

/** Whether the recorder says that it recorded from here to there without a break, and a picture may stand for so long. */
export const isThrough = (recorded: readonly RecordedSpan[], from: number, to: number): boolean =>
  to - from <= longestStillMs && recorded.some(({ start, end }) => start <= from && to <= end);

/**
 * The frames of a GOP as samples, see {@link samplesOf}.
 * @param next when the frame after the last one was taken
 * @param recorded the recorder's spans around the GOP
 */
export function samplesThrough(
  frames: readonly RecordedFrame[],
  next: number | undefined,
  recorded: readonly RecordedSpan[],
): Sample[] {
  const samples = samplesOf(frames, next);
  const [last, frame] = [samples.at(-1), frames.at(-1)];
  if (last === undefined || frame === undefined || next === undefined || next <= frame.timeMs) return samples;
  if (!isThrough(recorded, frame.timeMs, next)) return samples;
  return [...samples.slice(0, -1), { ...last, duration: next - frame.timeMs }];
}
