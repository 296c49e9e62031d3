import { BitWriter } from '../bitstream/bits.ts';
import { UNIT_STEP_QP } from '../bitstream/intra16.ts';
import { wrap } from '../bitstream/nal.ts';
import type { Pps, Sps } from '../bitstream/parameter-sets.ts';
import { type SliceHeader, writeSliceHeader } from '../bitstream/slice-header.ts';
import type { Format, PictureSubject } from '../pictures.ts';
import { CELLS, fillStrip } from '../strip.ts';
import type { GlyphSheet } from './glyph-sheet.ts';
import { CLOCK_LENGTH, layoutOf, type OverlayLayout } from './layout.ts';
import { OverlayLine } from './line.ts';
import { StripRow } from './strip-row.ts';
import { type TextMb, TextRow } from './text-row.ts';

/** Writes the slices for the two rows under the scene: caption and clock above, the strip below. */
export class Overlay {
  readonly #layout: OverlayLayout;
  readonly #text: TextRow;
  readonly #strip: StripRow;
  readonly #writer = new BitWriter(16_384);
  readonly #lines: OverlayLine;
  readonly #cells = new Uint8Array(CELLS);
  readonly #previousCells = new Uint8Array(CELLS);
  /** Macroblocks of text coded in the picture being written. */
  readonly #above: (TextMb | undefined)[];

  constructor(format: Format, sheet: GlyphSheet) {
    this.#layout = layoutOf(format);
    this.#text = new TextRow(sheet, this.#layout);
    this.#lines = new OverlayLine(this.#text.length);
    this.#strip = new StripRow(this.#layout);
    this.#above = new Array<TextMb | undefined>(this.#layout.columns).fill(undefined);
  }

  /**
   * The NAL unit that completes the picture of which `scene` is the header of the scene's slice. A P slice changes
   * what the picture taken at `previousTimeMs` showed.
   */
  slice(
    subject: PictureSubject,
    timeMs: number,
    previousTimeMs: number,
    scene: SliceHeader,
    sets: { readonly sps: Sps; readonly pps: Pps },
  ): Uint8Array {
    const writer = this.#writer.reset();
    writeSliceHeader(writer, scene, this.#layout.firstMb, UNIT_STEP_QP, sets.sps, sets.pps);
    const line = this.#lines.at(subject, timeMs);
    fillStrip(this.#cells, subject.number, timeMs);
    if (scene.isIntra) this.#writeAll(writer, line);
    else {
      fillStrip(this.#previousCells, subject.number, previousTimeMs);
      this.#writeChanges(writer, line, this.#lines.at(subject, previousTimeMs));
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
    let skipped = columns;
    // Only the clock changes, and from its first changed digit on mostly all of it: one run is never far off.
    let first = line.length - CLOCK_LENGTH;
    while (first < line.length && line[first] === previous[first]) first++;
    if (first < line.length) {
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
}
