import { type BitRun, BitWriter } from '../bitstream/bits.ts';
import {
  decodeIntra16,
  encodeIntra16,
  noCounts,
  prediction,
  UNIT_STEP_QP,
  writeIntra16,
} from '../bitstream/intra16.ts';
import type { GlyphSheet } from './glyph-sheet.ts';
import { colours, MB, type OverlayLayout } from './layout.ts';

/** The bits of one macroblock of text, and what its neighbours need to know of it. */
export interface TextMb {
  readonly bits: BitRun;
  readonly counts: Uint8Array;
}

/** What is drawn in one macroblock, whatever stands around it. */
interface Pattern {
  readonly luma: Uint8Array;
  /** What the macroblock to the right is predicted from: the mean of the last column as decoded. */
  readonly edge: number;
}

/** With nothing to the left and above, samples are predicted as half of 255 (clause 8.3.3.3). */
const NO_NEIGHBOUR = 128;
/** More than any demo needs, few enough to forget about: some hundred bytes each. */
const MOST_CACHED = 20_000;

/**
 * The macroblocks of the upper row, which carries a line of text. Coded macroblocks are kept by what they and their
 * left neighbour show, so that in the long run a picture costs a few look-ups.
 */
export class TextRow {
  /** Characters that fit into the line. */
  readonly length: number;
  readonly #sheet: GlyphSheet;
  readonly #layout: OverlayLayout;
  readonly #patterns = new Map<string, Pattern>();
  readonly #coded = new Map<string, TextMb>();
  readonly #writer = new BitWriter();

  constructor(sheet: GlyphSheet, layout: OverlayLayout) {
    this.#sheet = sheet;
    this.#layout = layout;
    this.length = Math.floor((layout.columns * MB - 2 * layout.margin) / sheet.pitch);
  }

  /** First macroblock that shows anything of a character. */
  firstMbOf(character: number): number {
    return (this.#layout.margin + character * this.#sheet.pitch) >> 4;
  }

  /** Last macroblock that shows anything of a character. */
  lastMbOf(character: number): number {
    return (this.#layout.margin + (character + 1) * this.#sheet.pitch - 1) >> 4;
  }

  /**
   * The macroblock in `column` of a row that shows `line`, from mb_type on. `left` is the macroblock to the left if it
   * is coded in this slice; undefined if it was skipped, or is not there (column 0).
   */
  codedMb(line: string, column: number, isIntraSlice: boolean, left: TextMb | undefined): TextMb {
    const key = `${isIntraSlice ? 'I' : 'P'}${left ? '+' : '-'}${this.#key(line, column - 1)}|${this.#key(line, column)}`;
    const known = this.#coded.get(key);
    if (known) return known;
    const predicted = column === 0 ? NO_NEIGHBOUR : this.#pattern(line, column - 1).edge;
    const mb = encodeIntra16(this.#pattern(line, column).luma, predicted, UNIT_STEP_QP);
    writeIntra16(this.#writer.reset(), mb, prediction.mean, {
      isIntraSlice,
      qpDelta: 0,
      left: left?.counts ?? (column === 0 ? undefined : noCounts),
      above: undefined,
    });
    const coded = { bits: this.#writer.toRun(), counts: mb.counts };
    if (this.#coded.size >= MOST_CACHED) this.#coded.clear();
    this.#coded.set(key, coded);
    return coded;
  }

  /** What a macroblock shows, in short: where the first of its characters begins, and the characters. */
  #key(line: string, column: number): string {
    if (column < 0) return '';
    const from = column * MB - this.#layout.margin;
    const { pitch } = this.#sheet;
    const first = Math.floor(from / pitch);
    return `${from - first * pitch}${line.slice(Math.max(0, first), Math.max(0, Math.floor((from + MB - 1) / pitch) + 1))}`;
  }

  #pattern(line: string, column: number): Pattern {
    const key = this.#key(line, column);
    const known = this.#patterns.get(key);
    if (known) return known;
    const luma = this.#draw(line, column);
    const decoded = decodeIntra16(
      encodeIntra16(luma, colours.background, UNIT_STEP_QP),
      colours.background,
      UNIT_STEP_QP,
    );
    // At this QP the decoded picture is the same whatever it was predicted from.
    let sum = 0;
    for (let y = 0; y < MB; y++) sum += decoded[y * MB + MB - 1]!;
    const pattern = { luma, edge: (sum + 8) >> 4 };
    if (this.#patterns.size >= MOST_CACHED) this.#patterns.clear();
    this.#patterns.set(key, pattern);
    return pattern;
  }

  #draw(line: string, column: number): Uint8Array {
    const luma = new Uint8Array(MB * MB).fill(colours.background);
    const { pitch } = this.#sheet;
    for (let x = 0; x < MB; x++) {
      const at = column * MB + x - this.#layout.margin;
      const character = at < 0 ? undefined : line[Math.floor(at / pitch)];
      if (character === undefined) continue;
      for (let y = 0; y < MB; y++) {
        const coverage = this.#sheet.coverage(character, at % pitch, y);
        luma[y * MB + x] = Math.round(
          colours.background + ((colours.text - colours.background) * coverage) / 255,
        );
      }
    }
    return luma;
  }
}
