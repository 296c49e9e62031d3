/** What was too poor about a main stream: packets lost, or too few pictures because of it. */
export type Burdened = 'loss' | 'slow';

/**
 * A tile whose line did not carry its main stream shows the sub stream, and looks for the main one now and then. All times
 * are monotonic ms. A value.
 */
export interface Relief {
  readonly reason: Burdened;
  /** When to look. */
  readonly tryAt: number;
  /** Looks in a row that failed, or main streams that soon were too poor again. */
  readonly tries: number;
  /** A look that runs: the main stream gets ready behind the sub stream. `cleanSince`: since when it gives clean pictures. */
  readonly look: { readonly since: number; readonly cleanSince: number | undefined } | undefined;
  /** When the main stream was given back; undefined while the tile is relieved. */
  readonly restoredAt: number | undefined;
}

/** What is seen of the main stream that gets ready. */
export interface Seen {
  readonly isShown: boolean;
  /** Packets lost after repair, 0…1; undefined where the way does not tell. */
  readonly lossRatio: number | undefined;
}

/** When to look for the main stream, ms after it was left and after each failed look: as for a better way. */
const lookAfterMs = [30_000, 60_000, 120_000, 300_000] as const;
/** A look has so long to give clean pictures, and these must last so long, ms. */
const [lookMs, cleanMs] = [20_000, 5_000];
const mostLoss = 0.02;
/** Too poor again within this: it was given back too soon. */
const soonMs = 300_000;

const pauseAfter = (tries: number): number =>
  lookAfterMs[Math.min(tries, lookAfterMs.length - 1)] ?? lookAfterMs[0];

/** The main stream is too poor: the tile is relieved of it. */
export function relieved(before: Relief | undefined, reason: Burdened, now: number): Relief {
  const wasTooSoon = before?.restoredAt !== undefined && now - before.restoredAt < soonMs;
  const tries = wasTooSoon ? before.tries + 1 : 0;
  return { reason, tries, tryAt: now + pauseAfter(tries), look: undefined, restoredAt: undefined };
}

/** Whether the main stream is to be had ready now. */
export const isLooking = (relief: Relief, now: number): boolean =>
  relief.look !== undefined || now >= relief.tryAt;

/** One look at the main stream that gets ready. `isGood`: it goes in front. */
export function looked(relief: Relief, seen: Seen, now: number): { relief: Relief; isGood: boolean } {
  const look = relief.look ?? { since: now, cleanSince: undefined };
  const isClean = seen.isShown && (seen.lossRatio ?? 0) <= mostLoss;
  const cleanSince = isClean ? (look.cleanSince ?? now) : undefined;
  if (cleanSince !== undefined && now - cleanSince >= cleanMs)
    return { relief: { ...relief, look: undefined, restoredAt: now }, isGood: true };
  if (now - look.since < lookMs)
    return { relief: { ...relief, look: { since: look.since, cleanSince } }, isGood: false };
  const tries = relief.tries + 1;
  return { relief: { ...relief, tries, tryAt: now + pauseAfter(tries), look: undefined }, isGood: false };
}
