/** cos(k·π/16) / 2, the factors of an orthonormal cosine transform of eight; the first one is 1/√8. */
const c = (k: number): number => Math.cos((k * Math.PI) / 16) / 2;
const [c1, c2, c3, c4, c5, c6, c7] = [c(1), c(2), c(3), c(4), c(5), c(6), c(7)] as const;

/** The two-dimensional cosine transform of a block of eight by eight, in place (T.81 A.3.3). */
export function forwardDct(block: Float64Array): void {
  for (let line = 0; line < 64; line += 8) eight(block, line, 1);
  for (let column = 0; column < 8; column++) eight(block, column, 8);
}

/** Even and odd functions apart: half the work. */
function eight(block: Float64Array, at: number, step: number): void {
  const i1 = at + step;
  const i2 = i1 + step;
  const i3 = i2 + step;
  const i4 = i3 + step;
  const i5 = i4 + step;
  const i6 = i5 + step;
  const i7 = i6 + step;
  const s0 = block[at]! + block[i7]!;
  const d0 = block[at]! - block[i7]!;
  const s1 = block[i1]! + block[i6]!;
  const d1 = block[i1]! - block[i6]!;
  const s2 = block[i2]! + block[i5]!;
  const d2 = block[i2]! - block[i5]!;
  const s3 = block[i3]! + block[i4]!;
  const d3 = block[i3]! - block[i4]!;
  block[at] = (s0 + s3 + s1 + s2) * c4;
  block[i4] = (s0 + s3 - s1 - s2) * c4;
  block[i2] = (s0 - s3) * c2 + (s1 - s2) * c6;
  block[i6] = (s0 - s3) * c6 - (s1 - s2) * c2;
  block[i1] = d0 * c1 + d1 * c3 + d2 * c5 + d3 * c7;
  block[i3] = d0 * c3 - d1 * c7 - d2 * c1 - d3 * c5;
  block[i5] = d0 * c5 - d1 * c1 + d2 * c7 + d3 * c3;
  block[i7] = d0 * c7 - d1 * c5 + d2 * c3 - d3 * c1;
}
