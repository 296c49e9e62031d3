import type { Format } from '../pictures.ts';

/** First and last character that has a glyph: printable ASCII. */
export const FIRST = 0x20;
export const LAST = 0x7e;
export const PER_LINE = 16;
/** One macroblock row. */
export const CELL_HEIGHT = 16;

/** How large the letters are: on the small picture 80 to the line, on the large one a little taller and 138. */
export const sheets = {
  main: { url: new URL('glyphs/main.pgm', import.meta.url), pitch: 9, fontPx: 15, baseline: 12 },
  sub: { url: new URL('glyphs/sub.pgm', import.meta.url), pitch: 8, fontPx: 13.33, baseline: 12 },
} as const satisfies Record<Format, unknown>;

/** Glyphs of one size: coverage 0…255 for every sample of a character's cell. */
export interface GlyphSheet {
  /** Columns from one character to the next. */
  readonly pitch: number;
  /** Coverage at column `x` (0…pitch - 1) and line `y` (0…15) of a character that {@link plain} let through. */
  coverage(character: string, x: number, y: number): number;
}

/** Takes apart a sheet drawn by glyphs/draw.ts: binary PGM of eight bits, whose samples are the end of the file. */
export function parseGlyphSheet(file: Uint8Array, format: Format): GlyphSheet {
  const { pitch } = sheets[format];
  const width = PER_LINE * pitch;
  const height = Math.ceil((LAST - FIRST + 1) / PER_LINE) * CELL_HEIGHT;
  if (file.length <= width * height) throw new RangeError(`The ${format} glyph sheet is too short`);
  const samples = file.subarray(file.length - width * height);
  return {
    pitch,
    coverage(character, x, y) {
      const cell = character.charCodeAt(0) - FIRST;
      const column = (cell % PER_LINE) * pitch + x;
      return samples[(Math.floor(cell / PER_LINE) * CELL_HEIGHT + y) * width + column] ?? 0;
    },
  };
}

const lookalikes: Readonly<Record<string, string>> = {
  '–': '-',
  '—': '-',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '·': '.',
  '×': 'x',
};

/** The text in characters that have a glyph: accents dropped, dashes and quotes made plain, all else a question mark. */
export function plain(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^ -~]/gu, (character) => lookalikes[character] ?? '?');
}
