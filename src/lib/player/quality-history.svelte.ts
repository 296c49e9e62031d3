import { untrack } from 'svelte';
import {
  dayMs,
  historyAccount,
  type HistoryAccount,
  type HistoryBook,
  type Kept,
} from './quality-history.ts';

/** Stretches are kept every ten seconds; asking more often tells nothing new, ms. */
const everyMs = 10_000;

/** What is kept of one camera, read once and then as it grows. */
export class QualityHistory {
  /** Undefined until it was read. */
  kept = $state.raw<Kept | undefined>();
  /** The moment it was read last, epoch ms: where its columns end. */
  readAt = $state(Date.now());
  readonly #book: HistoryBook;
  readonly #cameraId: string;
  readonly #now: () => number;

  constructor(book: HistoryBook, cameraId: string, now: () => number = Date.now) {
    this.#book = book;
    this.#cameraId = cameraId;
    this.#now = now;
  }

  /** For a report; undefined until it was read. */
  get account(): HistoryAccount | undefined {
    return this.kept && historyAccount(this.kept, this.#now());
  }

  /** Reads it now and every ten seconds, until the given way to stop is called. */
  follow(): () => void {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async (): Promise<void> => {
      const now = this.#now();
      const before = this.kept?.status === 'kept' ? this.kept.stretches : [];
      const more = await this.#book.read(this.#cameraId, before.at(-1)?.at ?? now - dayMs);
      if (isOver) return;
      this.kept =
        more.status === 'none'
          ? more
          : {
              status: 'kept',
              stretches: [...before.filter(({ at }) => at > now - dayMs), ...more.stretches],
            };
      this.readAt = now;
      timer = setTimeout(() => void read(), everyMs);
    };
    // What it finds must not call whoever follows it again.
    untrack(() => void read());
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }
}
