/**
 * Peer connections that a page may have at once, closed ones that were not collected included, before it plans to begin
 * anew: Chromium refuses the 500th (https://crbug.com/41378764).
 */
export const usualBudget = 400;

/** How it stands with a page. */
export interface PageMoment {
  /** Peer connections that the browser still counts. */
  readonly living: number;
  /** Whether it has refused one. */
  readonly isExhausted: boolean;
  /** For how long nobody has touched mouse, keyboard or screen, ms. */
  readonly idleMs: number;
  /** Whether something is half done: a dialog, a number being typed, tiles being arranged, a look into the past. */
  readonly isBusy: boolean;
  /** Whether the page fills the screen: no page may do that again by itself. */
  readonly isFullScreen: boolean;
  /** Since the page last began anew for this, ms; Infinity when it never did. */
  readonly sinceLastMs: number;
}

/** How quiet it must have been, ms: usually, when the budget is nearly used up, and when nothing new can be connected. */
const [quietMs, pressingMs, exhaustedMs] = [60_000, 10_000, 2_000];
/** Of what is left to the browser's limit, the part from which it presses. */
const pressing = 1.15;
/** Not again sooner than this: whatever uses a page up so fast would use up the next one too. */
const betweenMs = 600_000;

/**
 * Whether the page begins anew now. Planned for a moment in which nobody does anything; the nearer the end, the shorter
 * that moment may be. What is half done is never cut off, and a full screen is kept as long as it can be.
 */
export function isTimeToReload(moment: PageMoment, budget: number = usualBudget): boolean {
  const { living, isExhausted, idleMs, isBusy, sinceLastMs } = moment;
  if (isBusy || sinceLastMs < betweenMs) return false;
  if (isExhausted) return idleMs >= exhaustedMs;
  if (living >= budget * pressing) return idleMs >= pressingMs;
  return living >= budget && idleMs >= quietMs && !moment.isFullScreen;
}
