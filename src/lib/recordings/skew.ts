/** How many samples are looked back at: ten seconds of sixty pictures a second. */
const most = 600;

/** How far apart pictures that should be of one moment have been lately. */
export class Skew {
  #samples: number[] = [];
  #at = 0;

  /** `lags`: how much older than the moment each picture is, ms. Fewer than two say nothing. */
  saw(lags: readonly number[]): void {
    if (lags.length < 2) return;
    this.#samples[this.#at] = Math.max(...lags) - Math.min(...lags);
    this.#at = (this.#at + 1) % most;
  }

  /** What 95 of 100 samples did not exceed, ms; undefined before there are twenty. */
  get p95(): number | undefined {
    if (this.#samples.length < 20) return undefined;
    const sorted = [...this.#samples].sort((a, b) => a - b);
    return sorted[Math.ceil(sorted.length * 0.95) - 1];
  }

  clear(): void {
    this.#samples = [];
    this.#at = 0;
  }
}
