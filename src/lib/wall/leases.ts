import type { ProblemCode } from '#contract/problem.ts';
import type { RenewAnswer, Reservation, ReserveOutcome, Shortage } from '#contract/reservation.ts';
import { StreamError, type StreamErrorCode } from '#lib/media/media-source.ts';
import {
  answered,
  asked,
  heldIds,
  keysOf,
  lacking,
  type LeaseBook,
  missing,
  revised,
  type Wanted,
} from './lease-book.ts';

/** The BFF, as far as reservations go. */
export interface LeaseDesk {
  reserve(wanted: readonly Omit<Wanted, 'key'>[], signal: AbortSignal): Promise<readonly ReserveOutcome[]>;
  renew(ids: readonly string[], signal: AbortSignal): Promise<RenewAnswer>;
  /** Must outlive the page: sent with keepalive. */
  release(ids: readonly string[]): Promise<void>;
}

/** A third of a reservation's life (30 s), so that two renewals may be lost. */
const renewEveryMs = 10_000;
/** The contract's limit for one request. */
const mostAtOnce = 64;

interface Waiting {
  readonly resolve: (reservation: Reservation) => void;
  readonly reject: (reason: Error) => void;
}

/**
 * Holds a wall's reservations: asks for all that is missing in one request, renews them together, asks again for what
 * ended, and lets go of what is not needed. Nothing happens until {@link want}.
 */
export class Leases {
  readonly #desk: LeaseDesk;
  readonly #onEnded: (keys: readonly string[]) => void;
  readonly #life = new AbortController();
  readonly #waiting = new Map<string, Set<Waiting>>();
  #book: LeaseBook = new Map();
  #isAskDue = false;
  #beat: ReturnType<typeof setInterval> | undefined;

  /** `onEnded` hears which pictures lost their reservation while they had one. */
  constructor(desk: LeaseDesk, onEnded: (keys: readonly string[]) => void = () => undefined) {
    this.#desk = desk;
    this.#onEnded = onEnded;
  }

  /** Says everything that is wanted from now on. New wishes are asked for together, as soon as the caller yields. */
  want(wanted: readonly Wanted[]): void {
    if (this.#life.signal.aborted) return;
    const { book, release } = revised(this.#book, wanted);
    this.#book = book;
    this.#letGo(release);
    for (const [key, waiting] of this.#waiting) {
      if (book.has(key)) continue;
      this.#waiting.delete(key);
      for (const { reject } of waiting) reject(new StreamError('reservation-ended', 'No longer wanted'));
    }
    this.#askSoon();
  }

  /**
   * The reservation behind a picture that was wanted, once there is one. A refusal is asked about again. Throws a
   * {@link StreamError} when it is refused or cannot be asked for, and the signal's reason when aborted.
   */
  async take(key: string, signal: AbortSignal): Promise<Reservation> {
    signal.throwIfAborted();
    const lease = this.#book.get(key);
    if (!lease) throw new StreamError('reservation-ended', 'No longer wanted');
    if (lease.status === 'held') return lease.reservation;
    if (lease.status === 'refused') this.#book = lacking(this.#book, [key]);
    const { promise, resolve, reject } = Promise.withResolvers<Reservation>();
    const waiting = { resolve, reject };
    const giveUp = () => reject(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    this.#waiting.set(key, (this.#waiting.get(key) ?? new Set()).add(waiting));
    this.#askSoon();
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
      this.#waiting.get(key)?.delete(waiting);
    }
  }

  /** The reservation behind a picture, if there is one now. */
  held(key: string): Reservation | undefined {
    const lease = this.#book.get(key);
    return lease?.status === 'held' ? lease.reservation : undefined;
  }

  /** The far end no longer knows the reservation of this picture: the next {@link take} gets a new one. */
  lost(key: string): void {
    if (this.#book.get(key)?.status !== 'held') return;
    this.#book = lacking(this.#book, [key]);
    this.#askSoon();
  }

  /** Reservations that the BFF says have ended by force: their pictures must close now, so they are told. */
  ended(ids: readonly string[]): void {
    const keys = keysOf(this.#book, ids);
    if (keys.length === 0) return;
    this.#book = lacking(this.#book, keys);
    this.#onEnded(keys);
    this.#askSoon();
  }

  /** Asks for what is missing and renews what is held, now: the BFF is back, or somebody signed in again. */
  hurry(): void {
    this.#askSoon();
    void this.#renew();
  }

  /** Lets go of everything; the page may be going away. {@link want} takes it up again. */
  leave(): void {
    const ids = heldIds(this.#book);
    this.#book = lacking(this.#book, [...this.#book.keys()]);
    this.#letGo(ids);
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  /** Ends it. Safe to call twice. */
  close(): void {
    if (this.#life.signal.aborted) return;
    this.want([]);
    this.leave();
    this.#life.abort(new DOMException('The wall was closed', 'AbortError'));
  }

  #askSoon(): void {
    if (this.#isAskDue) return;
    this.#isAskDue = true;
    queueMicrotask(() => {
      this.#isAskDue = false;
      void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    const lacking_ = missing(this.#book);
    const wants = lacking_.slice(0, mostAtOnce);
    if (wants.length === 0 || this.#life.signal.aborted) return;
    this.#book = asked(
      this.#book,
      wants.map(({ key }) => key),
    );
    if (lacking_.length > mostAtOnce) this.#askSoon();
    this.#beat ??= setInterval(() => void this.#renew(), renewEveryMs);
    try {
      const outcomes = await this.#desk.reserve(
        wants.map(({ cameraId, stream }) => ({ cameraId, stream })),
        this.#life.signal,
      );
      const { book, release } = answered(this.#book, wants, outcomes);
      this.#book = book;
      this.#letGo(release);
    } catch (cause) {
      if (this.#isClosed()) return;
      // Nobody asks again by himself: each picture's next attempt does, at its own pace.
      const error = new StreamError('unreachable', 'The reservation could not be asked for', { cause });
      this.#settle(wants, (waiting) => waiting.reject(error));
      this.#book = refusedAll(this.#book, wants);
      return;
    }
    this.#settle(wants, (waiting, key) => {
      const lease = this.#book.get(key);
      if (lease?.status === 'held') waiting.resolve(lease.reservation);
      else if (lease?.status === 'refused') waiting.reject(refusal(lease.code, lease.reason, lease.shortage));
    });
  }

  #settle(wants: readonly Wanted[], end: (waiting: Waiting, key: string) => void): void {
    for (const { key } of wants) for (const waiting of [...(this.#waiting.get(key) ?? [])]) end(waiting, key);
  }

  async #renew(): Promise<void> {
    const ids = heldIds(this.#book);
    if (ids.length === 0) return;
    for (let from = 0; from < ids.length; from += mostAtOnce) {
      try {
        const { ended } = await this.#desk.renew(ids.slice(from, from + mostAtOnce), this.#life.signal);
        // Told nobody: a picture may well run on, and its player notices by itself when it does not.
        this.#book = lacking(this.#book, keysOf(this.#book, ended));
        if (ended.length > 0) this.#askSoon();
      } catch {
        // The BFF is away or nobody is signed in. Pictures that run may run on; the next beat renews or learns.
      }
    }
  }

  // A function, because the compiler takes a flag that was false before an await to be false after it.
  #isClosed(): boolean {
    return this.#life.signal.aborted;
  }

  #letGo(ids: readonly string[]): void {
    for (let from = 0; from < ids.length; from += mostAtOnce)
      // What cannot be released now runs out by itself within its 30 s.
      this.#desk.release(ids.slice(from, from + mostAtOnce)).catch(() => undefined);
  }
}

// As if refused, so that only a picture's own next attempt asks again.
function refusedAll(book: LeaseBook, wants: readonly Wanted[]): LeaseBook {
  const outcomes = wants.map(({ cameraId, stream }) => ({
    status: 'refused' as const,
    cameraId,
    stream,
    code: 'internal' as const,
    reason: 'The BFF could not be reached',
  }));
  return answered(book, wants, outcomes).book;
}

/** What a refused reservation means for the picture. */
export function refusal(code: ProblemCode, reason: string, shortage?: Shortage): StreamError {
  return new StreamError(meaning[code] ?? 'overloaded', reason, { shortage });
}

const meaning: Partial<Record<ProblemCode, StreamErrorCode>> = {
  'signed-out': 'signed-out',
  'not-permitted': 'not-permitted',
  'not-found': 'not-permitted',
  // The directory was older than the camera's settings; it comes right with its next reading.
  'no-such-stream': 'camera-offline',
  'codec-unsupported': 'codec-unsupported',
  'b-frames': 'b-frames',
  'camera-offline': 'camera-offline',
  'quota-exceeded': 'quota-exceeded',
  'reservation-ended': 'reservation-ended',
};
