/** Remembers what was used last, as much as fits into so many bytes. */
export class ByteCache<T extends { readonly bytes: number }> {
  readonly #limit: number;
  readonly #entries = new Map<string, T>();
  readonly #onForgotten: (entry: T) => void;
  #bytes = 0;

  constructor(limit: number, onForgotten: (entry: T) => void = () => undefined) {
    this.#limit = limit;
    this.#onForgotten = onForgotten;
  }

  /** Bytes of all that is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    // Last used last: the first is the one to forget.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** What alone would fill a quarter of the room is not kept. */
  set(key: string, entry: T): void {
    this.delete(key);
    if (entry.bytes > this.#limit / 4) return;
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#limit) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
    this.#onForgotten(entry);
  }
}
