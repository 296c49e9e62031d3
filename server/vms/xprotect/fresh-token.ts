import { VmsError } from '#server/vms/vms.ts';
import { abortable } from './abortable.ts';

/** A token as it was given out. */
export interface GrantedToken {
  readonly value: string;
  /** How long it lives from now on, ms. */
  readonly lifeMs: number;
}

export interface HeldToken {
  readonly value: string;
  /** When it dies, on the monotonic clock (`performance.now()`). */
  readonly diesAt: number;
}

/** A refusal is not put to the test again for so long, ms: guessing on would lock the account. */
const refusalMs = 60_000;
/** Renewed this long before the end, ms, but never before three quarters of the life have passed. */
const earlyMs = 600_000;
/** Whoever could have the token that is held waits no longer than this for a fresh one, ms. */
const graceMs = 500;
/** A renewal that failed is tried again after at most so long, ms, at first sooner. */
const longestPauseMs = 30_000;
const shortestPauseMs = 1000;

/** A renewal under way. */
interface Flight {
  readonly work: Promise<HeldToken>;
  /** Resolves when it has taken longer than those should wait who can do without it. */
  readonly isLate: Promise<undefined>;
}

/**
 * Keeps one token fresh. Renewal happens once for all who wait, early enough that nobody gets a dying token; while it
 * fails or takes its time, a token that still lives is given out, and it is tried again now and then. `obtain` gets the
 * token being renewed, if there is one.
 */
export class FreshToken {
  readonly #obtain: (previous: string | undefined, signal: AbortSignal) => Promise<GrantedToken>;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #closed = new AbortController();
  #held: (HeldToken & { readonly renewAt: number }) | undefined;
  #flight: Flight | undefined;
  #failures = 0;
  #retryAt = -Infinity;
  #refusal: { readonly error: VmsError; readonly until: number } | undefined;

  constructor(
    obtain: (previous: string | undefined, signal: AbortSignal) => Promise<GrantedToken>,
    {
      now = () => performance.now(),
      random = Math.random,
    }: { now?: () => number; random?: () => number } = {},
  ) {
    this.#obtain = obtain;
    this.#now = now;
    this.#random = random;
  }

  /** The token, if one is held, whatever its age. */
  get held(): HeldToken | undefined {
    return this.#held;
  }

  /** A token that lives. Throws what `obtain` throws, or the signal's reason. */
  async get(signal: AbortSignal): Promise<HeldToken> {
    signal.throwIfAborted();
    const held = this.#held;
    if (held === undefined || this.#now() >= held.diesAt) return abortable(this.#renew().work, signal);
    if (this.#now() < held.renewAt) return held;
    if (this.#flight === undefined && this.#now() < this.#retryAt) return held;
    const { work, isLate } = this.#renew();
    try {
      return (await abortable(Promise.race([work, isLate]), signal)) ?? held;
    } catch (error) {
      signal.throwIfAborted();
      if (held === this.#held && this.#now() < held.diesAt) return held;
      throw error;
    }
  }

  /** The far end did not accept this token: never give it out again. */
  invalidate(value: string): void {
    if (this.#held?.value === value) this.#held = undefined;
  }

  close(): void {
    this.#closed.abort();
  }

  #renew(): Flight {
    if (this.#refusal !== undefined && this.#now() < this.#refusal.until) {
      const work = Promise.reject<HeldToken>(this.#refusal.error);
      return { work, isLate: late(work) };
    }
    if (this.#flight === undefined) {
      const work = this.#fetch().finally(() => {
        this.#flight = undefined;
      });
      this.#flight = { work, isLate: late(work) };
    }
    return this.#flight;
  }

  async #fetch(): Promise<HeldToken> {
    const asked = this.#now();
    try {
      const { value, lifeMs } = await this.#obtain(this.#held?.value, this.#closed.signal);
      // Counted from the question: the answer may have been long under way.
      const diesAt = asked + lifeMs;
      this.#refusal = undefined;
      this.#failures = 0;
      this.#retryAt = -Infinity;
      this.#held = { value, diesAt, renewAt: diesAt - Math.min(earlyMs, lifeMs / 4) };
      return this.#held;
    } catch (error) {
      const pauseMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** this.#failures++);
      this.#retryAt = this.#now() + pauseMs * (0.5 + this.#random() / 2);
      if (error instanceof VmsError && error.code === 'refused')
        this.#refusal = { error, until: this.#now() + refusalMs };
      throw error;
    }
  }
}

/** Resolves when `work` is not done after a while. */
function late(work: Promise<unknown>): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, graceMs, undefined);
  timer.unref();
  const forget = (): void => clearTimeout(timer);
  work.then(forget, forget);
  return promise;
}
