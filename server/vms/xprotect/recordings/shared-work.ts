import { abortable } from '../abortable.ts';

/**
 * Work that several wait for. It goes on as long as one of them does and is aborted when the last one has left.
 * Starts at once.
 */
export class SharedWork<T> {
  readonly #controller = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;
  #isDone = false;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#result = work(this.#controller.signal).finally(() => {
      this.#isDone = true;
    });
    this.#result.catch(() => undefined);
  }

  /** Whether it was given up: joining it is of no use any more. */
  get isAbandoned(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Waits for the result. Rejects with what the work throws, or with the signal's reason. */
  async join(signal: AbortSignal): Promise<T> {
    this.#waiting++;
    try {
      return await abortable(this.#result, signal);
    } finally {
      if (--this.#waiting === 0 && !this.#isDone) this.#controller.abort();
    }
  }
}
