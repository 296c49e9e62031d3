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

  /** Watches for the moment until the given way to stop is called. */
  follow(): () => void {
    const end = new AbortController();
    const touched = () => (this.#touchedAt = this.#now());
    for (const touch of touches)
      addEventListener(touch, touched, { signal: end.signal, passive: true, capture: true });
    const timer = setInterval(() => void this.look(), everyMs);
    return () => {
      end.abort();
      this.#isOver = true;
      clearInterval(timer);
    };
  }

  /** Begins anew if this is the moment, and there is a server to begin from. */
  async look(): Promise<void> {
    if (this.#isAsking || this.isGoing || !this.#isTime()) return;
    this.#isAsking = true;
    const canReturn = await this.#parts.canReturn();
    this.#isAsking = false;
    // Asking took a while: somebody may have come back to work.
    if (!canReturn || this.#isOver || !this.#isTime() || !this.#parts.leave()) return;
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

/** Calls back at the next touch of mouse, keyboard or screen, unless stopped before: some things need a person. */
export function onNextTouch(act: () => void): () => void {
  const end = new AbortController();
  for (const touch of ['pointerup', 'keydown'] as const)
    addEventListener(
      touch,
      () => {
        end.abort();
        act();
      },
      { signal: end.signal },
    );
  return () => end.abort();
}
