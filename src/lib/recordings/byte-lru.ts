/** A value and its size. */
export interface Kept<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** Keeps values until they are together larger than `limitBytes`; then what was not used for longest goes first. */
export class ByteLru<Key, Value> {
  readonly #limitBytes: number;
  readonly #dispose: (value: Value) => void;
  // A Map iterates in the order of insertion: what is used is put in again, so the first is the least recently used.
  readonly #kept = new Map<Key, Kept<Value>>();
  #bytes = 0;

  /** `dispose` is called once for each value that goes: pushed out, replaced, deleted or cleared. */
  constructor(limitBytes: number, dispose: (value: Value) => void = () => undefined) {
    this.#limitBytes = limitBytes;
    this.#dispose = dispose;
  }

  get bytes(): number {
    return this.#bytes;
  }
  get size(): number {
    return this.#kept.size;
  }

  /** The value, which counts as used now. */
  get(key: Key): Value | undefined {
    const kept = this.#kept.get(key);
    if (!kept) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.value;
  }

  has(key: Key): boolean {
    return this.#kept.has(key);
  }

  keys(): IterableIterator<Key> {
    return this.#kept.keys();
  }

  /** Keeps a value of that size. One larger than everything allowed is disposed of at once. */
  set(key: Key, value: Value, bytes: number): void {
    this.delete(key);
    if (bytes > this.#limitBytes) {
      this.#dispose(value);
      return;
    }
    this.#kept.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#limitBytes) break;
      this.delete(oldest);
    }
  }

  delete(key: Key): void {
    const kept = this.take(key);
    if (kept) this.#dispose(kept.value);
  }

  /** Gives it away with its size: it is not disposed of here any more. */
  take(key: Key): Kept<Value> | undefined {
    const kept = this.#kept.get(key);
    if (!kept) return undefined;
    this.#kept.delete(key);
    this.#bytes -= kept.bytes;
    return kept;
  }

  clear(): void {
    for (const key of [...this.#kept.keys()]) this.delete(key);
  }
}
