/** Something the wheel will do once. Cancelling twice, or after it ran, is fine. */
export interface Turn {
  cancel(): void;
}

interface Entry extends Turn {
  /** Slots since the wheel was made. */
  slot: number;
  task: (() => void) | undefined;
}

/**
 * One timer for any number of streams. Time is cut into slots (4 ms); everything due in a slot runs in one wake-up of
 * the process, so 36 streams at 15 pictures a second cost some 200 wake-ups instead of 540, and nothing while idle.
 * A task runs up to one slot late, never early. Runs on the monotonic clock.
 */
export class TimerWheel {
  readonly #slotMs: number;
  readonly #origin = performance.now();
  readonly #slots = new Map<number, Entry[]>();
  #timer: NodeJS.Timeout | undefined;
  /** The slot the timer is set for. */
  #armed = Infinity;
  /** Every slot up to this one has been run. */
  #done = 0;
  #closed = false;

  constructor(slotMs = 4) {
    this.#slotMs = slotMs;
  }

  /** Runs `task` once, `delayMs` from now or up to one slot later. A closed wheel forgets the task. */
  after(delayMs: number, task: () => void): Turn {
    const due = performance.now() - this.#origin + Math.max(0, delayMs);
    const slot = Math.max(this.#done + 1, Math.ceil(due / this.#slotMs));
    const entry: Entry = {
      slot,
      task,
      cancel: () => {
        entry.task = undefined;
      },
    };
    if (this.#closed) return entry;
    const entries = this.#slots.get(slot);
    if (entries === undefined) this.#slots.set(slot, [entry]);
    else entries.push(entry);
    if (slot < this.#armed) this.#arm(slot);
    return entry;
  }

  /** Drops every task. Safe to call twice. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#slots.clear();
  }

  #arm(slot: number): void {
    clearTimeout(this.#timer);
    this.#armed = slot;
    const delay = slot * this.#slotMs - (performance.now() - this.#origin);
    this.#timer = setTimeout(
      () => {
        this.#turn();
      },
      Math.max(0, delay),
    );
  }

  #turn(): void {
    const now = Math.floor((performance.now() - this.#origin) / this.#slotMs);
    // Timers may fire a fraction of a millisecond early: the slot the timer was set for is due in any case.
    const upTo = Math.max(now, this.#armed);
    this.#done = upTo;
    this.#armed = Infinity;
    const due = [...this.#slots.keys()].filter((slot) => slot <= upTo).sort((a, b) => a - b);
    for (const slot of due) {
      const entries = this.#slots.get(slot) ?? [];
      this.#slots.delete(slot);
      for (const entry of entries) {
        const { task } = entry;
        entry.task = undefined;
        task?.();
      }
    }
    if (this.#closed || this.#slots.size === 0) return;
    const next = Math.min(...this.#slots.keys());
    if (next < this.#armed) this.#arm(next);
  }
}
