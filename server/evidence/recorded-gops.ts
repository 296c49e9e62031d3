import type { StreamName } from '#contract/camera.ts';
import { ask } from '#server/recordings/ask.ts';
import type { FairLanes } from '#server/recordings/fair-lanes.ts';
import { readRest } from '#server/recordings/frames.ts';
import type { RecordedFrame, RecordedSpan, RecordingCursor, VmsRecordings } from '#server/vms/recordings.ts';
import { samplesThrough } from './shown-time.ts';

export interface GopReading {
  readonly recordings: VmsRecordings;
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly range: RecordedSpan;
  /** The recorder's spans in the range and a little around it. */
  readonly recorded: readonly RecordedSpan[];
  /** The keyframe of the last GOP that is known already: what comes after it is given. */
  readonly after: number | undefined;
  readonly lanes: FairLanes;
  /** Whose turn it is. */
  readonly viewer: string;
}

export interface ReadGop {
  readonly frames: readonly RecordedFrame[];
  /** When the frame after the last one was taken; undefined where the recording ends for now: more may follow. */
  readonly next: number | undefined;
}

/** A recorder's span may begin a little before the keyframe it is about. */
const slacksMs = [0, 1000, 5000];

/** The keyframe to begin with: the one that the range's first picture depends on, or the first one in it. */
async function firstKeyframe(
  cursor: RecordingCursor,
  { recordings, cameraId, range, after }: GopReading,
  signal: AbortSignal,
): Promise<RecordedFrame | undefined> {
  const at = (time: number) => ask(signal, (ending) => cursor.at(time, { keyframe: true }, ending));
  const first = await at(after ?? range.start);
  if (first !== undefined) return first;
  const { recorded } = await ask(signal, (ending) => recordings.spans(cameraId, range, ending));
  const [span] = recorded;
  if (span === undefined) return undefined;
  for (const slack of slacksMs) {
    const found = await at(Math.min(span.start + slack, span.end - 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Every GOP with a picture in the range, one after the other; the first may begin before it, the last end after it.
 * Reading takes turns with everybody else at the recorder, GOP by GOP. Throws a `Refusal`.
 */
export async function* recordedGops(reading: GopReading, signal: AbortSignal): AsyncGenerator<ReadGop> {
  const { recordings, cameraId, stream, range, recorded, after, lanes, viewer } = reading;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => lanes.run(viewer, signal, work);
  const cursor = await inTurn(() => ask(signal, (ending) => recordings.cursor(cameraId, stream, ending)));
  try {
    let keyframe = await inTurn(() => firstKeyframe(cursor, reading, signal));
    while (keyframe !== undefined && keyframe.timeMs < range.end) {
      const start: RecordedFrame = keyframe;
      const { frames, next } = await inTurn(() => readRest(cursor, start, signal));
      keyframe = next;
      const isKnown = after !== undefined && start.timeMs <= after;
      const samples = samplesThrough(frames, next?.timeMs, recorded);
      const shownMs = samples.reduce((sum, { duration }) => sum + duration, 0);
      // Before the range lies a gap, and before that what we were given.
      const isBefore = start.timeMs + shownMs <= range.start;
      if (!isKnown && !isBefore) yield { frames, next: next?.timeMs };
    }
  } finally {
    cursor.close();
  }
}
