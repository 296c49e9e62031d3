/**
 * Baseline JPEG (ITU-T T.81) in pieces: a picture may be coded in parts that stand below each other, each on its own, and
 * the parts be joined without being coded again. Only so can a clock run over a scene that is coded once.
 */
import { forwardDct } from './dct.ts';
import { huffman, type HuffmanTable, quantisationFor, zigzag } from './jpeg-tables.ts';

export interface Pixels {
  /** RGBA, sRGB; alpha is not looked at. */
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** Lines and columns of a block. */
export const BLOCK = 8;

/** Huffman words by symbol: length in the upper bits, the word in the lower sixteen. */
function codesOf({ counts, values }: HuffmanTable): Uint32Array {
  const codes = new Uint32Array(256);
  let code = 0;
  let at = 0;
  counts.forEach((count, i) => {
    for (let k = 0; k < count; k++) codes[values[at++]!] = ((i + 1) << 16) | code++;
    code <<= 1;
  });
  return codes;
}

const codes = {
  luma: { dc: codesOf(huffman.luma.dc), ac: codesOf(huffman.luma.ac) },
  chroma: { dc: codesOf(huffman.chroma.dc), ac: codesOf(huffman.chroma.ac) },
};
const END_OF_BLOCK = 0x00;
const SIXTEEN_ZEROS = 0xf0;

/** Bits into bytes, the most significant first; a byte of ones is followed by one of noughts (F.1.2.3). */
class ScanWriter {
  #bytes = new Uint8Array(16_384);
  #length = 0;
  #bits = 0;
  #count = 0;

  /** The lowest `count` bits, 16 at most. */
  put(value: number, count: number): void {
    this.#bits = (this.#bits << count) | (value & ((1 << count) - 1));
    this.#count += count;
    while (this.#count >= 8) {
      this.#count -= 8;
      this.#byte((this.#bits >>> this.#count) & 0xff);
    }
    this.#bits &= (1 << this.#count) - 1;
  }

  /** Filled up with ones. */
  end(): Uint8Array {
    if (this.#count > 0) this.put(0xff, 8 - this.#count);
    return this.#bytes.slice(0, this.#length);
  }

  #byte(byte: number): void {
    if (this.#length + 2 > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
    if (byte === 0xff) this.#bytes[this.#length++] = 0;
  }
}

/** How strongly levels are rounded, line by line of a block. */
export interface Quantisation {
  readonly luma: readonly number[];
  readonly chroma: readonly number[];
}

/** Quantisation for a quality of 1 to 100. */
export const quantisationOf = (quality: number): Quantisation => ({
  luma: quantisationFor('luma', quality),
  chroma: quantisationFor('chroma', quality),
});

/** Codes pictures, and parts of pictures. */
export class JpegEncoder {
  /** Lines and columns of a unit: all parts of a picture but the last end where units do. */
  readonly unit: number;
  readonly #steps: Quantisation;
  /** One by the step, in zigzag order. */
  readonly #shares: { readonly luma: Float64Array; readonly chroma: Float64Array };
  readonly #lumas: readonly Float64Array[];
  readonly #blue = new Float64Array(64);
  readonly #red = new Float64Array(64);

  /** `chroma`: colour for each pixel, or for two by two of them. */
  constructor(steps: Quantisation, chroma: 'full' | 'half' = 'full') {
    this.unit = chroma === 'full' ? BLOCK : 2 * BLOCK;
    this.#lumas = Array.from({ length: chroma === 'full' ? 1 : 4 }, () => new Float64Array(64));
    this.#steps = steps;
    const shares = (line: readonly number[]): Float64Array =>
      Float64Array.from(zigzag, (place) => 1 / line[place]!);
    this.#shares = { luma: shares(steps.luma), chroma: shares(steps.chroma) };
  }

  /** The coded blocks of a part; what misses to whole blocks is filled with the last line and column. */
  scan(part: Pixels): Uint8Array {
    const writer = new ScanWriter();
    const { luma, chroma } = this.#shares;
    let [beforeY, beforeCb, beforeCr] = [0, 0, 0];
    for (let top = 0; top < part.height; top += this.unit)
      for (let left = 0; left < part.width; left += this.unit) {
        this.#load(part, left, top);
        for (const block of this.#lumas) beforeY = writeBlock(writer, block, luma, codes.luma, beforeY);
        beforeCb = writeBlock(writer, this.#blue, chroma, codes.chroma, beforeCb);
        beforeCr = writeBlock(writer, this.#red, chroma, codes.chroma, beforeCr);
      }
    return writer.end();
  }

  /**
   * One picture of two parts that stand below each other; the first one is `firstHeight` lines high. Throws a RangeError
   * where it does not end with a unit, or has fewer units than the second.
   */
  join(
    width: number,
    height: number,
    firstHeight: number,
    parts: readonly [Uint8Array, Uint8Array],
  ): Uint8Array {
    const { unit } = this;
    if (firstHeight % unit !== 0) throw new RangeError('Parts end where units do');
    if (Math.ceil((height - firstHeight) / unit) > firstHeight / unit)
      throw new RangeError('The second part would need a restart of its own');
    const units = Math.ceil(width / unit) * (firstHeight / unit);
    // Samples of luma for one of chroma, across and down.
    const sampling = unit === BLOCK ? 0x11 : 0x22;
    return Uint8Array.from(
      Buffer.concat([
        Buffer.from([0xff, 0xd8]),
        segment(0xe0, [...Buffer.from('JFIF\0'), 1, 1, 0, ...word(1), ...word(1), 0, 0]),
        segment(0xdb, [
          ...[0, ...zigzag.map((place) => this.#steps.luma[place]!)],
          ...[1, ...zigzag.map((place) => this.#steps.chroma[place]!)],
        ]),
        segment(0xc0, [8, ...word(height), ...word(width), 3, ...[1, sampling, 0, 2, 0x11, 1, 3, 0x11, 1]]),
        huffmanSegment,
        // After the first part everything starts anew, as if a restart had been planned there.
        segment(0xdd, word(units)),
        segment(0xda, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]),
        parts[0],
        Buffer.from([0xff, 0xd0]),
        parts[1],
        Buffer.from([0xff, 0xd9]),
      ]),
    );
  }

  #load({ data, width, height }: Pixels, left: number, top: number): void {
    const blue = this.#blue.fill(0);
    const red = this.#red.fill(0);
    const shift = this.#lumas.length === 1 ? 0 : 1;
    const share = 1 / this.#lumas.length;
    this.#lumas.forEach((luma, part) => {
      const [right, down] = [(part & 1) * BLOCK, (part >> 1) * BLOCK];
      for (let y = 0; y < BLOCK; y++) {
        const line = Math.min(top + down + y, height - 1) * width;
        for (let x = 0; x < BLOCK; x++) {
          const at = (line + Math.min(left + right + x, width - 1)) * 4;
          const r = data[at]!;
          const g = data[at + 1]!;
          const b = data[at + 2]!;
          // JFIF 1.02, about zero.
          luma[y * BLOCK + x] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
          const i = ((down + y) >> shift) * BLOCK + ((right + x) >> shift);
          blue[i]! += share * (-0.168736 * r - 0.331264 * g + 0.5 * b);
          red[i]! += share * (0.5 * r - 0.418688 * g - 0.081312 * b);
        }
      }
    });
  }
}

/** Clause F.1.2. Gives the block's first level, from which the next one counts. */
function writeBlock(
  writer: ScanWriter,
  block: Float64Array,
  shares: Float64Array,
  { dc, ac }: { readonly dc: Uint32Array; readonly ac: Uint32Array },
  before: number,
): number {
  forwardDct(block);
  const first = nearest(block[0]! * shares[0]!);
  const size = sizeOf(first - before);
  putCode(writer, dc[size]!);
  putLevel(writer, first - before, size);
  let zeros = 0;
  for (let i = 1; i < 64; i++) {
    const level = nearest(block[zigzag[i]!]! * shares[i]!);
    if (level === 0) {
      zeros++;
      continue;
    }
    for (; zeros >= 16; zeros -= 16) putCode(writer, ac[SIXTEEN_ZEROS]!);
    const bits = sizeOf(level);
    putCode(writer, ac[(zeros << 4) | bits]!);
    putLevel(writer, level, bits);
    zeros = 0;
  }
  if (zeros > 0) putCode(writer, ac[END_OF_BLOCK]!);
  return first;
}

/** The nearest whole number, quicker than Math.round; none here has more than eleven bits. */
const nearest = (value: number): number => (value < 0 ? value - 0.5 : value + 0.5) | 0;
const sizeOf = (level: number): number => 32 - Math.clz32(Math.abs(level));

function putCode(writer: ScanWriter, code: number): void {
  writer.put(code & 0xffff, code >>> 16);
}

/** Negative levels are written as one less (table F.1). */
function putLevel(writer: ScanWriter, level: number, size: number): void {
  if (size > 0) writer.put(level < 0 ? level - 1 : level, size);
}

const word = (value: number): number[] => [value >> 8, value & 0xff];

const segment = (marker: number, content: readonly number[]): Buffer =>
  Buffer.from([0xff, marker, ...word(content.length + 2), ...content]);

/** Tables K.3 to K.6 as a segment. */
export const huffmanSegment = segment(0xc4, [
  ...[0x00, ...huffman.luma.dc.counts, ...huffman.luma.dc.values],
  ...[0x01, ...huffman.chroma.dc.counts, ...huffman.chroma.dc.values],
  ...[0x10, ...huffman.luma.ac.counts, ...huffman.luma.ac.values],
  ...[0x11, ...huffman.chroma.ac.counts, ...huffman.chroma.ac.values],
]);
