/** How quickly a throw dies away: its speed falls to a third in this time, ms. As scrolling feels on phones. */
const decayMs = 325;
/** Slower than this nothing is seen to move, px per ms. */
const stillPxPerMs = 0.02;
/** What of a drag counts for the throw at its end, ms. */
const rememberedMs = 100;

/** Remembers the last stretch of a drag, to know how fast it was let go. */
export class DragSpeed {
  #samples: { readonly at: number; readonly x: number }[] = [];

  /** The pointer is at `x` (px) at the moment `at` (ms of a monotonic clock). */
  moved(x: number, at: number): void {
    this.#samples.push({ at, x });
    while ((this.#samples[0]?.at ?? Infinity) < at - rememberedMs) this.#samples.shift();
  }

  /** Speed when let go at `at`, px per ms. 0 after a rest: who stops first does not want to throw. */
  released(at: number): number {
    const recent = this.#samples.filter((sample) => at - sample.at <= rememberedMs);
    const [first, last] = [recent[0], recent.at(-1)];
    this.#samples = [];
    if (!first || !last || last.at - first.at < 8 || at - last.at > 40) return 0;
    return (last.x - first.x) / (last.at - first.at);
  }
}

/** A movement that dies away by itself. */
export interface Fling {
  readonly pxPerMs: number;
  readonly startedAt: number;
}

/** How far a fling has come by `at`, px. */
export function flungPx({ pxPerMs, startedAt }: Fling, at: number): number {
  return pxPerMs * decayMs * (1 - Math.exp(-Math.max(0, at - startedAt) / decayMs));
}

/** Whether it has, to the eye, come to rest. */
export function isAtRest({ pxPerMs, startedAt }: Fling, at: number): boolean {
  return Math.abs(pxPerMs) * Math.exp(-Math.max(0, at - startedAt) / decayMs) < stillPxPerMs;
}
