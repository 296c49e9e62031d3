import { mostKeyframes } from '#contract/recording-previews.ts';
import type { RecordedSpan } from '#server/vms/recordings.ts';
import { ask, Patience } from './ask.ts';
import type { Frames, FrameWish } from './frames.ts';

/** Keyframes that are looked for in one turn at the recorder: others wait no longer than for a picture or two. */
const perTurn = 16;

/** Keyframes of a window. */
export interface KeyframeTimes {
  /** From here to the end of the window all are told. */
  readonly from: number;
  /** Ascending. */
  readonly times: readonly number[];
}

/**
 * When the keyframes in the window were taken: as far as they are known by what was read before, else from the recorder,
 * keyframe by keyframe, the latest first. Throws a `Refusal`, or the signal's reason.
 */
export async function readKeyframeTimes(
  frames: Pick<Frames, 'lanesOf' | 'knownKeyframe'>,
  wish: Omit<FrameWish, 'at'>,
  { start, end }: RecordedSpan,
): Promise<KeyframeTimes> {
  const { recordings, cameraId, stream, viewer, signal } = wish;
  const times: number[] = [];
  /** The keyframe of this moment is the next to be found; undefined when all are. */
  const next: { at: number | undefined } = { at: end - 1 };
  const wanted = (): number | undefined => (times.length < mostKeyframes ? next.at : undefined);
  function note(timeMs: number | undefined): void {
    const isWithin = timeMs !== undefined && timeMs >= start;
    if (isWithin) times.push(timeMs);
    next.at = isWithin && timeMs > start ? timeMs - 1 : undefined;
  }

  /** As far as memory reaches. */
  function remember(): void {
    for (let at = wanted(); at !== undefined; at = wanted()) {
      const known = frames.knownKeyframe({ ...wish, at });
      if (known === undefined) return;
      note(known);
    }
  }

  async function look(): Promise<void> {
    const cursor = await ask(signal, (ending) => recordings.cursor(cameraId, stream, ending));
    const patience = new Patience(signal);
    try {
      for (let i = 0; i < perTurn; i++) {
        const at = wanted();
        if (at === undefined) return;
        const keyframe = await patience.ask((ending) => cursor.at(at, { keyframe: true }, ending));
        note(keyframe?.timeMs);
        remember();
      }
    } finally {
      patience.close();
      cursor.close();
    }
  }

  remember();
  while (wanted() !== undefined && recordings.hasKeyframesAlone !== false)
    await frames.lanesOf(wish).run(viewer, signal, look);
  const from = next.at === undefined ? start : (times.at(-1) ?? end);
  return { from, times: times.reverse() };
}
