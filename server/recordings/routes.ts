import type { CameraSpans } from '#contract/recording.ts';
import type { Handlers } from '#server/http/routing.ts';
import type { Logger } from '#server/http/log.ts';
import { flat } from './level-of-detail.ts';
import { patienceMs } from './ask.ts';
import { createOldest } from './oldest.ts';
import type { Past, PastCamera } from './past.ts';
import { createSpanTiles } from './span-tiles.ts';

/** What is recorded, and what can be done with it. */
export function recordingRoutes(parts: {
  readonly past: Past;
  readonly log: Logger;
  readonly now: () => number;
}): Pick<Handlers, 'readSpans'> {
  const { past, log, now } = parts;
  const oldest = createOldest(patienceMs);
  const tiles = createSpanTiles({
    now,
    patienceMs,
    onFailure: (err, camera) => log.warn({ err, camera }, 'the VMS did not tell what is recorded'),
  });

  async function spansOf(
    { camera, recordings }: PastCamera,
    { from, to, resolutionMs }: { from: number; to: number; resolutionMs: number },
  ): Promise<CameraSpans> {
    const cameraId = camera.id;
    if (recordings === undefined) return { cameraId, recorded: [], motion: [], isComplete: true };
    const [kept, found] = await Promise.all([
      oldest(recordings, cameraId),
      tiles.read(recordings, cameraId, { start: from, end: to }, resolutionMs),
    ]);
    // What is remembered of a span may reach back to what has been deleted since.
    const still = (spans: typeof found.recorded) =>
      spans.flatMap(({ start, end }) => {
        const first = Math.max(start, kept.at ?? start);
        return first < end ? [{ start: first, end }] : [];
      });
    return {
      cameraId,
      ...(kept.at === undefined ? {} : { oldest: kept.at }),
      recorded: flat(still(found.recorded), from),
      motion: flat(still(found.motion), from),
      isComplete: found.isComplete && kept.isKnown,
    };
  }

  return {
    async readSpans({ principal, query }) {
      const cameras = await past.cameras(principal.user, query.cameras, 'playback');
      const { from, to, resolutionMs } = query;
      return {
        from,
        to,
        resolutionMs,
        cameras: await Promise.all(cameras.map((one) => spansOf(one, query))),
      };
    },
  };
}
