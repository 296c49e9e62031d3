/**
 * Work that several wait for at the same time and that is done once. It is aborted when the last of them has gone.
 */
export class SharedWork<T> {
  readonly #ending = new AbortController();
  readonly #result: Promise<T>;
  #waiters = 0;
  #isDone = false;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#result = work(this.#ending.signal).finally(() => {
      this.#isDone = true;
    });
    // Everybody may have gone by the time it fails.
    this.#result.catch(() => undefined);
  }

  /** Everybody has gone before it was done: who comes now has to begin anew. */
  get isAbandoned(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Resolves when the work has ended, however it did. */
  async settled(): Promise<void> {
    await this.#result.catch(() => undefined);
  }

  /** The result; rejects with the signal's reason as soon as it aborts. */
  async join(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    this.#waiters += 1;
    const { promise: gone, reject } = Promise.withResolvers<never>();
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([this.#result, gone]);
    } finally {
      signal.removeEventListener('abort', leave);
      this.#waiters -= 1;
      if (this.#waiters === 0 && !this.#isDone) this.#ending.abort();
    }
  }
}
