/** Lets so many in at a time; the others wait in the order they came. */
export class Turns {
  readonly #limit: number;
  #inside = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Does `work` when it is its turn. Rejects with the signal's reason while it waits. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#inside < this.#limit) this.#inside++;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      // Whoever waits longest takes the place over.
      const [next] = this.#waiting;
      if (next === undefined) this.#inside--;
      else next();
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const enter = (): void => {
      this.#waiting.delete(enter);
      signal.removeEventListener('abort', leave);
      resolve(undefined);
    };
    const leave = (): void => {
      this.#waiting.delete(enter);
      reject(signal.reason as Error);
    };
    this.#waiting.add(enter);
    signal.addEventListener('abort', leave, { once: true });
    return promise;
  }
}

/** {@link Turns} at each of several places: whoever waits at one does not hold up another. */
export class TurnsByPlace {
  readonly #limit: number;
  readonly #places = new Map<string, Turns>();

  /** `limit`: how many at a time at each place. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  take<T>(place: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    let turns = this.#places.get(place);
    if (turns === undefined) this.#places.set(place, (turns = new Turns(this.#limit)));
    return turns.take(signal, work);
  }
}
