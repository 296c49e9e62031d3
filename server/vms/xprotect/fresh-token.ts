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

/**
 * Keeps one token fresh. Renewal happens once for all who wait, early enough that nobody gets a dying token; while it
 * fails, a token that still lives is given out. `obtain` gets the token being renewed, if there is one.
 */
export class FreshToken {
  readonly #obtain: (previous: string | undefined, signal: AbortSignal) => Promise<GrantedToken>;
  readonly #now: () => number;
  readonly #closed = new AbortController();
  #held: (HeldToken & { readonly renewAt: number }) | undefined;
  #flight: Promise<HeldToken> | undefined;
  #refusal: { readonly error: VmsError; readonly until: number } | undefined;

  constructor(
    obtain: (previous: string | undefined, signal: AbortSignal) => Promise<GrantedToken>,
    now: () => number = () => performance.now(),
  ) {
    this.#obtain = obtain;
    this.#now = now;
  }

  /** The token, if one is held, whatever its age. */
  get held(): HeldToken | undefined {
    return this.#held;
  }

  /** A token that lives. Throws what `obtain` throws, or the signal's reason. */
  async get(signal: AbortSignal): Promise<HeldToken> {
    signal.throwIfAborted();
    const held = this.#held;
    if (held !== undefined && this.#now() < held.renewAt) return held;
    try {
      return await abortable(this.#renew(), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (held !== undefined && held === this.#held && this.#now() < held.diesAt) return held;
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

  #renew(): Promise<HeldToken> {
    if (this.#refusal !== undefined && this.#now() < this.#refusal.until)
      return Promise.reject(this.#refusal.error);
    this.#flight ??= this.#fetch().finally(() => {
      this.#flight = undefined;
    });
    return this.#flight;
  }

  async #fetch(): Promise<HeldToken> {
    const asked = this.#now();
    try {
      const { value, lifeMs } = await this.#obtain(this.#held?.value, this.#closed.signal);
      // Counted from the question: the answer may have been long under way.
      const diesAt = asked + lifeMs;
      this.#refusal = undefined;
      this.#held = { value, diesAt, renewAt: diesAt - Math.min(earlyMs, lifeMs / 4) };
      return this.#held;
    } catch (error) {
      if (error instanceof VmsError && error.code === 'refused')
        this.#refusal = { error, until: this.#now() + refusalMs };
      throw error;
    }
  }
}
