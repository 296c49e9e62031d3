import { admitted, mostAtOnce } from './admission.ts';

/** Tells a tile its place in the queue: 1 is next, 0 means that its turn has come. */
export type TellPlace = (place: number) => void;

interface Guest {
  readonly key: string;
  readonly urgency: () => number;
  readonly tell: TellPlace;
  readonly letIn: () => void;
  place: number;
}

/**
 * How long a turn lasts at most, ms. What is spared takes well under a second; whoever takes longer waits for somebody else,
 * a camera that is off or a recorder that does not answer, and has the others wait for nothing.
 */
const turnMs = 3000;

/**
 * Lets a few negotiations run at once, the most urgent first. One per page: it is the browser's main thread and the
 * BFF that are being spared, not one wall.
 */
export class Gate {
  readonly #limit: number;
  readonly #turnMs: number;
  readonly #waiting = new Map<symbol, Guest>();
  #running = 0;

  constructor(limit: number = mostAtOnce, mostMs: number = turnMs) {
    this.#limit = limit;
    this.#turnMs = mostMs;
  }

  /**
   * Waits for a turn. Resolves to the way to give the turn back, safe to call twice; it ends by itself after a few seconds,
   * though what it was for may go on. `urgency` is asked anew whenever
   * the queue moves, because people look elsewhere while they wait. Rejects with the signal's reason when aborted.
   */
  async enter(key: string, urgency: () => number, signal: AbortSignal, tell: TellPlace): Promise<() => void> {
    signal.throwIfAborted();
    const ticket = Symbol(key);
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const giveUp = () => {
      // In line still: step out. Let in already: the caller holds the turn and gives it back.
      if (this.#waiting.delete(ticket)) this.#move();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    this.#waiting.set(ticket, { key, urgency, tell, letIn: () => resolve(undefined), place: -1 });
    this.#move();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
    let isIn = true;
    const leave = () => {
      if (!isIn) return;
      isIn = false;
      clearTimeout(end);
      this.#running--;
      this.#move();
    };
    const end = setTimeout(leave, this.#turnMs);
    if (signal.aborted) {
      leave();
      signal.throwIfAborted();
    }
    return leave;
  }

  /** Looks at the queue again: somebody selected another tile or scrolled. */
  reconsider(): void {
    this.#move();
  }

  #move(): void {
    const line = [...this.#waiting].map(([ticket, guest]) => ({ ticket, guest, urgency: guest.urgency() }));
    const names = new Map(line.map((entry, index) => [String(index), entry]));
    const { start, places } = admitted(
      line.map(({ urgency }, index) => ({ key: String(index), urgency })),
      this.#running,
      this.#limit,
    );
    for (const name of start) {
      const entry = names.get(name);
      if (!entry || !this.#waiting.delete(entry.ticket)) continue;
      this.#running++;
      if (entry.guest.place > 0) entry.guest.tell(0);
      entry.guest.letIn();
    }
    for (const [name, place] of places) {
      const guest = names.get(name)?.guest;
      if (!guest || guest.place === place) continue;
      guest.place = place;
      guest.tell(place);
    }
  }
}
