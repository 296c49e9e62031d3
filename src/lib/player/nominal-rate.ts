/** Readings whose median counts: a session begins with a burst, and so goes on after a stall. */
const counted = 5;
const minuteMs = 60_000;
/** For so many minutes the best rate counts as what the camera sends: at dusk many send less, and mean it. */
const minutes = 10;

/**
 * What pictures a second a camera sends, learnt from what came: the best median of five seconds within the last ten
 * minutes. What a VMS says of it is often the setting of another profile.
 */
export class NominalRate {
  readonly #last: number[] = [];
  /** The best of each minute, oldest first. */
  readonly #best: { readonly minute: number; rate: number }[] = [];

  /** Takes a reading of a second. `at`: monotonic ms. */
  take(framesPerSecond: number, at: number): void {
    this.#last.push(framesPerSecond);
    if (this.#last.length > counted) this.#last.shift();
    if (this.#last.length < counted) return;
    const rate = this.#last.toSorted((a, b) => a - b)[(counted - 1) / 2] ?? 0;
    const minute = Math.floor(at / minuteMs);
    const newest = this.#best.at(-1);
    if (newest?.minute === minute) newest.rate = Math.max(newest.rate, rate);
    else this.#best.push({ minute, rate });
    while (this.#best[0] && this.#best[0].minute <= minute - minutes) this.#best.shift();
  }

  /** Undefined before five readings. */
  get framesPerSecond(): number | undefined {
    return this.#best.length === 0 ? undefined : Math.max(...this.#best.map(({ rate }) => rate));
  }
}
