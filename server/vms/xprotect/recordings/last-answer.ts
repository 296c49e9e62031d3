import { VmsError } from '#server/vms/vms.ts';
import { abortable } from '../abortable.ts';

/** What a VMS can do is asked again after this, ms: an upgrade must not need a restart. */
const freshMs = 10 * 60_000;
/** The same after it could not be found out, ms. */
const doubtMs = 30_000;

/**
 * The last answer to a question that is asked again now and then. Only the very first is waited for; from then on the
 * last one stands until there is a newer one, whatever becomes of those who were to answer.
 */
export class LastAnswer<T> {
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  readonly #patienceMs: number;
  readonly #closed: AbortSignal;
  #last: { readonly value: T } | undefined;
  #until = -Infinity;
  #flight: Promise<T> | undefined;

  /** `ask` may take `patienceMs`, and ends with `closed`. */
  constructor(ask: (signal: AbortSignal) => Promise<T>, patienceMs: number, closed: AbortSignal) {
    this.#ask = ask;
    this.#patienceMs = patienceMs;
    this.#closed = closed;
  }

  /** Throws {@link VmsError} while there has never been an answer, or the signal's reason. */
  async get(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#last !== undefined && performance.now() < this.#until) return this.#last.value;
    this.#flight ??= this.#find().finally(() => {
      this.#flight = undefined;
    });
    this.#flight.catch(() => undefined);
    return this.#last === undefined ? abortable(this.#flight, signal) : this.#last.value;
  }

  async #find(): Promise<T> {
    try {
      const patience = AbortSignal.timeout(this.#patienceMs);
      const value = await this.#ask(AbortSignal.any([this.#closed, patience]));
      this.#last = { value };
      this.#until = performance.now() + freshMs;
      return value;
    } catch (cause) {
      this.#until = performance.now() + doubtMs;
      if (cause instanceof VmsError) throw cause;
      throw new VmsError('unavailable', 'XProtect did not answer in time', { cause });
    }
  }
}
