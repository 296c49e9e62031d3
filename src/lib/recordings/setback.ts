import type { PastError } from './past-error.ts';
import { pastErrorOf } from './past-problem.ts';

export interface SetbackOptions {
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly random?: (() => number) | undefined;
}

const retryMs = { first: 1_000, most: 15_000 };
/** So far from a moment without a recording another answer is possible, ms. */
const elsewhereMs = 1_000;
/** Between a failure and asking for another moment, ms: a key that is held down chooses thirty in a second. */
const breathMs = 300;

/** What could not be had last, and when it may be asked for again. */
export class Setback {
  readonly #now: () => number;
  readonly #random: () => number;
  /** `time`: of which moment that was said; `at`: when, monotonic ms. */
  #last: { readonly error: PastError; readonly time: number; readonly at: number } | undefined;
  #count = 0;
  #retryAt = 0;

  constructor({ now, random = Math.random }: SetbackOptions) {
    this.#now = now;
    this.#random = random;
  }

  get error(): PastError | undefined {
    return this.#last?.error;
  }

  /** Whether nothing may be asked for now. */
  get isResting(): boolean {
    return this.#last !== undefined && this.#now() < this.#retryAt;
  }

  /** What was asked for `time` came to nothing. What only a person can change is not asked for again by itself. */
  failed(cause: unknown, time: number): PastError {
    const error = pastErrorOf(cause);
    this.#last = { error, time, at: this.#now() };
    const ceiling = error.isTransient ? Math.min(retryMs.most, retryMs.first * 2 ** this.#count++) : Infinity;
    this.#retryAt = this.#now() + (0.5 + this.#random() / 2) * ceiling;
    return error;
  }

  /** Something came: what failed before says nothing any more. */
  succeeded(): void {
    this.#last = undefined;
    this.#count = 0;
  }

  /** Asked for again at once, as if nothing had failed. */
  forgive(): void {
    this.succeeded();
    this.#retryAt = 0;
  }

  /** Time has come to `time` by itself. True where what failed says nothing about it. */
  cameTo(time: number): boolean {
    const last = this.#last;
    if (last?.error.code !== 'no-recording' || Math.abs(time - last.time) < elsewhereMs) return false;
    this.forgive();
    return true;
  }

  /**
   * Another moment was chosen, by a hand that moves or at once. It is asked for soon, whatever failed for the last one; not
   * at each move of a hand, unless it was only that one moment that was bad. True where it may be asked for now.
   */
  chose(isMoving: boolean): boolean {
    const last = this.#last;
    if (!last || (isMoving && last.error.code !== 'damaged')) return false;
    if (this.#now() - last.at < breathMs) {
      this.#retryAt = Math.min(this.#retryAt, last.at + breathMs);
      return false;
    }
    this.forgive();
    return true;
  }
}
