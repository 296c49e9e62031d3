/** Why nobody can see a tile: the page is hidden, another tile fills the wall, or it is scrolled away. */
export type Unseen = 'hidden' | 'covered' | 'scrolled';

/** How it stands with the sight of one tile. */
export interface Sight {
  readonly key: string;
  /** Undefined while it can be seen. */
  readonly unseen: Unseen | undefined;
  /** Since when it is so, monotonic ms. */
  readonly since: number;
  /** Why it was asleep already when that began. */
  readonly slept?: Unseen;
}

/**
 * For how long a tile that nobody can see goes on, ms: so long that scrolling past, a look at one tile or at another
 * window costs no picture. After that it would take decoders, network and quota from those that are seen.
 */
export const graceMs: Readonly<Record<Unseen, number>> = {
  scrolled: 5_000,
  hidden: 10_000,
  covered: 15_000,
};

/** Which tiles are to be suspended, and when to look again. */
export interface Asleep {
  readonly asleep: ReadonlyMap<string, Unseen>;
  readonly nextAt: number | undefined;
}

/** Suspends what was out of sight for longer than its grace, and leaves asleep what is unseen for another reason now. */
export function asleep(sights: readonly Sight[], now: number): Asleep {
  const sleeping = new Map<string, Unseen>();
  let nextAt: number | undefined;
  for (const sight of sights) {
    const cause = sleepOf(sight, now);
    if (cause !== undefined) sleeping.set(sight.key, cause);
    if (sight.unseen === undefined || cause === sight.unseen) continue;
    nextAt = Math.min(nextAt ?? Infinity, sight.since + graceMs[sight.unseen]);
  }
  return { asleep: sleeping, nextAt };
}

/** Why a tile is asleep; undefined while it is not. A glance at another window costs one that slept no reservation. */
function sleepOf({ unseen, since, slept }: Sight, now: number): Unseen | undefined {
  if (unseen === undefined || since + graceMs[unseen] <= now) return unseen;
  if (slept === undefined) return undefined;
  return unseen === 'hidden' ? slept : unseen;
}

/**
 * Whether a tile that is suspended for that reason keeps its reservation. On a page that somebody looks at it does: the
 * wall is in use, and a glance back must not find that somebody else has taken the stream. A hidden page uses none:
 * others may, and Chromium slows a hidden page's timers down so much that reservations would run out anyway.
 */
export function keepsReservation(unseen: Unseen): boolean {
  return unseen !== 'hidden';
}

/** What is seen now, with when that began: kept where nothing has changed since `before`. */
export function sightsAfter(
  before: readonly Sight[],
  tiles: readonly { readonly key: string; readonly unseen: Unseen | undefined }[],
  now: number,
): Sight[] {
  const known = new Map(before.map((sight) => [sight.key, sight]));
  return tiles.map(({ key, unseen }) => {
    const sight = known.get(key);
    if (sight && sight.unseen === unseen) return sight;
    const slept = sight && unseen && sleepOf(sight, now);
    return { key, unseen, since: now, ...(slept ? { slept } : {}) };
  });
}
