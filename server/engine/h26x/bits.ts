/**
 * Reads the bits of a NAL unit's payload (RBSP), skipping emulation prevention bytes on the way
 * (H.264 7.4.1.1, H.265 7.4.2.1). Reading past the end gives zeros: headers are cut to a prefix before they get here.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  #byte: number;
  #bit = 0;
  #zeros = 0;

  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.#byte = start;
  }

  /** True once everything has been read. */
  get isExhausted(): boolean {
    return this.#byte >= this.#bytes.length;
  }

  bit(): number {
    const value = ((this.#bytes[this.#byte] ?? 0) >> (7 - this.#bit)) & 1;
    if (++this.#bit === 8) this.#advance();
    return value;
  }

  /** Up to 32 bits, unsigned. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.bit();
  }

  /** Unsigned Exp-Golomb code, ue(v). */
  ue(): number {
    let zeros = 0;
    while (zeros < 32 && this.bit() === 0 && !this.isExhausted) zeros++;
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Signed Exp-Golomb code, se(v). */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : 0 - code / 2;
  }

  #advance(): void {
    this.#zeros = this.#bytes[this.#byte] === 0 ? this.#zeros + 1 : 0;
    this.#byte++;
    this.#bit = 0;
    if (this.#zeros >= 2 && this.#bytes[this.#byte] === 3) {
      this.#byte++;
      this.#zeros = 0;
    }
  }
}
