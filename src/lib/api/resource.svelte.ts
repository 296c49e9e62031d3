import { untrack } from 'svelte';
import { mayRetry } from './errors.ts';

export interface ResourceOptions<T> {
  /** Reads it from the BFF. Throws as `call` does. */
  readonly read: (signal: AbortSignal) => Promise<T>;
  /** Reads it again this often, ms, to catch what news missed; absent: only when told to. */
  readonly everyMs?: number;
  /** For tests. */
  readonly random?: () => number;
}

/** An older reading is made anew when somebody comes back to the page, ms. */
const staleAfterMs = 60_000;
const [firstCeilingMs, lastCeilingMs] = [1000, 30_000];

/**
 * One thing that the BFF knows, as this page last read it. A reading that fails is tried again with full jitter, ever
 * more slowly, for as long as trying may help. Make it where a component is made: it is read while that stands.
 */
export class Resource<T> {
  /** Undefined until it was read once. A reading that brings what is known already keeps what is known. */
  value = $state.raw<T | undefined>();
  /** Why the last reading came to nothing. What was read before stays. */
  failure = $state.raw<Error | null>(null);

  readonly #options: ResourceOptions<T>;
  #reading: AbortController | undefined;
  #isAgainDue = false;
  /** Changed since the answer that is on its way was asked for. */
  #isAhead = false;
  #readAt = -Infinity;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isFollowed = false;

  constructor(options: ResourceOptions<T>) {
    this.#options = options;
    $effect(() => untrack(() => this.follow()));
  }

  /** Keeps it read until the given way to stop is called. */
  follow(): () => void {
    const end = new AbortController();
    this.#isFollowed = true;
    document.addEventListener('visibilitychange', () => this.#look(), { signal: end.signal });
    addEventListener('online', () => this.#failures > 0 && this.refresh(), { signal: end.signal });
    this.refresh();
    return () => {
      end.abort();
      this.#isFollowed = false;
      this.#isAgainDue = false;
      clearTimeout(this.#timer);
      this.#reading?.abort();
      this.#reading = undefined;
    };
  }

  /** It may have changed: reads it now, or once more if it is being read, for that answer may be from before. */
  refresh(): void {
    if (!this.#isFollowed) return;
    if (this.#reading) {
      this.#isAgainDue = true;
      return;
    }
    clearTimeout(this.#timer);
    const reading = new AbortController();
    this.#reading = reading;
    this.#isAhead = false;
    void this.#read(reading);
  }

  /** Takes in a change that is known without reading. An answer that is on its way is from before it, and read again. */
  change(change: (known: T) => T): void {
    const known = untrack(() => this.value);
    if (known === undefined) return;
    this.value = change(known);
    if (!this.#reading) return;
    this.#isAhead = true;
    this.#isAgainDue = true;
  }

  async #read(reading: AbortController): Promise<void> {
    const { signal } = reading;
    try {
      const value = await this.#options.read(signal);
      if (signal.aborted) return;
      this.#failures = 0;
      this.#readAt = performance.now();
      this.failure = null;
      // An answer from before a change that is known already must not undo it.
      if (!this.#isAhead && !isSame(this.value, value)) this.value = value;
    } catch (cause) {
      if (signal.aborted) return;
      this.#failures += 1;
      this.failure = cause instanceof Error ? cause : new Error(String(cause));
      if (!mayRetry(cause)) this.#failures = 0;
    }
    this.#reading = undefined;
    if (this.#isAgainDue && this.#failures === 0) {
      this.#isAgainDue = false;
      this.refresh();
    } else this.#wait();
  }

  #wait(): void {
    const ceilingMs = Math.min(lastCeilingMs, firstCeilingMs * 2 ** (this.#failures - 1));
    const waitMs =
      this.#failures > 0 ? (this.#options.random ?? Math.random)() * ceilingMs : this.#options.everyMs;
    clearTimeout(this.#timer);
    if (waitMs !== undefined) this.#timer = setTimeout(() => this.refresh(), waitMs);
  }

  #look(): void {
    const isStale = performance.now() - this.#readAt > staleAfterMs;
    if (document.visibilityState === 'visible' && isStale) this.refresh();
  }
}

/** Whether two readings say the same, so that nothing is drawn anew for it. */
function isSame(a: unknown, b: unknown): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}
