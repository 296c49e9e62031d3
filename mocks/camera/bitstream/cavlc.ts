import type { BitWriter } from './bits.ts';
import { coeffToken, runBefore, totalZeros } from './cavlc-tables.ts';

/**
 * Writes residual_block_cavlc() (ITU-T H.264 clauses 7.3.5.3.2 and 9.2): the levels of one block in scan order.
 * `context` is nC, the mean number of coefficients in the blocks to the left and above. Gives the number of
 * coefficients that are not zero, which is what the blocks to the right and below need for their own context.
 */
export function writeResidual(
  writer: BitWriter,
  levels: Int32Array,
  start: number,
  count: number,
  context: number,
): number {
  let total = 0;
  let trailingOnes = 0;
  let countsOnes = true;
  let last = -1;
  for (let i = start + count - 1; i >= start; i--) {
    const level = levels[i]!;
    if (level === 0) continue;
    if (last < 0) last = i;
    total++;
    if (countsOnes && trailingOnes < 3 && (level === 1 || level === -1)) trailingOnes++;
    else countsOnes = false;
  }
  const token = coeffToken(context, total, trailingOnes);
  writer.bits(token.length, token.code);
  if (total === 0) return 0;

  let suffixLength = total > 10 && trailingOnes < 3 ? 1 : 0;
  let written = 0;
  for (let i = last; i >= start; i--) {
    const level = levels[i]!;
    if (level === 0) continue;
    if (written < trailingOnes) writer.bits(1, level < 0 ? 1 : 0);
    else {
      // After fewer than three trailing ones the first level cannot be ±1, so the codes move down by one pair.
      const offset = written === trailingOnes && trailingOnes < 3 ? 2 : 0;
      writeLevel(writer, (level > 0 ? 2 * level - 2 : -2 * level - 1) - offset, suffixLength);
      if (suffixLength === 0) suffixLength = 1;
      if (Math.abs(level) > 3 << (suffixLength - 1) && suffixLength < 6) suffixLength++;
    }
    written++;
  }

  let zerosLeft = last - start + 1 - total;
  if (total < count) {
    const code = totalZeros(total, zerosLeft);
    writer.bits(code.length, code.code);
  }
  let run = 0;
  for (let i = last - 1; i >= start && zerosLeft > 0; i--) {
    if (levels[i] === 0) {
      run++;
      continue;
    }
    const code = runBefore(zerosLeft, run);
    writer.bits(code.length, code.code);
    zerosLeft -= run;
    run = 0;
  }
  return total;
}

/** level_prefix and level_suffix (clause 9.2.2.1). */
function writeLevel(writer: BitWriter, code: number, suffixLength: number): void {
  const escape = suffixLength === 0 ? 30 : 15 << suffixLength;
  if (code >= escape) {
    if (code - escape > 4095) throw new RangeError('A coefficient is too large for the Baseline profile');
    writer.bits(16, 1).bits(12, code - escape);
  } else if (suffixLength > 0) {
    writer.bits((code >> suffixLength) + 1, 1).bits(suffixLength, code);
  } else if (code >= 14) writer.bits(15, 1).bits(4, code - 14);
  else writer.bits(code + 1, 1);
}
