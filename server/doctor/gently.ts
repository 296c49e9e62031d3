import { setTimeout as sleep } from 'node:timers/promises';
import { VmsError } from '#server/vms/vms.ts';

/** How to wait so many ms; rejects with the signal's reason. */
export type Rest = (ms: number, signal: AbortSignal) => Promise<void>;

/** The longest that a system may want to be left alone, ms. One that wants more is told of instead. */
export const longestRestMs = 75_000;
/** Timers may be a little early, and so may the system's minute be late, ms. */
const slackMs = 250;

/** Asks, and once more where a VMS says that it was asked too often, after as long as it wants. */
export async function askedGently<T>(
  ask: () => Promise<T>,
  signal: AbortSignal,
  rest: Rest = (ms, ending) => sleep(ms, undefined, { signal: ending }),
): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (!(cause instanceof VmsError) || cause.retryAfterMs === undefined) throw cause;
    if (cause.retryAfterMs > longestRestMs) throw cause;
    await rest(cause.retryAfterMs + slackMs, signal);
    return await ask();
  }
}
