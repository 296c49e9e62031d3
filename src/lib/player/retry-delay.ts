/** Ceilings in ms after the first, second, … failed attempt in a row; the last one stays. */
const ceilings = [300, 1000, 2000, 5000, 10_000, 15_000, 30_000] as const;

/** Spread put on top of a time the far end named, so that a wall does not come back as one. */
const spreadMs = 500;

/**
 * How long to wait, in ms, after `failures` attempts in a row have failed. Full jitter: somewhere between nothing and
 * a ceiling that grows to 30 s. A time that the far end named is obeyed: never earlier, a little later.
 */
export function retryDelay(failures: number, retryAfterMs: number | undefined, random: () => number): number {
  if (retryAfterMs !== undefined) return Math.round(retryAfterMs + random() * spreadMs);
  const ceiling = ceilings[Math.min(Math.max(failures, 1), ceilings.length) - 1] ?? 30_000;
  return Math.round(random() * ceiling);
}
