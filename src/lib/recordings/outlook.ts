/** Where recording goes on behind a gap: `never` when it does not, undefined while that is not known. */
export type GapEnd = number | 'never' | undefined;

export interface OutlookOptions {
  /** Where recording goes on after `time`. */
  readonly findNext: (time: number) => Promise<number | undefined>;
  /** Called when it is known. */
  readonly onKnown: (next: GapEnd) => void;
  /** Monotonic, ms. */
  readonly now: () => number;
}

interface Gap {
  readonly time: number;
  readonly lookedAt: number;
  next: GapEnd;
  isFailed: boolean;
}

/** What could not be looked up is not looked up again before, ms. */
const againMs = 5_000;

/** The gap a camera's picture is in, and what lies behind it. */
export class Outlook {
  readonly #options: OutlookOptions;
  #gap: Gap | undefined;

  constructor(options: OutlookOptions) {
    this.#options = options;
  }

  get isInGap(): boolean {
    return this.#gap !== undefined;
  }

  /** Nothing is recorded at `time`: gives where it goes on, as far as it is known, and looks it up once for each gap. */
  from(time: number): GapEnd {
    const known = this.#gap;
    const isAnother = known && (time < known.time || (typeof known.next === 'number' && time >= known.next));
    const isDue = known?.isFailed === true && this.#options.now() - known.lookedAt >= againMs;
    if (known && !isAnother && !isDue) return known.next;
    const gap: Gap = { time, lookedAt: this.#options.now(), next: undefined, isFailed: false };
    this.#gap = gap;
    this.#options.findNext(time).then(
      (next) => {
        gap.next = next ?? 'never';
        if (this.#gap === gap) this.#options.onKnown(gap.next);
      },
      () => (gap.isFailed = true),
    );
    return undefined;
  }

  /** Something is recorded again. */
  leave(): void {
    this.#gap = undefined;
  }
}
