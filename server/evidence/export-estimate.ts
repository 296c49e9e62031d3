import type { ExportEstimate, ExportRequest } from '#contract/evidence.ts';
import { Refusal } from '#server/http/refusal.ts';
import { ask } from '#server/recordings/ask.ts';
import type { Frames } from '#server/recordings/frames.ts';
import type { PastCamera } from '#server/recordings/past.ts';
import type { RecordedSpan } from '#server/vms/recordings.ts';
import type { Abilities } from '#server/recordings/abilities.ts';
import { isMadeByVms } from './vms-films.ts';
import { isThrough } from './shown-time.ts';

type CameraEstimate = ExportEstimate['cameras'][number];

/** Where to take samples: at the beginning, in the middle and near the end of what is recorded. */
export function sampleTimes(spans: readonly RecordedSpan[]): number[] {
  const total = spans.reduce((sum, { start, end }) => sum + end - start, 0);
  return [0, 0.5, 0.95].map((share) => {
    let left = share * total;
    for (const { start, end } of spans) {
      if (left < end - start) return Math.floor(start + left);
      left -= end - start;
    }
    return spans.at(-1)?.start ?? 0;
  });
}

/** How much of the range the camera has, and about how many bytes that is. Throws a `Refusal`. */
export async function estimateCamera(
  { camera, recordings }: PastCamera,
  { start, end, stream }: Pick<ExportRequest, 'start' | 'end' | 'stream'>,
  frames: Frames,
  abilities: Abilities,
  viewer: string,
  signal: AbortSignal,
): Promise<CameraEstimate> {
  const cameraId = camera.id;
  if (recordings === undefined) return { cameraId, recordedMs: 0, cannot: 'not-supported' };
  const { recorded } = await ask(signal, (ending) => recordings.spans(cameraId, { start, end }, ending));
  const recordedMs = recorded.reduce((sum, span) => sum + span.end - span.start, 0);
  if (recordedMs === 0) return { cameraId, recordedMs };
  // How large it will be only the VMS could say.
  if (await isMadeByVms(recordings, () => ask(signal, () => abilities.of(camera.vmsId, recordings))))
    return { cameraId, recordedMs, isMadeByVms: true };
  let bytes = 0;
  let ms = 0;
  for (const at of new Set(sampleTimes(recorded))) {
    const wish = { vmsId: camera.vmsId, recordings, cameraId, stream, at, viewer, signal };
    const gop = await frames.gop(wish).catch((cause: unknown) => {
      if (cause instanceof Refusal && cause.code === 'codec-unsupported') return 'unsupported' as const;
      throw cause;
    });
    if (gop === 'unsupported') return { cameraId, recordedMs, cannot: 'codec-unsupported' };
    if (gop === undefined) continue;
    bytes += gop.media.length;
    // Of few pictures, each stands until the next one.
    const { start: from, end: next = from, shownUntil } = gop;
    ms += (isThrough(recorded, from, next) ? Math.max(next, shownUntil) : shownUntil) - from;
  }
  return { cameraId, recordedMs, ...(ms > 0 ? { bytes: Math.ceil((bytes / ms) * recordedMs) } : {}) };
}
