/** Ticks of a video clock in a millisecond (RFC 6184 §8.2.1). */
const ticksPerMs = 90;
/** Clocks of cameras go wrong by this much at the worst, ms a second: so fast may the usual delay grow. */
const driftMsPerS = 0.2;
/** More than this is no delay: the clock was set. */
const mostMs = 60_000;
/** Later than this is late, ms, … */
const lateMs = 500;
/** … unless it passes within so long, ms: pictures that are caught up with. Nothing passes after a gap as long as that. */
const passesMs = 400;

/**
 * How far behind the pictures of one reception are. A picture that is shown now and was taken five seconds earlier than the
 * freshest one ever was is five seconds late, however smoothly pictures move: on a line that is too narrow they queue up.
 * When it was taken says the sender, or else the picture's own stamp. Only differences count, so nobody's clock has to be
 * right.
 */
export class LagGauge {
  #stamp: number | undefined;
  /** Ticks since the first picture. */
  #ticks = 0;
  /** The least that the clock of the screen was ahead of the pictures', ms; grows as clocks drift apart. */
  #least: number | undefined;
  #at = 0;
  #lagMs = 0;
  #shownAt: number | undefined;
  #lateSince: number | undefined;
  #takenAt: number | undefined;

  /** The sender's clock showed `clockMs`, epoch ms, when it wrote what has come at `now`: no picture comes sooner. */
  heard(clockMs: number, now: number): void {
    this.#least = now - clockMs;
    this.#at = now;
  }

  /**
   * A picture is on the screen. `rtpTimestamp`: 32 bits, ticks of 90 kHz; `now`: monotonic ms; `takenAt`: by the sender's
   * clock, epoch ms, where it says.
   */
  take(rtpTimestamp: number, now: number, takenAt?: number): void {
    if (this.#stamp !== undefined) this.#ticks += (rtpTimestamp - this.#stamp) | 0;
    this.#stamp = rtpTimestamp;
    this.#takenAt = takenAt;
    const gapMs = now - (this.#shownAt ?? now);
    this.#shownAt = now;
    const ahead = now - (takenAt ?? this.#ticks / ticksPerMs);
    const usual = this.#least === undefined ? ahead : this.#least + ((now - this.#at) / 1000) * driftMsPerS;
    this.#at = now;
    const isSet = ahead - usual > mostMs;
    this.#least = isSet ? ahead : Math.min(usual, ahead);
    this.#lagMs = ahead - this.#least;
    if (this.#lagMs <= lateMs) this.#lateSince = undefined;
    else this.#lateSince ??= gapMs > passesMs ? -Infinity : now;
  }

  /** How much later than usual the last picture was shown, ms, as it can be told at `now`. */
  lagAt(now: number): number {
    const mayPass = this.#lateSince !== undefined && now - this.#lateSince < passesMs;
    return Math.round(mayPass ? lateMs : this.#lagMs);
  }

  /** When the last picture was taken, epoch ms by the sender's clock; undefined where it does not say. */
  get takenAt(): number | undefined {
    return this.#takenAt;
  }

  /** What is usual changes: somebody has chosen to buffer more or less. What the sender says stays as it is. */
  reset(): void {
    if (this.#takenAt !== undefined) return;
    this.#least = undefined;
    this.#lateSince = undefined;
    this.#lagMs = 0;
  }
}
