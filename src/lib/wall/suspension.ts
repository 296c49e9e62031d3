/** Why nobody can see a tile: the page is hidden, another tile fills the wall, or it is scrolled away. */
export type Unseen = 'hidden' | 'covered' | 'scrolled';

/** How it stands with the sight of one tile. */
export interface Sight {
  readonly key: string;
  /** Undefined while it can be seen. */
  readonly unseen: Unseen | undefined;
  /** Since when it is so, monotonic ms. */
  readonly since: number;
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

/** Suspends what was out of sight for longer than its grace. */
export function asleep(sights: readonly Sight[], now: number): Asleep {
  const sleeping = new Map<string, Unseen>();
  let nextAt: number | undefined;
  for (const { key, unseen, since } of sights) {
    if (unseen === undefined) continue;
    const dueAt = since + graceMs[unseen];
    if (dueAt <= now) sleeping.set(key, unseen);
    else nextAt = Math.min(nextAt ?? Infinity, dueAt);
  }
  return { asleep: sleeping, nextAt };
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
    return { key, unseen, since: now };
  });
}
