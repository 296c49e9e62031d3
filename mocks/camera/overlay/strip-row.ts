import { type BitRun, BitWriter } from '../bitstream/bits.ts';
import { EIGHT_STEP_QP, noCounts, prediction, UNIT_STEP_QP, writeIntra16 } from '../bitstream/intra16.ts';
import { colours, type OverlayLayout } from './layout.ts';

/** Levels by which a light cell stands above a dark one. */
const STEP = (colours.cell - colours.background) / 8;
const HIGHEST_COUNT = 16;

/**
 * The macroblocks of the lower row, which carries the strip: one or two flat cells in each, from top to bottom.
 * A macroblock continues the last column of the one to its left (the first one the blank margin above it), so one or
 * two DC levels say all, and they come out exact.
 */
export class StripRow {
  readonly #cellsPerMb: number;
  readonly #coded: (BitRun | undefined)[] = [];
  readonly #writer = new BitWriter(64);

  constructor(layout: OverlayLayout) {
    this.#cellsPerMb = layout.cellsPerMb;
  }

  /** Whether the cells in `column` differ between two strips. */
  differs(a: Uint8Array, b: Uint8Array, column: number): boolean {
    const first = column * this.#cellsPerMb;
    for (let i = first; i < first + this.#cellsPerMb; i++) if (a[i] !== b[i]) return true;
    return false;
  }

  /**
   * The macroblock in `column`, from mb_type on. `isFirst` in its slice, after macroblocks of text;
   * `above` are the counts of the macroblock above if it is coded in this slice.
   */
  codedMb(
    cells: Uint8Array,
    column: number,
    isIntraSlice: boolean,
    isFirst: boolean,
    above: Uint8Array | undefined,
  ): BitRun {
    const at = column * this.#cellsPerMb;
    const left = column === 0 ? 0 : cells[at - 1]!;
    const first = cells[at]!;
    const second = cells[at + this.#cellsPerMb - 1]!;
    // Only the lower left block above is next to the block that carries the levels.
    const aboveCount = above?.[12] ?? 0;
    let key = (left << 2) | (first << 1) | second;
    key = key * 8 + (isIntraSlice ? 4 : 0) + (isFirst ? 2 : 0) + (column === 0 ? 1 : 0);
    key = key * (HIGHEST_COUNT + 1) + aboveCount;
    return (this.#coded[key] ??= this.#code(left, first, second, {
      isIntraSlice,
      qpDelta: isFirst ? EIGHT_STEP_QP - UNIT_STEP_QP : 0,
      left: column === 0 ? undefined : noCounts,
      above: above ?? noCounts,
    }));
  }

  #code(left: number, first: number, second: number, around: Parameters<typeof writeIntra16>[3]): BitRun {
    const a = (first - left) * STEP;
    const b = (second - left) * STEP;
    const dc = new Int32Array(16);
    // Columns of blocks a, a, b, b: their mean, and half their difference as the second function across.
    dc[0] = (a + b) / 2;
    dc[1] = (a - b) / 2;
    const mb = { dc, ac: undefined, counts: noCounts };
    writeIntra16(this.#writer.reset(), mb, around.left ? prediction.horizontal : prediction.mean, around);
    return this.#writer.toRun();
  }
}
