import type { Still } from '#server/vms/recordings.ts';

/** A still and when it came here. */
export interface TakenStill extends Still {
  /** Monotonic ms. */
  readonly receivedAt: number;
}

/** The recorder answers, and has no picture of the camera. */
export class NoPicture extends Error {
  override readonly name = 'NoPicture';
}

export interface StillReaderParts {
  /** Asks for the newest picture; undefined where there is none now. */
  readonly read: (signal: AbortSignal) => Promise<Still | undefined>;
  /** Told of each picture that is newer than the one before. */
  readonly onStill: (still: TakenStill) => void;
  readonly pace?: Partial<StillPace>;
  /** Monotonic ms. */
  readonly monotonic?: () => number;
  readonly random?: () => number;
}

export interface StillPace {
  /** From the beginning of one reading to that of the next, ms: 1.4 pictures a second. */
  readonly everyMs: number;
  /** How long reading goes on when nobody asks any more, ms. */
  readonly idleMs: number;
  /** How long one reading may take, ms. */
  readonly patienceMs: number;
  /** Failures in a row before those who wait are told. */
  readonly mostFailures: number;
  /** The longest pause after a failure, ms. */
  readonly mostPauseMs: number;
}

const usualPace: StillPace = {
  everyMs: 700,
  idleMs: 4000,
  patienceMs: 5000,
  mostFailures: 2,
  mostPauseMs: 5000,
};
/** A still that came longer ago than this is not the newest any more, ms. */
const freshMs = 1000;
/** Who has seen a moment so far ahead of the newest has another clock, or the recorder's was set back: everything is new to them, ms. */
const setBackMs = 2000;

interface Waiter {
  readonly after: number | undefined;
  resolve(still: TakenStill): void;
  reject(error: unknown): void;
}

/**
 * Reads the newest still of one camera again and again for everybody who looks at it, as long as somebody does. However
 * many they are, the recorder is asked once.
 */
export class StillReader {
  readonly #parts: StillReaderParts;
  readonly #pace: StillPace;
  readonly #monotonic: () => number;
  readonly #random: () => number;
  readonly #waiters = new Set<Waiter>();
  readonly #end = new AbortController();
  #newest: TakenStill | undefined;
  #askedAt = -Infinity;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #isReading = false;

  constructor(parts: StillReaderParts) {
    this.#parts = parts;
    this.#pace = { ...usualPace, ...parts.pace };
    this.#monotonic = parts.monotonic ?? (() => performance.now());
    this.#random = parts.random ?? Math.random;
  }

  /** Nobody has asked for a while; nothing runs. */
  get isIdle(): boolean {
    return !this.#isReading && this.#timer === undefined;
  }

  /**
   * The newest still taken after `after` (epoch ms of the recorder), or any that has just come; waits for it until the
   * signal aborts. Throws what reading throws when it fails again and again, {@link NoPicture}, or the signal's reason.
   */
  async next(after: number | undefined, signal: AbortSignal): Promise<TakenStill> {
    AbortSignal.any([signal, this.#end.signal]).throwIfAborted();
    this.#askedAt = this.#monotonic();
    const newest = this.#newest;
    if (newest !== undefined && isNews(newest, after) && this.#askedAt - newest.receivedAt <= freshMs)
      return newest;
    const { promise, resolve, reject } = Promise.withResolvers<TakenStill>();
    const waiter = { after, resolve, reject };
    const leave = (): void => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    this.#waiters.add(waiter);
    if (this.isIdle) void this.#read();
    try {
      return await promise;
    } finally {
      this.#askedAt = this.#monotonic();
      this.#waiters.delete(waiter);
      signal.removeEventListener('abort', leave);
    }
  }

  /** Ends reading and every wait. Safe to call twice. */
  close(reason: Error): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#end.abort(reason);
    for (const waiter of [...this.#waiters]) waiter.reject(reason);
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    const begun = this.#monotonic();
    const { patienceMs, everyMs, mostFailures } = this.#pace;
    try {
      const late = AbortSignal.timeout(patienceMs);
      const still = await this.#parts.read(AbortSignal.any([late, this.#end.signal]));
      if (still === undefined) throw new NoPicture('The recorder has no picture of the camera now');
      this.#failures = 0;
      this.#take({ ...still, receivedAt: this.#monotonic() });
    } catch (error) {
      if (++this.#failures >= mostFailures) for (const waiter of [...this.#waiters]) waiter.reject(error);
    } finally {
      this.#isReading = false;
    }
    const pause =
      this.#failures === 0 ? everyMs - (this.#monotonic() - begun) : this.#retryDelay(this.#failures);
    this.#later(Math.max(0, pause));
  }

  #take(still: TakenStill): void {
    if (still.timeMs !== this.#newest?.timeMs) {
      this.#newest = still;
      this.#parts.onStill(still);
    }
    for (const waiter of [...this.#waiters]) if (isNews(still, waiter.after)) waiter.resolve(still);
  }

  #later(ms: number): void {
    if (this.#end.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const isWanted = this.#waiters.size > 0 || this.#monotonic() - this.#askedAt < this.#pace.idleMs;
      if (isWanted) void this.#read();
    }, ms);
    this.#timer.unref();
  }

  /** Full jitter: a wall of tiles that lost one recorder comes back spread. */
  #retryDelay(failures: number): number {
    return this.#random() * Math.min(this.#pace.mostPauseMs, this.#pace.everyMs * 2 ** (failures - 1));
  }
}

const isNews = ({ timeMs }: TakenStill, after: number | undefined): boolean =>
  after === undefined || timeMs > after || timeMs < after - setBackMs;
