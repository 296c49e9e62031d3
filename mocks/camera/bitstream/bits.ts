/** A finished run of bits, kept to be appended again and again: the first bit is the highest of `bytes[0]`. */
export interface BitRun {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/**
 * Writes bits, highest first, as H.264 syntax has them (ITU-T H.264 clause 7.2 and 9.1). Grows by itself; `reset`
 * makes it ready for the next use without giving up its memory.
 */
export class BitWriter {
  #bytes: Uint8Array;
  #length = 0;
  /** Bits not yet in `#bytes`: fewer than eight, right-aligned. */
  #pending = 0;
  #pendingCount = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Bits written so far. */
  get bitLength(): number {
    return this.#length * 8 + this.#pendingCount;
  }

  reset(): this {
    this.#length = 0;
    this.#pending = 0;
    this.#pendingCount = 0;
    return this;
  }

  /** u(n): the low `count` bits of `value`, 0…32 of them. */
  bits(count: number, value: number): this {
    if (count > 16) {
      this.bits(count - 16, value >>> 16);
      return this.bits(16, value & 0xffff);
    }
    let pending = (this.#pending << count) | (value & ((1 << count) - 1));
    let pendingCount = this.#pendingCount + count;
    if (this.#length + 3 > this.#bytes.length) this.#grow();
    while (pendingCount >= 8) {
      pendingCount -= 8;
      this.#bytes[this.#length++] = pending >>> pendingCount;
    }
    pending &= (1 << pendingCount) - 1;
    this.#pending = pending;
    this.#pendingCount = pendingCount;
    return this;
  }

  flag(value: boolean): this {
    return this.bits(1, value ? 1 : 0);
  }

  /** ue(v): unsigned exp-Golomb, 0…2^31 - 2 (clause 9.1). */
  ue(value: number): this {
    const code = value + 1;
    const width = 32 - Math.clz32(code);
    return this.bits(width - 1, 0).bits(width, code);
  }

  /** se(v): signed exp-Golomb; 1, -1, 2, -2 … become 1, 2, 3, 4 … (clause 9.1.1). */
  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  run(run: BitRun): this {
    const whole = run.length >> 3;
    for (let i = 0; i < whole; i++) this.bits(8, run.bytes[i]!);
    const rest = run.length & 7;
    return rest === 0 ? this : this.bits(rest, run.bytes[whole]! >> (8 - rest));
  }

  /** rbsp_trailing_bits(): a one, then zeros up to the byte (clause 7.3.2.11). */
  trailing(): this {
    this.bits(1, 1);
    return this.#pendingCount === 0 ? this : this.bits(8 - this.#pendingCount, 0);
  }

  /** What was written, as a view that the next write or reset makes void. Must stand on a whole byte. */
  view(): Uint8Array {
    if (this.#pendingCount !== 0) throw new Error('The bits written do not fill their last byte');
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written, last byte filled up with zeros. */
  toRun(): BitRun {
    const length = this.bitLength;
    const bytes = new Uint8Array((length + 7) >> 3);
    bytes.set(this.#bytes.subarray(0, this.#length));
    if (this.#pendingCount > 0) bytes[this.#length] = this.#pending << (8 - this.#pendingCount);
    return { bytes, length };
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2 + 16);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads bits, highest first, from an RBSP (a NAL unit without emulation prevention). Throws a RangeError past its end. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#position;
  }

  /** u(n), 0…32 bits. */
  bits(count: number): number {
    if (this.#position + count > this.#bytes.length * 8) throw new RangeError('The NAL unit ends too early');
    let value = 0;
    for (let i = 0; i < count; i++) {
      const bit = (this.#bytes[this.#position >> 3]! >> (7 - (this.#position & 7))) & 1;
      value = value * 2 + bit;
      this.#position++;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** ue(v). */
  ue(): number {
    let zeros = 0;
    while (this.bits(1) === 0) if (++zeros > 31) throw new RangeError('An exp-Golomb code is too long');
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v). */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2 || 0;
  }

  /** more_rbsp_data(): whether anything but the trailing bits is left (clause 7.2). */
  hasMore(): boolean {
    let last = this.#bytes.length - 1;
    while (last >= 0 && this.#bytes[last] === 0) last--;
    if (last < 0) return false;
    const trailingZeros = 31 - Math.clz32(this.#bytes[last]! & -this.#bytes[last]!);
    return this.#position < last * 8 + 7 - trailingZeros;
  }
}
