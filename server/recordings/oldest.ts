import type { VmsRecordings } from '#server/vms/recordings.ts';
import { SharedWork } from '#server/vms/shared-work.ts';

/** Retention moves on by the minute at most. */
const freshMs = 60_000;
const mostCameras = 2000;

/**
 * The oldest moment kept of each camera, asked for at most once a minute. Undefined when the VMS does not tell. Rejects with
 * the signal's reason; the asking ends when nobody waits for it any more.
 */
export type Oldest = (
  recordings: VmsRecordings,
  cameraId: string,
  signal: AbortSignal,
) => Promise<{ readonly at: number | undefined; readonly isKnown: boolean }>;

export function createOldest(patienceMs: number): Oldest {
  const answers = new Map<
    string,
    { readonly readAt: number; readonly work: SharedWork<number | undefined> }
  >();
  return async (recordings, cameraId, signal) => {
    let answer = answers.get(cameraId);
    if (answer === undefined || answer.work.isAbandoned || performance.now() - answer.readAt > freshMs) {
      const work = new SharedWork((ending) =>
        recordings.oldest(cameraId, AbortSignal.any([ending, AbortSignal.timeout(patienceMs)])),
      );
      answer = { readAt: performance.now(), work };
      answers.delete(cameraId);
      answers.set(cameraId, answer);
      const first = answers.keys().next();
      if (answers.size > mostCameras && first.done !== true) answers.delete(first.value);
    }
    try {
      return { at: await answer.work.join(signal), isKnown: true };
    } catch {
      signal.throwIfAborted();
      if (answers.get(cameraId) === answer) answers.delete(cameraId);
      return { at: undefined, isKnown: false };
    }
  };
}
