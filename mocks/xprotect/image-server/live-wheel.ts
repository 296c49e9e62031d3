/** Something that wants to be called when its next picture is due. */
export interface WheelEntry {
  /** Epoch ms; `Infinity` while nothing is due. */
  readonly dueAt: number;
  turn(now: number): void;
}

/** Pictures due within this time of each other are sent in one go, ms. Bounds wake-ups to 200 a second. */
const grainMs = 5;

/** One timer for all live connections, however many. Asleep while there is none. */
export class LiveWheel {
  readonly #entries = new Set<WheelEntry>();
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Infinity;

  add(entry: WheelEntry): void {
    this.#entries.add(entry);
    this.poke();
  }

  delete(entry: WheelEntry): void {
    this.#entries.delete(entry);
    if (this.#entries.size === 0) this.#sleep();
  }

  /** Looks at what is due again; to be called when an entry's `dueAt` moved forward by itself. */
  poke(): void {
    let due = Infinity;
    for (const entry of this.#entries) due = Math.min(due, entry.dueAt);
    if (due >= this.#wakesAt) return;
    clearTimeout(this.#timer);
    if (due === Infinity) return;
    this.#wakesAt = due;
    this.#timer = setTimeout(() => this.#turn(), Math.max(grainMs, Math.min(due - Date.now(), 1000)));
  }

  close(): void {
    this.#entries.clear();
    this.#sleep();
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    this.#wakesAt = Infinity;
  }

  #turn(): void {
    this.#wakesAt = Infinity;
    const now = Date.now();
    for (const entry of [...this.#entries]) if (entry.dueAt <= now) entry.turn(now);
    this.poke();
  }
}
