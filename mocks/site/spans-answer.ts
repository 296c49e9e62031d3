import type { SpansAnswer, SpansQuery } from '#contract/recording.ts';
import { type SiteCamera, siteCameras } from './cameras.ts';
import { motionSpans, oldestKept, recordedSpans, type SiteSpan } from './recordings.ts';

/** What a BFF before the pretend site answers to this query at `now`. Cameras the site does not have are left out. */
export function spansAnswer({ cameras, from, to, resolutionMs }: SpansQuery, now: number): SpansAnswer {
  const window = { start: from, end: to };
  const known = cameras.flatMap((id) => siteCameras.find((camera) => camera.id === id) ?? []);
  return {
    from,
    to,
    resolutionMs,
    cameras: known.map((camera: SiteCamera) => ({
      cameraId: camera.id,
      oldest: oldestKept(now),
      recorded: flat(recordedSpans(camera, window, now), window, resolutionMs),
      motion: flat(motionSpans(camera, window, now), window, resolutionMs),
      isComplete: true,
    })),
  };
}

/** Short ones lengthened, narrow gaps closed, as the contract says; then as offsets. */
function flat(
  spans: readonly SiteSpan[],
  { start: from, end: to }: SiteSpan,
  resolutionMs: number,
): number[] {
  const offsets: number[] = [];
  for (const { start, end } of spans) {
    const until = Math.min(to, Math.max(end, start + resolutionMs)) - from;
    const last = offsets.at(-1);
    if (last !== undefined && start - from - last < resolutionMs)
      offsets[offsets.length - 1] = Math.max(last, until);
    else offsets.push(start - from, until);
  }
  return offsets;
}
