import type { VmsRecordings } from '#server/vms/recordings.ts';

/** Retention moves on by the minute at most. */
const freshMs = 60_000;
const mostCameras = 2000;

/** The oldest moment kept of each camera, asked for at most once a minute. Undefined when the VMS does not tell. */
export type Oldest = (
  recordings: VmsRecordings,
  cameraId: string,
) => Promise<{ readonly at: number | undefined; readonly isKnown: boolean }>;

export function createOldest(patienceMs: number): Oldest {
  const answers = new Map<string, { readonly readAt: number; readonly at: Promise<number | undefined> }>();
  return async (recordings, cameraId) => {
    let answer = answers.get(cameraId);
    if (answer === undefined || performance.now() - answer.readAt > freshMs) {
      const at = recordings.oldest(cameraId, AbortSignal.timeout(patienceMs));
      answer = { readAt: performance.now(), at };
      answers.delete(cameraId);
      answers.set(cameraId, answer);
      const first = answers.keys().next();
      if (answers.size > mostCameras && first.done !== true) answers.delete(first.value);
    }
    try {
      return { at: await answer.at, isKnown: true };
    } catch {
      if (answers.get(cameraId) === answer) answers.delete(cameraId);
      return { at: undefined, isKnown: false };
    }
  };
}
