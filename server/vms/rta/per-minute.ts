import { abortable } from './abortable.ts';

const minuteMs = 60_000;

/** Lets so many through in any minute; the others wait. On the monotonic clock. */
export class PerMinute {
  readonly #most: number;
  readonly #now: () => number;
  #taken: number[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(most: number, now: () => number = () => performance.now()) {
    this.#most = most;
    this.#now = now;
  }

  /** How many may go now. */
  get room(): number {
    const since = this.#now() - minuteMs;
    this.#taken = this.#taken.filter((at) => at > since);
    return this.#most - this.#taken.length;
  }

  /** Resolves when it is the caller's turn, and counts it. Rejects with the signal's reason while it waits. */
  async take(signal: AbortSignal): Promise<void> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    // Who leaves while waiting for those before does not let the ones behind overtake them.
    this.#turn = before.then(() => promise);
    try {
      await abortable(before, signal);
      while (this.room <= 0) {
        signal.throwIfAborted();
        const [oldest = 0] = this.#taken;
        await pause(Math.max(1, oldest + minuteMs - this.#now()), signal);
      }
      signal.throwIfAborted();
      this.#taken.push(this.#now());
    } finally {
      resolve(undefined);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const leave = (): void => {
    clearTimeout(timer);
    reject(signal.reason as Error);
  };
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', leave);
    resolve(undefined);
  }, ms);
  signal.addEventListener('abort', leave, { once: true });
  return promise;
}
