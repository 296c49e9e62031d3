import type { BitWriter } from './bits.ts';
import { writeResidual } from './cavlc.ts';

/**
 * One macroblock predicted as a whole (Intra_16x16), luma only: chroma stays as predicted. Levels stand in zig-zag
 * order, blocks in coding order (ITU-T H.264 clauses 8.3.3 and 8.5.2).
 */
export interface Intra16 {
  readonly dc: Int32Array;
  /** Sixteen blocks of fifteen levels each; undefined when all of them are zero. */
  readonly ac: Int32Array | undefined;
  /** Number of AC levels that are not zero, per block in raster order: the context of blocks to the right and below. */
  readonly counts: Uint8Array;
}

/** Intra_16x16 prediction modes (table 8-4): continue the column to the left, or the mean of what surrounds. */
export const prediction = { horizontal: 1, mean: 2 } as const;

/** A QP at which one DC level is exactly one luma step in a flat block, so that flat colours come out to the bit. */
export const UNIT_STEP_QP = 28;
/** The same with eight luma steps to the level: large flat steps for few bits. */
export const EIGHT_STEP_QP = 46;

/** Raster number (4×4 blocks of a macroblock) of each block in coding order (figure 6-10). */
const rasterOf = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15] as const;
/** Raster positions in zig-zag order (figure 8-8). */
const zigZag = [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15] as const;

/** Quantiser per QP % 6, for positions even/even, odd/odd, and mixed; its inverse is normAdjust (eq. 8-315). */
const quantiser = [
  [13107, 5243, 8066],
  [11916, 4660, 7490],
  [10082, 4194, 6554],
  [9362, 3647, 5825],
  [8192, 3355, 5243],
  [7282, 2893, 4559],
] as const;
const normAdjust = [
  [10, 16, 13],
  [11, 18, 14],
  [13, 20, 16],
  [14, 23, 18],
  [16, 25, 20],
  [18, 29, 23],
] as const;
const classOf = (raster: number): 0 | 1 | 2 => {
  const isOddColumn = raster & 1;
  const isOddRow = (raster >> 2) & 1;
  return isOddColumn !== isOddRow ? 2 : isOddColumn === 1 ? 1 : 0;
};

/**
 * Transforms and quantises a macroblock of 16×16 luma samples, less the one value it is predicted from. At
 * {@link UNIT_STEP_QP} the picture that comes out does not depend on `predicted`.
 */
export function encodeIntra16(luma: Uint8Array, predicted: number, qp: number): Intra16 {
  const shift = 15 + Math.floor(qp / 6);
  const factors = quantiser[(qp % 6) as 0];
  const means = new Int32Array(16);
  const ac = new Int32Array(16 * 15);
  const counts = new Uint8Array(16);
  const block = new Int32Array(16);
  for (let coded = 0; coded < 16; coded++) {
    const raster = rasterOf[coded]!;
    const origin = (raster >> 2) * 64 + (raster & 3) * 4;
    for (let i = 0; i < 16; i++) block[i] = luma[origin + (i >> 2) * 16 + (i & 3)]! - predicted;
    transform(block);
    means[raster] = block[0]!;
    for (let i = 1; i < 16; i++) {
      const value = block[zigZag[i]!]!;
      const factor = factors[classOf(zigZag[i]!)];
      // A third of a step as rounding: what x264 and the reference encoder use for intra blocks.
      const level = Math.floor((Math.abs(value) * factor) / 2 ** shift + 1 / 3);
      if (level === 0) continue;
      ac[coded * 15 + i - 1] = value < 0 ? -level : level;
      counts[raster]!++;
    }
  }
  hadamard(means);
  const dc = new Int32Array(16);
  for (let i = 0; i < 16; i++) {
    // Rounded upwards on both sides of zero: only so does a shift of all samples shift nothing but the first level.
    dc[i] = Math.floor((means[zigZag[i]!]! * factors[0]) / 2 ** (shift + 2) + 0.5);
  }
  return { dc, ac: counts.some((count) => count > 0) ? ac : undefined, counts };
}

/** The luma samples a decoder makes of the macroblock (clauses 8.5.2, 8.5.10, 8.5.12). */
export function decodeIntra16(mb: Intra16, predicted: number, qp: number): Uint8Array {
  const scale = normAdjust[(qp % 6) as 0];
  const sixth = Math.floor(qp / 6);
  const means = new Int32Array(16);
  for (let i = 0; i < 16; i++) means[zigZag[i]!] = mb.dc[i]!;
  hadamard(means);
  const luma = new Uint8Array(256);
  const block = new Int32Array(16);
  for (let coded = 0; coded < 16; coded++) {
    const raster = rasterOf[coded]!;
    const mean = means[raster]! * scale[0] * 16;
    block[0] = sixth >= 6 ? mean << (sixth - 6) : (mean + (1 << (5 - sixth))) >> (6 - sixth);
    for (let i = 1; i < 16; i++) {
      const position = zigZag[i]!;
      const level = mb.ac?.[coded * 15 + i - 1] ?? 0;
      const value = level * scale[classOf(position)] * 16;
      block[position] = sixth >= 4 ? value << (sixth - 4) : (value + (1 << (3 - sixth))) >> (4 - sixth);
    }
    inverseTransform(block);
    const origin = (raster >> 2) * 64 + (raster & 3) * 4;
    for (let i = 0; i < 16; i++) {
      const value = predicted + ((block[i]! + 32) >> 6);
      luma[origin + (i >> 2) * 16 + (i & 3)] = value < 0 ? 0 : value > 255 ? 255 : value;
    }
  }
  return luma;
}

/** The forward core transform on a 4×4 block in raster order, in place. */
function transform(block: Int32Array): void {
  for (const [step, next] of [
    [1, 4],
    [4, 1],
  ] as const) {
    for (let line = 0; line < 4; line++) {
      const o = line * next;
      const [a, b, c, d] = [block[o]!, block[o + step]!, block[o + 2 * step]!, block[o + 3 * step]!];
      block[o] = a + b + c + d;
      block[o + step] = 2 * a + b - c - 2 * d;
      block[o + 2 * step] = a - b - c + d;
      block[o + 3 * step] = a - 2 * b + 2 * c - d;
    }
  }
}

/** Clause 8.5.12.2 without its last rounding: rows first, then columns. */
function inverseTransform(block: Int32Array): void {
  for (const [step, next] of [
    [1, 4],
    [4, 1],
  ] as const) {
    for (let line = 0; line < 4; line++) {
      const o = line * next;
      const [a, b, c, d] = [block[o]!, block[o + step]!, block[o + 2 * step]!, block[o + 3 * step]!];
      const e = a + c;
      const f = a - c;
      const g = (b >> 1) - d;
      const h = b + (d >> 1);
      block[o] = e + h;
      block[o + step] = f + g;
      block[o + 2 * step] = f - g;
      block[o + 3 * step] = e - h;
    }
  }
}

/** The 4×4 Hadamard transform of the DC values; its own inverse but for a factor of 16 (clause 8.5.10). */
function hadamard(block: Int32Array): void {
  for (const [step, next] of [
    [1, 4],
    [4, 1],
  ] as const) {
    for (let line = 0; line < 4; line++) {
      const o = line * next;
      const [a, b, c, d] = [block[o]!, block[o + step]!, block[o + 2 * step]!, block[o + 3 * step]!];
      block[o] = a + b + c + d;
      block[o + step] = a + b - c - d;
      block[o + 2 * step] = a - b - c + d;
      block[o + 3 * step] = a - b + c - d;
    }
  }
}

/** Where a macroblock stands among others, as far as its bits depend on that. */
export interface Surroundings {
  readonly isIntraSlice: boolean;
  /** Change of QP against the macroblock before it in the slice. */
  readonly qpDelta: number;
  /** {@link Intra16.counts} of the macroblock to the left; undefined outside the slice, zeros where it was skipped. */
  readonly left: Uint8Array | undefined;
  readonly above: Uint8Array | undefined;
}

/** Counts of a macroblock that was skipped or has no AC levels. */
export const noCounts = new Uint8Array(16);

/** Writes macroblock_layer() of an Intra_16x16 macroblock without chroma (clause 7.3.5). */
export function writeIntra16(writer: BitWriter, mb: Intra16, mode: number, around: Surroundings): void {
  const type = 1 + mode + (mb.ac ? 12 : 0);
  writer.ue(around.isIntraSlice ? type : type + 5);
  writer.ue(0); // intra_chroma_pred_mode: DC
  writer.se(around.qpDelta);
  writeResidual(writer, mb.dc, 0, 16, context(mb.counts, around, 0));
  if (!mb.ac) return;
  for (let coded = 0; coded < 16; coded++) {
    writeResidual(writer, mb.ac, coded * 15, 15, context(mb.counts, around, rasterOf[coded]!));
  }
}

/** nC of a block: mean count of its neighbours to the left and above, as far as there are any (clause 9.2.1). */
function context(own: Uint8Array, around: Surroundings, raster: number): number {
  const left = (raster & 3) > 0 ? own[raster - 1] : around.left?.[raster + 3];
  const above = raster >= 4 ? own[raster - 4] : around.above?.[raster + 12];
  if (left === undefined) return above ?? 0;
  return above === undefined ? left : (left + above + 1) >> 1;
}
