import type { ReconnectPolicy } from 'livekit-client';

/** So often, and for so long, a lost connection is tried again before whoever plays it decides. */
const most = { attempts: 6, elapsedMs: 15_000, pauseMs: 4000 } as const;

/**
 * Pause before the next attempt, ms: full jitter under a ceiling that doubles from a quarter of a second. Null when it
 * is to be given up: the player has other ways, and a fresh token.
 */
export function retryDelay(
  { retryCount, elapsedMs }: { readonly retryCount: number; readonly elapsedMs: number },
  random: () => number = Math.random,
): number | null {
  if (retryCount >= most.attempts || elapsedMs >= most.elapsedMs) return null;
  return Math.round(random() * Math.min(most.pauseMs, 250 * 2 ** retryCount));
}

/** What livekit-client goes by. */
export const reconnectPolicy: ReconnectPolicy = { nextRetryDelayInMs: (context) => retryDelay(context) };
