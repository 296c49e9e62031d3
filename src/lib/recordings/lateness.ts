/** A picture that is further off is late, ms at 1×, once it has been for a while, ms. */
const late = { offMs: 1_500, forMs: 500 };

/** Whether a picture is late: not for a hiccup. */
export class Lateness {
  #since: number | undefined;

  /**
   * @param offMs how far the picture is from its moment, where it might be nearer; else 0
   * @param speed at which time passes
   * @param now monotonic, ms
   */
  judge(offMs: number, speed: number, now: number): boolean {
    const isOff = offMs > late.offMs * Math.max(1, Math.abs(speed));
    this.#since = isOff ? (this.#since ?? now) : undefined;
    return this.#since !== undefined && now - this.#since >= late.forMs;
  }
}
