/** How old the last picture may get, in ms of its age, before a tile says so. */
export interface Limits {
  readonly delayedMs: number;
  readonly stalledMs: number;
  readonly reconnectMs: number;
}

/**
 * Delayed at 1 s, stalled by 3 s, reconnecting by 5 s. The last two stand a little earlier, because ages are judged
 * four times a second (pulse.ts), so that "by" holds with a tick to spare.
 */
const usual: Limits = { delayedMs: 1000, stalledMs: 2700, reconnectMs: 4700 };

/**
 * The limits for a camera that sends a picture every `intervalMs`: the usual ones, stretched for cameras so slow that
 * an old picture is nothing unusual (below about three pictures a second). Undefined: not known yet.
 */
export function limitsFor(intervalMs: number | undefined): Limits {
  if (intervalMs === undefined) return usual;
  return {
    delayedMs: Math.max(usual.delayedMs, 2.5 * intervalMs),
    stalledMs: Math.max(usual.stalledMs, 4 * intervalMs),
    reconnectMs: Math.max(usual.reconnectMs, 6 * intervalMs),
  };
}
