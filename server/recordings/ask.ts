import { vmsRefusal } from '#server/cameras/routes.ts';
import { Refusal } from '#server/http/refusal.ts';
import { VmsError } from '#server/vms/vms.ts';

/** What the VMS has to answer within; frames come piece by piece, each with this much patience. */
export const patienceMs = 10_000;

/**
 * A question to the VMS for one request: ends with the request or when patience is over, and fails with a
 * {@link Refusal} that the browser may know.
 */
export async function ask<T>(
  signal: AbortSignal,
  question: (signal: AbortSignal) => Promise<T>,
  forMs: number = patienceMs,
): Promise<T> {
  try {
    return await question(AbortSignal.any([signal, AbortSignal.timeout(forMs)]));
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Refusal) throw cause;
    if (cause instanceof VmsError) throw vmsRefusal(cause);
    // Our own time limit: as good as no answer.
    if (cause instanceof DOMException) throw new Refusal('vms-unavailable', { retryAfterS: 5, cause });
    throw cause;
  }
}
