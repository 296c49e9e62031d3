import { BitWriter } from '../bitstream/bits.ts';
import { UNIT_STEP_QP } from '../bitstream/intra16.ts';
import { wrap } from '../bitstream/nal.ts';
import type { Pps, Sps } from '../bitstream/parameter-sets.ts';
import { type SliceHeader, writeSliceHeader } from '../bitstream/slice-header.ts';
import { formats, type Format } from '../pictures.ts';
import { CELLS, fillStrip } from '../strip.ts';
import { type GlyphSheet, plain } from './glyph-sheet.ts';
import { CLOCK_LENGTH, clockText, layoutOf, type OverlayLayout, textLine } from './layout.ts';
import { StripRow } from './strip-row.ts';
import { type TextMb, TextRow } from './text-row.ts';

/** What the slice of one picture is made from. */
export interface OverlayPicture {
  readonly number: number;
  readonly caption: string;
  readonly timeMs: number;
  /** Capture time of the picture before, which a P slice starts from. */
  readonly previousTimeMs: number;
  /** Header of the scene's slice in the same picture. */
  readonly scene: SliceHeader;
  readonly sps: Sps;
  readonly pps: Pps;
}

/** Writes the slices for the two rows under the scene: caption and clock above, the strip below. */
export class Overlay {
  readonly #layout: OverlayLayout;
  readonly #text: TextRow;
  readonly #strip: StripRow;
  readonly #writer = new BitWriter(16_384);
  readonly #captions = new Map<string, string>();
  readonly #cells = new Uint8Array(CELLS);
  readonly #previousCells = new Uint8Array(CELLS);
  /** Macroblocks of text coded in the picture being written. */
  readonly #above: (TextMb | undefined)[];

  constructor(format: Format, sheet: GlyphSheet) {
    this.#layout = layoutOf(format);
    this.#text = new TextRow(sheet, this.#layout);
    this.#strip = new StripRow(this.#layout);
    this.#above = new Array<TextMb | undefined>(formats[format].width / 16).fill(undefined);
  }

  /** The NAL unit that completes a picture. */
  slice(picture: OverlayPicture): Uint8Array {
    const { scene, sps, pps, number, timeMs } = picture;
    const writer = this.#writer.reset();
    writeSliceHeader(writer, { ...scene, firstMb: this.#layout.firstMb, qp: UNIT_STEP_QP }, sps, pps);
    const line = this.#line(number, picture.caption, timeMs);
    fillStrip(this.#cells, number, timeMs);
    if (scene.isIntra) this.#writeAll(writer, line);
    else {
      fillStrip(this.#previousCells, number, picture.previousTimeMs);
      this.#writeChanges(writer, line, this.#line(number, picture.caption, picture.previousTimeMs));
    }
    return wrap(scene.nalHeader, writer.trailing().view());
  }

  #writeAll(writer: BitWriter, line: string): void {
    const { columns } = this.#layout;
    const above = this.#above;
    for (let column = 0; column < columns; column++) {
      const mb = this.#text.codedMb(line, column, true, above[column - 1]);
      above[column] = mb;
      writer.run(mb.bits);
    }
    for (let column = 0; column < columns; column++) {
      writer.run(this.#strip.codedMb(this.#cells, column, true, column === 0, above[column]?.counts));
    }
  }

  #writeChanges(writer: BitWriter, line: string, previous: string): void {
    const { columns } = this.#layout;
    const above = this.#above.fill(undefined);
    let skipped = 0;
    // Only the clock changes, and from its first changed digit on mostly all of it: one run is never far off.
    let first = line.length - CLOCK_LENGTH;
    while (first < line.length && line[first] === previous[first]) first++;
    if (first === line.length) skipped = columns;
    else {
      let last = line.length - 1;
      while (line[last] === previous[last]) last--;
      const from = this.#text.firstMbOf(first);
      const to = this.#text.lastMbOf(last);
      writer.ue(from);
      for (let column = from; column <= to; column++) {
        if (column > from) writer.ue(0);
        const mb = this.#text.codedMb(line, column, false, above[column - 1]);
        above[column] = mb;
        writer.run(mb.bits);
      }
      skipped = columns - 1 - to;
    }
    let isFirst = true;
    for (let column = 0; column < columns; column++) {
      if (!this.#strip.differs(this.#cells, this.#previousCells, column)) {
        skipped++;
        continue;
      }
      writer.ue(skipped);
      writer.run(this.#strip.codedMb(this.#cells, column, false, isFirst, above[column]?.counts));
      isFirst = false;
      skipped = 0;
    }
    if (skipped > 0) writer.ue(skipped);
  }

  #line(number: number, caption: string, timeMs: number): string {
    const words = `${String(number).padStart(3, '0')}  ${caption}`;
    let text = this.#captions.get(words);
    if (text === undefined) {
      text = textLine(plain(words), ' '.repeat(CLOCK_LENGTH), this.#text.length).slice(0, -CLOCK_LENGTH);
      if (this.#captions.size > 2_000) this.#captions.clear();
      this.#captions.set(words, text);
    }
    return text + clockText(timeMs);
  }
}
