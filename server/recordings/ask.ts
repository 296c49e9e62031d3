import { vmsRefusal } from '#server/cameras/routes.ts';
import { Refusal } from '#server/http/refusal.ts';
import { VmsError } from '#server/vms/vms.ts';

/** What the VMS has to answer within; frames come piece by piece, each with this much patience. */
export const patienceMs = 10_000;

/**
 * Questions to the VMS, one after the other, for one request: each ends with the request or when patience is over, and
 * fails with a {@link Refusal} that the browser may know. Thousands of them cost one timer.
 */
export class Patience {
  readonly #signal: AbortSignal;
  readonly #late = new AbortController();
  readonly #either: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  constructor(signal: AbortSignal, forMs: number = patienceMs) {
    this.#signal = signal;
    this.#either = AbortSignal.any([signal, this.#late.signal]);
    this.#timer = setTimeout(
      () => this.#late.abort(new DOMException('no answer in time', 'TimeoutError')),
      forMs,
    );
    this.#timer.unref();
  }

  async ask<T>(question: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#timer.refresh();
    try {
      return await question(this.#either);
    } catch (cause) {
      this.#signal.throwIfAborted();
      if (cause instanceof VmsError) throw vmsRefusal(cause);
      // Our own time limit: as good as no answer.
      if (cause instanceof DOMException) throw new Refusal('vms-unavailable', { retryAfterS: 5, cause });
      throw cause;
    }
  }

  /** No more questions. Safe to call twice. */
  close(): void {
    clearTimeout(this.#timer);
  }
}

/** One question, see {@link Patience}. */
export async function ask<T>(
  signal: AbortSignal,
  question: (signal: AbortSignal) => Promise<T>,
  forMs: number = patienceMs,
): Promise<T> {
  const patience = new Patience(signal, forMs);
  try {
    return await patience.ask(question);
  } finally {
    patience.close();
  }
}
