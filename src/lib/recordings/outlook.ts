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
  /** Undefined: not yet. */
  readonly lookedAt: number | undefined;
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

  /**
   * Nothing is recorded at `time`: gives where it goes on, as far as it is known, and looks it up once for each gap. Not
   * while time only `passes` over it: a hand passes hundreds.
   */
  from(time: number, passes = false): GapEnd {
    const known = this.#gap;
    const isAnother = known && (time < known.time || (typeof known.next === 'number' && time >= known.next));
    if (known && !isAnother && (passes || !this.#isDue(known))) return known.next;
    const lookedAt = passes ? undefined : this.#options.now();
    const gap: Gap = { time, lookedAt, next: undefined, isFailed: false };
    this.#gap = gap;
    if (!passes) void this.#look(gap);
    return undefined;
  }

  /** Something is recorded again. */
  leave(): void {
    this.#gap = undefined;
  }

  #isDue({ lookedAt, isFailed }: Gap): boolean {
    return lookedAt === undefined || (isFailed && this.#options.now() - lookedAt >= againMs);
  }

  async #look(gap: Gap): Promise<void> {
    try {
      gap.next = (await this.#options.findNext(gap.time)) ?? 'never';
      if (this.#gap === gap) this.#options.onKnown(gap.next);
    } catch {
      gap.isFailed = true;
    }
  }
}
