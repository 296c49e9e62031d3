import type { GlyphSheet } from '../overlay/glyph-sheet.ts';
import { CLOCK_LENGTH, colours, layoutOf, MB } from '../overlay/layout.ts';
import { OverlayLine } from '../overlay/line.ts';
import { formats, type PictureSubject } from '../pictures.ts';
import { CELLS, fillStrip, STRIP_HEIGHT } from '../strip.ts';
import type { Pixels } from './jpeg.ts';

const { width, height } = formats.sub;
const stripHeight = height * STRIP_HEIGHT;
/** Lines under the scene: caption and clock, then the strip. */
export const CAPTION_HEIGHT = MB + stripHeight;

/** Luma of the video's limited range as a grey of the full one. */
const grey = (luma: number): number => Math.round(((luma - 16) * 255) / 219);
const background = grey(colours.background);
const [text, cell] = [grey(colours.text) - background, grey(colours.cell)];

/** Draws the lines under a still just as the overlay codes them into the video of the same size. */
export class Caption {
  readonly #sheet: GlyphSheet;
  readonly #lines: OverlayLine;
  readonly #cells = new Uint8Array(CELLS);
  readonly #margin = layoutOf('sub').margin;

  constructor(sheet: GlyphSheet) {
    this.#sheet = sheet;
    const length = Math.floor((width - 2 * this.#margin) / sheet.pitch);
    if (length <= CLOCK_LENGTH) throw new RangeError('The letters are too wide for a line');
    this.#lines = new OverlayLine(length);
  }

  /** {@link CAPTION_HEIGHT} lines of `into`, from line `top` on. */
  draw(into: Pixels, top: number, subject: PictureSubject, timeMs: number): void {
    const { data } = into;
    data.fill(background, top * width * 4, (top + CAPTION_HEIGHT) * width * 4);
    const line = this.#lines.at(subject, timeMs);
    const { pitch } = this.#sheet;
    for (let i = 0; i < line.length; i++) {
      if (line[i] === ' ') continue;
      for (let y = 0; y < MB; y++)
        for (let x = 0; x < pitch; x++) {
          const coverage = this.#sheet.coverage(line[i]!, x, y);
          if (coverage === 0) continue;
          const at = ((top + y) * width + this.#margin + i * pitch + x) * 4;
          data.fill(Math.round(background + (text * coverage) / 255), at, at + 3);
        }
    }
    fillStrip(this.#cells, subject.number, timeMs);
    const cellWidth = width / CELLS;
    this.#cells.forEach((isLight, i) => {
      if (isLight === 0) return;
      for (let y = top + MB; y < top + CAPTION_HEIGHT; y++)
        data.fill(cell, (y * width + i * cellWidth) * 4, (y * width + (i + 1) * cellWidth) * 4);
    });
  }
}
