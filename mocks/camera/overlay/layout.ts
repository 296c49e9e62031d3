import { formats, type Format } from '../pictures.ts';
import { CELLS } from '../strip.ts';

/**
 * Colours of the two rows, luma 16…235; chroma is neutral. Quiet, as a camera's own display is: the background is that
 * of the scenes' lowest lines, so that all of it makes one bar.
 */
export const colours = {
  background: 28,
  text: 196,
  /** A light cell of the strip. Above the background by a multiple of 16, so that strip-row.ts can say it exactly. */
  cell: 28 + 48,
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

/** A caption of exactly `length` characters: filled with blanks, or cut, with two blanks at least before the clock. */
export function captionText(caption: string, length: number): string {
  const room = length - 2;
  const text = caption.length > room ? `${caption.slice(0, room - 2).trimEnd()}..` : caption;
  return text.padEnd(length);
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
