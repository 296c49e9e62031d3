/** A source clock that is this far from real time has jumped, or was set. */
const jumpMs = 3000;

/**
 * Lays the timestamps of one source after the other on one continuous 90 kHz clock. The source's own distances are kept;
 * where a source begins, or its clock jumps, the distance is the time that really passed. The result never goes back, and
 * is never ahead of the time of arrival: when a source begins with the pictures since its last keyframe, those come
 * together closely, and no viewer takes them for a play of two seconds.
 */
export class Timeline {
  #path: number | undefined;
  #source: number | undefined;
  #arrivalMs = 0;

  /** The next timestamp starts a new source clock. */
  restart(): void {
    this.#source = undefined;
  }

  /**
   * @param timestamp the source's RTP timestamp, 32 bits
   * @param clockRate the source's ticks per second
   * @param arrivalMs monotonic time of arrival
   */
  place(timestamp: number, clockRate: number, arrivalMs: number): number {
    if (this.#path === undefined) {
      this.#path = Math.round(arrivalMs * 90);
    } else if (timestamp !== this.#source) {
      const real = Math.round((arrivalMs - this.#arrivalMs) * 90);
      const told =
        this.#source === undefined
          ? undefined
          : Math.round((((timestamp - this.#source) | 0) * 90_000) / clockRate);
      const step = told === undefined || Math.abs(told - real) > jumpMs * 90 ? real : told;
      this.#path = Math.max(this.#path + 1, Math.min(this.#path + step, Math.round(arrivalMs * 90)));
    } else {
      return this.#path;
    }
    this.#source = timestamp;
    this.#arrivalMs = arrivalMs;
    return this.#path;
  }
}
