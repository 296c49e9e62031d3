import type { Bookmark, EvidenceLock } from '#contract/evidence.ts';
import { LatestWins } from '#lib/recordings/latest-wins.ts';
import type { Span } from '#lib/recordings/spans.ts';
import type { TimelineMark } from '#lib/recordings/timeline-drawing.ts';
import type { EvidenceApi } from './evidence-api.ts';

interface Wish {
  readonly cameraIds: readonly string[];
  readonly window: Span;
  /** Asked for again although it is known. */
  readonly isForced: boolean;
}

/** What others do with the same cameras is seen after this, monotonic ms. */
const freshMs = 60_000;
/** After a failure nothing is asked again for so long, unless somebody says so, ms. */
const restMs = 5_000;

export interface KeptMarksOptions {
  readonly api: Pick<EvidenceApi, 'bookmarks' | 'locks'>;
  /** Whether the recorders of these cameras keep bookmarks, or locks; what they do not keep is not asked for. */
  readonly keeps?: (what: 'bookmarks' | 'evidenceLocks', cameraIds: readonly string[]) => boolean;
  /** Monotonic, ms. */
  readonly now?: () => number;
}

/** The bookmarks and evidence locks of some cameras, around what is looked at. */
export class KeptMarks {
  readonly #api: KeptMarksOptions['api'];
  readonly #keeps: NonNullable<KeptMarksOptions['keeps']>;
  readonly #now: () => number;
  readonly #load: LatestWins<Wish>;
  #loaded: { readonly key: string; readonly window: Span; readonly at: number } | undefined;
  #failedAt = -Infinity;
  #last: Wish | undefined;

  /** Ascending in time. */
  bookmarks: readonly Bookmark[] = $state.raw([]);
  locks: readonly EvidenceLock[] = $state.raw([]);
  /** Why the last attempt came to nothing. */
  failure: unknown = $state.raw();
  /** False until there has been an answer for these cameras. */
  isKnown = $state(false);

  readonly marks: readonly TimelineMark[] = $derived([
    ...this.locks.map(({ cameraIds, start, end }) => ({ kind: 'lock' as const, cameraIds, start, end })),
    ...this.bookmarks.map(({ cameraId, at }) => ({ kind: 'bookmark' as const, cameraIds: [cameraId], at })),
  ]);

  constructor({ api, keeps = () => true, now = () => performance.now() }: KeptMarksOptions) {
    this.#api = api;
    this.#keeps = keeps;
    this.#now = now;
    this.#load = new LatestWins((wish, signal) => this.#read(wish, signal));
  }

  /** Sees to it that what is in `window` of these cameras is here soon. Cheap where it is already. */
  want(cameraIds: readonly string[], window: Span): void {
    const wish = { cameraIds, window, isForced: false };
    this.#last = wish;
    if (!this.#isHere(wish) && this.#now() - this.#failedAt >= restMs) this.#load.want(wish);
  }

  /** Asks again: something was changed, here or elsewhere, or somebody pressed "Try again". */
  refresh(): void {
    this.#failedAt = -Infinity;
    if (this.#last) this.#load.want({ ...this.#last, isForced: true });
  }

  /** Takes in a bookmark that was saved, or takes one out. The server's list follows. */
  put(bookmark: Bookmark): void {
    const others = this.bookmarks.filter(({ id }) => id !== bookmark.id);
    this.bookmarks = [...others, bookmark].sort((a, b) => a.at - b.at);
  }
  putLock(lock: EvidenceLock): void {
    const others = this.locks.filter(({ id }) => id !== lock.id);
    this.locks = [...others, lock].sort((a, b) => a.start - b.start);
  }
  take(id: string): void {
    this.bookmarks = this.bookmarks.filter((one) => one.id !== id);
    this.locks = this.locks.filter((one) => one.id !== id);
  }

  /** Ends what is under way. Safe to call twice. */
  close(): void {
    this.#load.close();
  }

  #isHere({ cameraIds, window }: Wish): boolean {
    const loaded = this.#loaded;
    return (
      loaded?.key === cameraIds.join() &&
      loaded.window.start <= window.start &&
      loaded.window.end >= window.end &&
      this.#now() - loaded.at < freshMs
    );
  }

  async #read(wish: Wish, signal: AbortSignal): Promise<void> {
    const { cameraIds, window, isForced } = wish;
    if (!isForced && this.#isHere(wish)) return;
    const key = cameraIds.join();
    if (this.#loaded?.key !== key) this.isKnown = false;
    // As much again on both sides: moving the view a little need not ask.
    const length = window.end - window.start;
    const wide = { start: Math.floor(window.start - length), end: Math.ceil(window.end + length) };
    try {
      const isAny = cameraIds.length > 0;
      const [bookmarks, locks] = await Promise.all([
        isAny && this.#keeps('bookmarks', cameraIds) ? this.#api.bookmarks(cameraIds, wide, signal) : [],
        isAny && this.#keeps('evidenceLocks', cameraIds) ? this.#api.locks(cameraIds, wide, signal) : [],
      ]);
      signal.throwIfAborted();
      this.bookmarks = bookmarks.toSorted((a, b) => a.at - b.at);
      this.locks = locks.toSorted((a, b) => a.start - b.start);
      this.failure = undefined;
      this.isKnown = true;
      this.#loaded = { key, window: wide, at: this.#now() };
    } catch (error) {
      if (signal.aborted) return;
      this.#failedAt = this.#now();
      this.failure = error;
    }
  }
}
