import { formats, type Format } from '../pictures.ts';
import { CELLS } from '../strip.ts';

/** Colours of the two rows, luma 16…235; chroma is neutral. Quiet, as a camera's own display is. */
export const colours = {
  background: 20,
  text: 196,
  /** A light cell of the strip; eight luma steps times a whole number above the background. */
  cell: 20 + 8 * 7,
} as const;

/** Where things stand in the two macroblock rows under a scene. */
export interface OverlayLayout {
  /** Macroblocks across. */
  readonly columns: number;
  /** Number of the first macroblock of the two rows. */
  readonly firstMb: number;
  /** Luma columns left free on both sides of the line of text. One macroblock: it never changes. */
  readonly margin: number;
  /** Cells of the strip in each macroblock. */
  readonly cellsPerMb: number;
}

export const MB = 16;
const MARGIN = MB;

/** Macroblock rows of the whole coded picture; the small format's last row is shown by half. */
export const rowsOf = (format: Format): number => Math.ceil(formats[format].height / MB);

export function layoutOf(format: Format): OverlayLayout {
  const columns = formats[format].width / MB;
  return {
    columns,
    firstMb: (rowsOf(format) - 2) * columns,
    margin: MARGIN,
    cellsPerMb: CELLS / columns,
  };
}

/** The line of text: caption at its beginning, shortened where it must be, clock at its end. */
export function textLine(caption: string, clock: string, length: number): string {
  const room = length - clock.length - 2;
  return (
    (caption.length > room ? `${caption.slice(0, room - 1)}.` : caption).padEnd(length - clock.length) + clock
  );
}

let cachedSecond = NaN;
let cachedText = '';

/** The clock: `2026-11-20 12:04:31.240Z`, always 24 characters. */
export function clockText(timeMs: number): string {
  const second = Math.floor(timeMs / 1000);
  if (second !== cachedSecond) {
    cachedText = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');
    cachedSecond = second;
  }
  return `${cachedText}.${String(timeMs - second * 1000).padStart(3, '0')}Z`;
}
export const CLOCK_LENGTH = 24;
