import type { CameraSpans } from '#contract/recording.ts';
import type { Handlers } from '#server/http/routing.ts';
import type { Logger } from '#server/http/log.ts';
import type { Db } from '#server/store/store.ts';
import type { Abilities } from './abilities.ts';
import { ask, patienceMs } from './ask.ts';
import { flat } from './level-of-detail.ts';
import type { Frames } from './frames.ts';
import { readKeyframeTimes } from './keyframe-index.ts';
import { createOldest } from './oldest.ts';
import type { VmsRecordings } from '#server/vms/recordings.ts';
import type { Past, PastCamera } from './past.ts';
import { rightGuard } from './right-guard.ts';
import { createSpanTiles } from './span-tiles.ts';

/** What is recorded, and what can be done with it. */
export function recordingRoutes(parts: {
  readonly db: Db;
  readonly past: Past;
  readonly frames: Frames;
  readonly abilities: Abilities;
  readonly log: Logger;
  readonly now: () => number;
}): Pick<Handlers, 'readSpans' | 'readRecordingAbilities' | 'listKeyframes'> {
  const { past, frames, abilities, log, now } = parts;
  const oldest = createOldest(patienceMs);
  const tiles = createSpanTiles({
    now,
    patienceMs,
    onFailure: (err, camera) => log.warn({ err, camera }, 'the VMS did not tell what is recorded'),
  });

  async function spansOf(
    { camera, recordings }: PastCamera,
    { from, to, resolutionMs }: { from: number; to: number; resolutionMs: number },
    signal: AbortSignal,
  ): Promise<CameraSpans> {
    const cameraId = camera.id;
    if (recordings === undefined) return { cameraId, recorded: [], motion: [], isComplete: true };
    const [kept, found] = await Promise.all([
      oldest(recordings, cameraId, signal),
      tiles.read(recordings, cameraId, { start: from, end: to }, resolutionMs, signal),
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
    async readSpans({ principal, query, signal }) {
      const cameras = await past.cameras(principal.user, query.cameras, 'playback');
      const guard = rightGuard(parts, principal, query.cameras, 'playback');
      const found = await Promise.all(cameras.map((one) => spansOf(one, query, signal)));
      await guard();
      const { from, to, resolutionMs } = query;
      return { from, to, resolutionMs, cameras: found };
    },

    async listKeyframes({ principal, params: { cameraId }, query: { from, to, stream }, signal }) {
      const { camera, recordings } = await past.camera(principal.user, cameraId, 'playback');
      const guard = rightGuard(parts, principal, [cameraId], 'playback');
      const { vmsId } = camera;
      const wish = { vmsId, recordings, cameraId, stream, viewer: principal.sessionId, signal };
      const { from: since, times } = await readKeyframeTimes(frames, wish, { start: from, end: to });
      await guard();
      return { from: since, to, keyframes: times.map((time) => time - since) };
    },

    async readRecordingAbilities({ principal, signal }) {
      const systems = new Map<string, { readonly recordings: VmsRecordings; readonly cameraIds: string[] }>();
      for (const { camera, recordings } of await past.all(principal.user, 'playback')) {
        if (recordings === undefined) continue;
        const known = systems.get(camera.vmsId);
        if (known === undefined) systems.set(camera.vmsId, { recordings, cameraIds: [camera.id] });
        else known.cameraIds.push(camera.id);
      }
      const vms = await Promise.all(
        [...systems].map(async ([vmsId, { recordings, cameraIds }]) => ({
          vmsId,
          cameraIds,
          ...(await ask(signal, () => abilities.of(vmsId, recordings))),
          ...(recordings.exportFilm === undefined ? {} : { makesFilms: true as const }),
        })),
      );
      return { vms };
    },
  };
}
