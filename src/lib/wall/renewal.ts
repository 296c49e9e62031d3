import { leaveCover } from './leave-cover.ts';
import { isTimeToReload, usualBudget } from './reload-plan.ts';

export interface RenewalParts {
  /** What the page has of peer connections. */
  readonly peers: { readonly living: number; readonly isExhausted: boolean };
  /** Whether something is half done. */
  readonly isBusy: () => boolean;
  /** Asks whether there would be a next page: the server answers, and somebody is signed in. */
  readonly canReturn: () => Promise<boolean>;
  /** Leaves to the next page what it needs; false when it cannot. */
  readonly leave: () => boolean;
  /** Where the tiles are whose pictures are left to the next page. */
  readonly wall?: () => ParentNode | undefined;
  /** What is said on these pictures, which are of the past by then. */
  readonly coverWords?: () => string;
  /** Whether this page has taken the place of one that began anew. */
  readonly isSuccessor: boolean;
  /** For tests. */
  readonly reload?: () => void;
  readonly now?: () => number;
}

const everyMs = 2_000;
const touches = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

/** Begins the page anew, unseen, before the browser would refuse it another connection. */
export class Renewal {
  readonly #parts: RenewalParts;
  readonly #now: () => number;
  readonly #begunAt: number;
  #touchedAt: number;
  #isAsking = false;
  #isOver = false;
  /** While true the page may go without asking whether work is to be lost: none is. */
  isGoing = false;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
    this.#touchedAt = this.#now();
    this.#begunAt = parts.isSuccessor ? this.#touchedAt : -Infinity;
  }

  /** Watches for the moment until `signal` is aborted. */
  follow(signal: AbortSignal): void {
    const touched = () => (this.#touchedAt = this.#now());
    for (const touch of touches) addEventListener(touch, touched, { signal, passive: true, capture: true });
    const timer = setInterval(() => void this.look(), everyMs);
    signal.addEventListener('abort', () => {
      this.#isOver = true;
      clearInterval(timer);
    });
  }

  /** Begins anew if this is the moment, and there is a server to begin from. */
  async look(): Promise<void> {
    if (this.#isAsking || this.isGoing || !this.#isTime()) return;
    this.#isAsking = true;
    const canReturn = await this.#parts.canReturn();
    this.#isAsking = false;
    // Asking took a while: somebody may have come back to work.
    if (!canReturn || this.#isOver || !this.#isTime() || !this.#parts.leave()) return;
    const wall = this.#parts.wall?.();
    if (wall) leaveCover(wall, this.#parts.coverWords?.() ?? '');
    this.isGoing = true;
    (this.#parts.reload ?? (() => location.reload()))();
  }

  #isTime(): boolean {
    const { peers, isBusy } = this.#parts;
    const now = this.#now();
    return isTimeToReload(
      {
        living: peers.living,
        isExhausted: peers.isExhausted,
        idleMs: now - this.#touchedAt,
        isBusy: isBusy(),
        isFullScreen: document.fullscreenElement !== null,
        sinceLastMs: now - this.#begunAt,
      },
      budget(),
    );
  }
}

/** A browser whose limit is another one may be told in its storage; other browsers than Chromium have none. */
function budget(): number {
  const told = Number(readStored());
  if (told > 0) return told;
  return /Chrome\//.test(navigator.userAgent) ? usualBudget : Infinity;
}

function readStored(): string | null {
  try {
    return localStorage.getItem('parapet.peer-budget');
  } catch {
    return null;
  }
}

/** Calls back at the next touch of mouse, keyboard or screen, unless aborted before: some things need a person. */
export function onNextTouch(act: () => void, signal: AbortSignal): void {
  const touched = new AbortController();
  for (const touch of ['pointerup', 'keydown'] as const)
    addEventListener(
      touch,
      () => {
        touched.abort();
        act();
      },
      { signal: AbortSignal.any([signal, touched.signal]) },
    );
}
