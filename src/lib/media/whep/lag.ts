/** Ticks of a video clock in a millisecond (RFC 6184 §8.2.1). */
const ticksPerMs = 90;
/** Clocks of cameras go wrong by this much at the worst, ms a second: so fast may the usual delay grow. */
const driftMsPerS = 0.2;
/** More than this is no delay: the clock was set. */
const mostMs = 60_000;

/**
 * How far behind the pictures of one reception are, by their own clock. A picture that is shown now and was stamped five
 * seconds earlier than the freshest one ever was is five seconds late, however smoothly pictures move: on a line that is too
 * narrow they queue up. Only differences count, so nobody's clock has to be right.
 */
export class LagGauge {
  #stamp: number | undefined;
  /** Ticks since the first picture. */
  #ticks = 0;
  /** The least that the clock of the screen was ahead of the pictures', ms; grows as clocks drift apart. */
  #least: number | undefined;
  #at = 0;
  #lagMs = 0;

  /** A picture is on the screen. `rtpTimestamp`: 32 bits, ticks of 90 kHz; `now`: monotonic ms. */
  take(rtpTimestamp: number, now: number): void {
    if (this.#stamp !== undefined) this.#ticks += (rtpTimestamp - this.#stamp) | 0;
    this.#stamp = rtpTimestamp;
    const ahead = now - this.#ticks / ticksPerMs;
    const usual = this.#least === undefined ? ahead : this.#least + ((now - this.#at) / 1000) * driftMsPerS;
    this.#at = now;
    const isSet = ahead - usual > mostMs;
    this.#least = isSet ? ahead : Math.min(usual, ahead);
    this.#lagMs = ahead - this.#least;
  }

  /** How much later than usual the last picture was shown, ms. */
  get lagMs(): number {
    return Math.round(this.#lagMs);
  }

  /** What is usual changes: somebody has chosen to buffer more or less. */
  reset(): void {
    this.#least = undefined;
    this.#lagMs = 0;
  }
}
