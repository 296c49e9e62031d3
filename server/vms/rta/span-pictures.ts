import type { FedPicture, PlaybackFeed, PlaybackWindow } from '#server/vms/playback-feed.ts';
import { VmsError } from '#server/vms/vms.ts';

/** The first window is as long as most groups of pictures, the following ones longer: who reads on, reads on. */
const firstWindowMs = 5000;
const longestWindowMs = 60_000;

export interface SpanReading {
  readonly feed: PlaybackFeed;
  /** The address of a window. */
  readonly windowOf: (start: number, end: number) => PlaybackWindow;
  /** From here, or from the keyframe before, as the server likes; epoch ms. */
  readonly start: number;
  /** Where the recorded stretch ends. */
  readonly end: number;
  /** Only what was taken later than this. */
  readonly after: number;
}

/**
 * The pictures of one recorded stretch, ascending, each once, out of as many windows as it takes: nobody has to be sent
 * an hour for two seconds. A following window begins with the last keyframe again, so that it fits whether the server
 * begins before or after the moment asked for. One that breaks off in the middle is asked for once more. Nothing recorded
 * there is no error, just nothing.
 */
export async function* spanPictures(
  { feed, windowOf, start, end, after }: SpanReading,
  signal: AbortSignal,
): AsyncGenerator<FedPicture, void, undefined> {
  let from = start;
  let until = start;
  let last = after;
  let keyframeMs: number | undefined;
  let lengthMs = firstWindowMs;
  let isSecondTry = false;
  while (until < end) {
    const to = Math.min(end, until + lengthMs);
    const before = last;
    try {
      const playing = await feed.open(windowOf(from, to), signal);
      try {
        for await (const picture of playing) {
          if (picture.isKeyframe) keyframeMs = picture.timeMs;
          if (picture.timeMs <= last) continue;
          last = picture.timeMs;
          yield picture;
        }
      } finally {
        await playing.return();
      }
    } catch (error) {
      if (!(error instanceof VmsError)) throw error;
      if (error.code === 'unavailable' && (last > before || !isSecondTry)) {
        isSecondTry = true;
        from = keyframeMs ?? from;
        continue;
      }
      if (error.code !== 'no-such-stream') throw error;
    }
    isSecondTry = false;
    until = to;
    from = keyframeMs ?? until;
    lengthMs = Math.min(longestWindowMs, lengthMs * 2);
  }
}
