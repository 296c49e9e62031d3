/**
 * The machine-readable strip along the lower edge of every synthetic picture: one row of square cells, each dark or
 * a little less dark. It says which camera and which moment a picture shows, however it got to the screen.
 * Nothing from Node here: the reader runs in pages as well.
 */

/** Cells across the whole width of the picture. */
export const CELLS = 80;
/** Height of the strip as a part of the picture's height: 8 of 360 lines, 16 of 720. */
export const STRIP_HEIGHT = 1 / 45;

/** Cells before and after the payload that are always the same: they give away dark and light. */
const HEAD = [1, 0, 1, 0] as const;
const TAIL = [0, 1, 0, 1, 0, 1] as const;
const NUMBER_BITS = 10;
/** Milliseconds since 1970 for as long as the year 2527. */
const TIME_BITS = 44;
const CHECK_BITS = 16;
const PAYLOAD_BITS = NUMBER_BITS + TIME_BITS;

/** Light and dark must differ by this much (of 255) for anything to be read. */
const LEAST_CONTRAST = 12;

export interface StripReading {
  /** The camera's number. */
  readonly number: number;
  /** Capture time, epoch ms. */
  readonly timeMs: number;
}

/** Fills `cells` ({@link CELLS} long) with 0 (dark) and 1 (light). Throws a RangeError for a number over 1023. */
export function fillStrip(cells: Uint8Array, number: number, timeMs: number): void {
  if (!(number >= 0 && number < 2 ** NUMBER_BITS)) throw new RangeError(`No strip can say camera ${number}`);
  cells.set(HEAD, 0);
  writeBits(cells, HEAD.length, NUMBER_BITS, number);
  writeBits(cells, HEAD.length + NUMBER_BITS, TIME_BITS, timeMs);
  writeBits(cells, HEAD.length + PAYLOAD_BITS, CHECK_BITS, checksum(cells, HEAD.length, PAYLOAD_BITS));
  cells.set(TAIL, CELLS - TAIL.length);
}

/**
 * Reads the strip from a picture in RGBA, drawn at any size from about a quarter of the small format up, possibly
 * off by a pixel. Undefined where there is none or its checksum is wrong.
 */
export function readStrip(picture: {
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly width: number;
  readonly height: number;
}): StripReading | undefined {
  const { data, width, height } = picture;
  if (width < 2 * CELLS || height < 45 || data.length < width * height * 4) return undefined;
  const stripHeight = height * STRIP_HEIGHT;
  const line = new Float32Array(width);
  // The middle of the strip first; then towards its edges, for pictures drawn a little off.
  for (const y of [0.5, 0.35, 0.65, 0.2, 0.8]) {
    readLine(line, data, width, height, height - stripHeight * y, stripHeight * 0.3);
    for (const shift of [0, -0.5, 0.5, -1, 1]) {
      const reading = readCells(line, width, shift);
      if (reading) return reading;
    }
  }
  return undefined;
}

/** Luma along a line, the mean over `thickness` pixels around `y`. */
function readLine(
  line: Float32Array,
  data: Uint8ClampedArray | Uint8Array,
  width: number,
  height: number,
  y: number,
  thickness: number,
): void {
  const first = Math.max(0, Math.min(height - 1, Math.floor(y - thickness / 2)));
  const last = Math.max(first, Math.min(height - 1, Math.ceil(y + thickness / 2) - 1));
  line.fill(0);
  for (let row = first; row <= last; row++) {
    for (let x = 0; x < width; x++) {
      const i = (row * width + x) * 4;
      line[x]! += 0.2126 * data[i]! + 0.7152 * data[i + 1]! + 0.0722 * data[i + 2]!;
    }
  }
  for (let x = 0; x < width; x++) line[x]! /= last - first + 1;
}

/** Where the known dark cells are, and the known light ones. */
const known = [0, 1].map((bit) => [
  ...HEAD.flatMap((at, i) => (at === bit ? [i] : [])),
  ...TAIL.flatMap((at, i) => (at === bit ? [CELLS - TAIL.length + i] : [])),
]);
const levels = new Float32Array(CELLS);
const bits = new Uint8Array(CELLS);

/** Reads the cells of a line that is drawn `shift` pixels to the right of where it should be. */
function readCells(line: Float32Array, width: number, shift: number): StripReading | undefined {
  const cellWidth = width / CELLS;
  for (let cell = 0; cell < CELLS; cell++) {
    // The middle half of the cell; its edges carry what scaling and compression smear over.
    levels[cell] = meanBetween(line, (cell + 0.25) * cellWidth + shift, (cell + 0.75) * cellWidth + shift);
  }
  const [dark, light] = known.map(
    (cells) => cells.reduce((sum, cell) => sum + levels[cell]!, 0) / cells.length,
  );
  if (dark === undefined || light === undefined) return undefined;
  if (light - dark < LEAST_CONTRAST) return undefined;
  const threshold = (light + dark) / 2;
  for (let cell = 0; cell < CELLS; cell++) bits[cell] = levels[cell]! > threshold ? 1 : 0;
  if (HEAD.some((bit, i) => bits[i] !== bit)) return undefined;
  if (TAIL.some((bit, i) => bits[CELLS - TAIL.length + i] !== bit)) return undefined;
  const check = readBits(bits, HEAD.length + PAYLOAD_BITS, CHECK_BITS);
  if (check !== checksum(bits, HEAD.length, PAYLOAD_BITS)) return undefined;
  return {
    number: readBits(bits, HEAD.length, NUMBER_BITS),
    timeMs: readBits(bits, HEAD.length + NUMBER_BITS, TIME_BITS),
  };
}

/** Mean of a line between two places within it, pixels at the ends counted in part. */
function meanBetween(line: Float32Array, from: number, to: number): number {
  const start = Math.max(0, from);
  const end = Math.min(line.length, to);
  let sum = 0;
  for (let x = Math.floor(start); x < end; x++) {
    sum += line[x]! * (Math.min(end, x + 1) - Math.max(start, x));
  }
  return sum / (end - start);
}

function writeBits(cells: Uint8Array, at: number, count: number, value: number): void {
  let rest = value;
  for (let i = at + count - 1; i >= at; i--) {
    cells[i] = rest % 2;
    rest = Math.floor(rest / 2);
  }
}

function readBits(cells: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) value = value * 2 + cells[i]!;
  return value;
}

/** CRC-16/CCITT-FALSE over single bits: polynomial x^16 + x^12 + x^5 + 1, all ones to begin with. */
function checksum(cells: Uint8Array, at: number, count: number): number {
  let crc = 0xffff;
  for (let i = at; i < at + count; i++) {
    const carry = (crc >> 15) ^ cells[i]!;
    crc = (crc << 1) & 0xffff;
    if (carry) crc ^= 0x1021;
  }
  return crc;
}
