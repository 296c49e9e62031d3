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

/** More than this many times the target is too far behind. */
const mostTargets = 3;
/** For so long, ms: a moment of it is what catching up is for. */
const lagForMs = 10_000;

/** Whether to jump to the live edge: far behind since `since`, for long enough. `since` undefined: not far behind. */
export function isFarBehind({ latencyMs, targetMs }: Lag): boolean {
  return targetMs > 0 && latencyMs > mostTargets * targetMs;
}

export const shallJump = (since: number | undefined, now: number): boolean =>
  since !== undefined && now - since >= lagForMs;
