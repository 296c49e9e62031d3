import { LiveKitError } from './error.ts';

/** So many failures in a row open it. */
const mostFailures = 3;
const firstPauseMs = 1000;
const longestPauseMs = 30_000;

export interface BreakerOptions {
  /** Monotonic ms. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/**
 * Spares a server that is down, and those who would wait for it: while it is open, calls fail at once. After a pause
 * with full jitter, longer each time, one call is let through; its success closes it.
 */
export class Breaker {
  readonly #now: () => number;
  readonly #random: () => number;
  #failures = 0;
  #openings = 0;
  #openUntil: number | undefined;
  #isTrying = false;

  constructor({ now = () => performance.now(), random = Math.random }: BreakerOptions = {}) {
    this.#now = now;
    this.#random = random;
  }

  /** Whether calls are held back: the last ones failed, and none has succeeded since. */
  get isOpen(): boolean {
    return this.#openUntil !== undefined;
  }

  /** Whether the pause is over and one call may try. */
  get isDue(): boolean {
    return this.#openUntil !== undefined && !this.#isTrying && this.#now() >= this.#openUntil;
  }

  /** Does the work, unless open. Throws what it throws, and `unavailable` when it was not done. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const isTrial = this.isOpen;
    if (isTrial && !this.isDue) throw new LiveKitError('unavailable');
    this.#isTrying = isTrial;
    try {
      const result = await work();
      this.#close();
      return result;
    } catch (error) {
      if (error instanceof LiveKitError && error.isOutage) this.#fail();
      // It answered: whatever it said, it is there.
      else if (error instanceof LiveKitError) this.#close();
      throw error;
    } finally {
      if (isTrial) this.#isTrying = false;
    }
  }

  #close(): void {
    this.#failures = 0;
    this.#openings = 0;
    this.#openUntil = undefined;
  }

  #fail(): void {
    this.#failures += 1;
    if (this.#failures < mostFailures && this.#openUntil === undefined) return;
    // Calls that were under way when it opened do not prolong the pause.
    if (this.#openUntil !== undefined && this.#now() < this.#openUntil) return;
    const ceiling = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#openings, 16));
    this.#openings += 1;
    this.#openUntil = this.#now() + 200 + this.#random() * (ceiling - 200);
  }
}
