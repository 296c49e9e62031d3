import type { StreamName } from '#contract/camera.ts';
import type { ProblemCode } from '#contract/problem.ts';
import type { Reservation, ReserveOutcome, Shortage } from '#contract/reservation.ts';

/** One stream that a picture on the wall needs a reservation for. */
export interface Wanted {
  /** Names the picture; the same camera twice on a wall is two pictures. */
  readonly key: string;
  readonly cameraId: string;
  readonly stream: StreamName;
}

/** How it stands with one reservation. */
export type Lease = Wanted &
  (
    | { readonly status: 'missing' | 'asked' }
    | { readonly status: 'held'; readonly reservation: Reservation }
    | {
        readonly status: 'refused';
        readonly code: ProblemCode;
        readonly reason: string;
        readonly shortage?: Shortage | undefined;
      }
  );

/** Every reservation of a wall by picture. A value: each function below gives a new one. */
export type LeaseBook = ReadonlyMap<string, Lease>;

/** What the wall needs changed: entries that are no longer wanted are gone, new ones are missing. */
export interface Revised {
  readonly book: LeaseBook;
  /** Held so far and no longer needed. */
  readonly release: readonly string[];
}

/**
 * Makes the book hold exactly what is wanted now. A picture that wants another stream starts anew; where another
 * picture holds that stream, or has just stopped needing it, it shares or takes over the reservation: a page has one of
 * each stream, and a release that overtakes the next request would end what that was given.
 */
export function revised(book: LeaseBook, wanted: readonly Wanted[]): Revised {
  const next = new Map<string, Lease>();
  for (const want of wanted) {
    const lease = book.get(want.key);
    if (lease?.cameraId === want.cameraId && lease.stream === want.stream) next.set(want.key, lease);
    else {
      const reservation = reservationFor(book, want);
      next.set(
        want.key,
        reservation ? { ...want, status: 'held', reservation } : { ...want, status: 'missing' },
      );
    }
  }
  return { book: next, release: notIn(next, heldIds(book)) };
}

function reservationFor(book: LeaseBook, { cameraId, stream }: Wanted): Reservation | undefined {
  for (const lease of book.values())
    if (lease.status === 'held' && lease.cameraId === cameraId && lease.stream === stream)
      return lease.reservation;
  return undefined;
}

/** Those that no picture holds. The same camera twice on a wall is two pictures and one reservation. */
function notIn(book: LeaseBook, ids: readonly string[]): string[] {
  const held = new Set(heldIds(book));
  return [...new Set(ids)].filter((id) => !held.has(id));
}

/** What has to be asked for: everything that is missing, in the order of the wall. */
export function missing(book: LeaseBook): readonly Lease[] {
  return [...book.values()].filter((lease) => lease.status === 'missing');
}

/** Marks entries as asked for, so that the next look does not ask again. */
export function asked(book: LeaseBook, keys: readonly string[]): LeaseBook {
  return changed(book, keys, (lease) => ({ ...wantOf(lease), status: 'asked' }));
}

/** Marks entries as missing: they ended, their request failed, or somebody wants a refusal looked at again. */
export function lacking(book: LeaseBook, keys: readonly string[]): LeaseBook {
  return changed(book, keys, (lease) => ({ ...wantOf(lease), status: 'missing' }));
}

/** What a request brought. */
export interface Answered {
  readonly book: LeaseBook;
  /** Reserved for pictures that nobody wants any more since the request left. */
  readonly release: readonly string[];
}

/** Enters the answers to a request for `wants`, outcome by outcome in its order. */
export function answered(
  book: LeaseBook,
  wants: readonly Wanted[],
  outcomes: readonly ReserveOutcome[],
): Answered {
  const next = new Map(book);
  const release: string[] = [];
  wants.forEach((want, index) => {
    const outcome = outcomes[index];
    const lease = book.get(want.key);
    const isWanted =
      lease?.status === 'asked' && lease.cameraId === want.cameraId && lease.stream === want.stream;
    if (outcome?.status === 'reserved') {
      if (isWanted) next.set(want.key, { ...wantOf(want), status: 'held', reservation: outcome.reservation });
      else release.push(outcome.reservation.id);
    } else if (isWanted) {
      const { code, reason, shortage } = outcome ?? noAnswer;
      next.set(want.key, { ...wantOf(want), status: 'refused', code, reason, shortage });
    }
  });
  return { book: next, release: notIn(next, release) };
}

const noAnswer = { code: 'internal', reason: 'No answer for this camera', shortage: undefined } as const;

/** Ids of everything that is held, each once: what has to be renewed, or released on leaving. */
export function heldIds(book: LeaseBook): string[] {
  return [
    ...new Set(
      [...book.values()].flatMap((lease) => (lease.status === 'held' ? [lease.reservation.id] : [])),
    ),
  ];
}

/** The pictures whose reservations are among `ids`. */
export function keysOf(book: LeaseBook, ids: readonly string[]): string[] {
  const gone = new Set(ids);
  return [...book.values()].flatMap((lease) =>
    lease.status === 'held' && gone.has(lease.reservation.id) ? [lease.key] : [],
  );
}

function wantOf({ key, cameraId, stream }: Wanted): Wanted {
  return { key, cameraId, stream };
}

function changed(book: LeaseBook, keys: readonly string[], change: (lease: Lease) => Lease): LeaseBook {
  const next = new Map(book);
  for (const key of keys) {
    const lease = book.get(key);
    if (lease) next.set(key, change(lease));
  }
  return next;
}
