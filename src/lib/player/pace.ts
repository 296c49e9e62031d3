/** How many intervals the usual one is taken from. Odd: the median is one of them. */
const remembered = 9;
/** Fewer than these say nothing: a session begins with a burst. */
const fewest = 3;
/** Pictures that come this many times slower than the camera sends at its best are missing, not meant. */
const slowest = 2;

/**
 * How often pictures come to one tile, over all its sessions: a camera so slow that a session is given up before it has
 * shown three pictures would never be known to be slow.
 */
export class Pace {
  readonly #told: number | undefined;
  readonly #intervals: number[] = [];

  /** `framesPerSecond`: what the VMS says of the stream; believed until pictures say better. */
  constructor(framesPerSecond?: number) {
    this.#told = framesPerSecond === undefined ? undefined : 1000 / framesPerSecond;
  }

  /** Takes the time between two pictures of one session, ms. */
  take(intervalMs: number): void {
    this.#intervals.push(intervalMs);
    if (this.#intervals.length > remembered) this.#intervals.shift();
  }

  /** Pictures come by a way that has a pace of its own. */
  clear(): void {
    this.#intervals.length = 0;
  }

  /** What is usual between two pictures of this camera, ms; undefined while nobody knows. `best`: pictures a second of late. */
  usualMs(best: number | undefined): number | undefined {
    const median = this.#median ?? this.#told;
    if (median === undefined || !best) return median;
    return Math.min(median, (slowest * 1000) / best);
  }

  /** Of single pictures, whose pace is the server's. */
  get singleMs(): number | undefined {
    return this.#median;
  }

  get #median(): number | undefined {
    const { length } = this.#intervals;
    if (length < fewest) return undefined;
    return this.#intervals.toSorted((a, b) => a - b)[Math.floor((length - 1) / 2)];
  }
}
