/** What to do about a fatal fault of the media: decoding, or putting pieces together. */
export type Mending = 'recover' | 'begin-anew' | 'give-up';

/** Faults further apart than this have nothing to do with each other, ms. */
const apartMs = 5000;
/** After this long without a fault everything is forgotten, ms. */
const calmMs = 60_000;

/**
 * The first fault is recovered from in place; another soon after it by a player made anew, at the live edge; a third
 * is not worth a fourth: whoever opened this has other ways. `faults`: moments of earlier ones, oldest first.
 */
export function mendingFor(faults: readonly number[], now: number): Mending {
  const recent = faults.filter((at) => now - at < calmMs);
  const last = recent.at(-1);
  if (last === undefined) return 'recover';
  if (recent.length >= 2) return 'give-up';
  return now - last < apartMs ? 'begin-anew' : 'recover';
}

/** How the picture stands behind the live edge, ms. */
export interface Lag {
  readonly latencyMs: number;
  readonly targetMs: number;
}

/**
 * So much more than the target is too far behind, ms. Less is caught up with by playing faster; a jump throws away what
 * is buffered.
 */
const mostLagMs = 2000;
/** For so long, ms: a moment of it is what catching up is for. */
const lagForMs = 5000;
/** Where a jump did not help for long the next one waits twice as long, up to this, ms: a steady delay is better than stalls. */
const mostPatienceMs = 40_000;

/** How much further behind the picture is than it should be, ms. */
export const lagOf = ({ latencyMs, targetMs }: Lag): number =>
  targetMs > 0 ? Math.max(0, latencyMs - targetMs) : 0;

/** Too far for catching up by playing a little faster. */
export const isFarBehind = (lag: Lag): boolean => lagOf(lag) > mostLagMs;

/**
 * Whether to jump to the live edge: far behind since `since`, for long enough. `since` undefined: not far behind.
 * `jumps`: how many there were without a calm minute between them.
 */
export const shallJump = (since: number | undefined, now: number, jumps = 0): boolean =>
  since !== undefined && now - since >= Math.min(mostPatienceMs, lagForMs * 2 ** jumps);
