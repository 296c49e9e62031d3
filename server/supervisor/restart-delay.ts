/**
 * How long to wait before starting a child again, in ms. `young` counts deaths in a row within ten seconds of a start:
 * none means it had run well, so it comes back at once (a wall is waiting); after that full jitter under a ceiling that
 * doubles up to ten seconds.
 */
export function restartDelay(young: number, random: () => number = Math.random): number {
  if (young === 0) return 0;
  const ceiling = Math.min(10_000, 250 * 2 ** young);
  return Math.round(100 + random() * (ceiling - 100));
}
