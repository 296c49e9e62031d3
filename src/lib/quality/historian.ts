import type { TileQuality } from '#contract/quality.ts';
import type { CameraStretch } from './history-store.ts';
import { Tally, type WatchedTile } from './tally.ts';

/** What a historian needs. */
export interface HistorianParts {
  /** What is on the page now. */
  readonly tiles: () => readonly WatchedTile[];
  /** Keeps what is written down. */
  readonly store: { add(stretches: readonly CameraStretch[]): Promise<void> };
  /** For tests. */
  readonly now?: () => number;
}

/** A stretch is so long, ms. */
const everyMs = 10_000;

/** Writes down every ten seconds how this page's tiles were to watch: all of them at once. */
export class Historian {
  readonly #parts: HistorianParts;
  readonly #tally = new Tally();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(parts: HistorianParts) {
    this.#parts = parts;
    this.#wait();
  }

  /** Ends it; the last seconds are not written down. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#write(), everyMs);
  }

  async #write(): Promise<void> {
    const { tiles, store, now = Date.now } = this.#parts;
    await store.add(stretchesOf(this.#tally.take(tiles()), now()));
    this.#wait();
  }
}

/** What is kept of the tiles, one of each camera: of two tiles with the same one, that which was worse. Pure. */
export function stretchesOf(tiles: readonly TileQuality[], at: number): readonly CameraStretch[] {
  const worstFirst = tiles.toSorted((a, b) => a.score - b.score);
  const kept = worstFirst.filter(
    ({ cameraId }, index) => worstFirst.findIndex((other) => other.cameraId === cameraId) === index,
  );
  return kept.map(({ cameraId, seconds, score, worst, factor, liveShare }) => ({
    at,
    cameraId,
    seconds,
    score: Math.round(score),
    worst: Math.round(worst),
    factor,
    liveShare,
  }));
}
