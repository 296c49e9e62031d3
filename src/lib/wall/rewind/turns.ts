/** Lets a few run at once; the others wait in the order they came. */
export class Turns {
  readonly #most: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Runs it when it is its turn. Throws what it throws, or the signal's reason: who gives up leaves the queue. */
  async run<Result>(what: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    if (this.#running >= this.#most) {
      const turn = Promise.withResolvers<undefined>();
      const begin = (): void => turn.resolve(undefined);
      const leave = (): void => {
        const at = this.#waiting.indexOf(begin);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        turn.reject(signal.reason);
      };
      this.#waiting.push(begin);
      signal.addEventListener('abort', leave, { once: true });
      try {
        await turn.promise;
      } finally {
        signal.removeEventListener('abort', leave);
      }
    }
    // Who was called in takes the place of who left: the count moves only where the queue is empty.
    else this.#running++;
    try {
      signal.throwIfAborted();
      return await what();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
