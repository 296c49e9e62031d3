import type { Vitals } from '#lib/media/media-source.ts';
import { ratesBetween, type Rates } from './rates.ts';

/** The counters of one session, read now and then. */
export class Meter {
  #last: { readonly vitals: Vitals; readonly at: number } | undefined;
  #rates: Rates = {};

  /** What the last two readings say; nothing before there are two. */
  get rates(): Rates {
    return this.#rates;
  }

  /** Takes in a reading. `at`: monotonic ms. */
  take(vitals: Vitals, at: number): void {
    if (this.#last) this.#rates = ratesBetween(this.#last.vitals, vitals, at - this.#last.at);
    this.#last = { vitals, at };
  }

  /** Another session begins. */
  clear(): void {
    this.#last = undefined;
    this.#rates = {};
  }
}
