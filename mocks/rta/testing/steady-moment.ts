import { type RecordedCamera, recordedSpans } from '#mocks/site/recordings.ts';

/**
 * A whole second about so long ago, epoch ms, around which a camera that always records does: from ten minutes before to
 * an hour after. Recorders restart in some nights, and tests run at any time.
 */
export function steadyMoment(camera: RecordedCamera, agoMs: number, now = Date.now()): number {
  for (let at = Math.floor((now - agoMs) / 1000) * 1000; ; at -= 3_600_000) {
    const around = { start: at - 600_000, end: Math.min(at + 3_600_000, now - 60_000) };
    const [only] = recordedSpans(camera, around, now);
    if (only?.start === around.start && only.end === around.end) return at;
  }
}
