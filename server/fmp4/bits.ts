/** A NAL unit without its emulation prevention bytes (H.264 7.3.1, H.265 7.3.1.1): every 3 behind two zeros goes. */
export function unescape(nal: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}

/** Reads bits from unescaped bytes. Throws a RangeError past their end. */
export class Bits {
  readonly #bytes: Uint8Array;
  #at: number;

  /** @param start the first byte to read */
  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start * 8;
  }

  /** Up to 32 bits, unsigned. */
  take(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#at++) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw new RangeError('the parameter set is cut short');
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  /** Unsigned Exp-Golomb code, ue(v) (H.264 9.1). */
  ue(): number {
    let zeros = 0;
    while (this.take(1) === 0) if (++zeros > 31) throw new RangeError('the parameter set cannot be read');
    return 2 ** zeros - 1 + this.take(zeros);
  }

  /** Signed Exp-Golomb code, se(v). */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -(code / 2);
  }
}
