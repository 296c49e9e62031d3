import type { SpansAnswer, SpansQuery } from '#contract/recording.ts';
import { type SiteCamera, siteCameras } from '#mocks/site/cameras.ts';
import { motionSpans, oldestKept, recordedSpans } from '#mocks/site/recordings.ts';
import { atResolution, clip, type Span } from '../spans.ts';

const flat = (spans: readonly Span[], from: number) =>
  spans.flatMap(({ start, end }) => [start - from, end - from]);

/** What a server before the pretend site answers. Cameras it does not have are left out. */
export function siteSpans({ cameras, from, to, resolutionMs }: SpansQuery, now: number): SpansAnswer {
  const window = { start: from, end: to };
  const coarse = (spans: readonly Span[]) => flat(clip(atResolution(spans, resolutionMs), window), from);
  const known = cameras.flatMap((id) => siteCameras.find((camera) => camera.id === id) ?? []);
  return {
    from,
    to,
    resolutionMs,
    cameras: known.map((camera: SiteCamera) => ({
      cameraId: camera.id,
      oldest: oldestKept(now),
      recorded: coarse(recordedSpans(camera, window, now)),
      motion: coarse(motionSpans(camera, window, now)),
      isComplete: true,
    })),
  };
}
