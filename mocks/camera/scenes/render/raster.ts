/** Values of one corner: sample x, sample y, 1/depth, then three free values (light, or a place on a decal). */
export const cornerSize = 6;

/** Draws one sample of a triangle. */
export type Touch = (index: number, near: number, a: number, b: number, c: number) => void;

/**
 * Walks over the samples whose centres lie in a triangle; `corners` holds three corners from `o` on. Values vary linearly
 * over the picture, which is exact for 1/depth and for values that were multiplied by it.
 */
export function fillTriangle(
  corners: Float64Array,
  o: number,
  width: number,
  height: number,
  touch: Touch,
): void {
  const ax = corners[o]!;
  const ay = corners[o + 1]!;
  const bx = corners[o + cornerSize]!;
  const by = corners[o + cornerSize + 1]!;
  const cx = corners[o + 2 * cornerSize]!;
  const cy = corners[o + 2 * cornerSize + 1]!;
  const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
  if (area > -1e-9 && area < 1e-9) return;
  const top = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 0.5));
  const bottom = Math.min(height - 1, Math.floor(Math.max(ay, by, cy) - 0.5));
  if (top > bottom || Math.max(ax, bx, cx) < 0 || Math.min(ax, bx, cx) > width) return;
  const inverse = 1 / area;
  // Barycentric weights as planes over the picture: weight = x·dx + y·dy + constant.
  const ubx = (cy - ay) * inverse;
  const uby = -(cx - ax) * inverse;
  const ucx = -(by - ay) * inverse;
  const ucy = (bx - ax) * inverse;
  const wa = corners[o + 2]!;
  const wb = corners[o + cornerSize + 2]! - wa;
  const wc = corners[o + 2 * cornerSize + 2]! - wa;
  const wx = wb * ubx + wc * ucx;
  const wy = wb * uby + wc * ucy;
  const w0 = wa - ax * wx - ay * wy;
  const ra = corners[o + 3]!;
  const rb = corners[o + cornerSize + 3]! - ra;
  const rc = corners[o + 2 * cornerSize + 3]! - ra;
  const rx = rb * ubx + rc * ucx;
  const ry = rb * uby + rc * ucy;
  const r0 = ra - ax * rx - ay * ry;
  const ga = corners[o + 4]!;
  const gb = corners[o + cornerSize + 4]! - ga;
  const gc = corners[o + 2 * cornerSize + 4]! - ga;
  const gx = gb * ubx + gc * ucx;
  const gy = gb * uby + gc * ucy;
  const g0 = ga - ax * gx - ay * gy;
  const la = corners[o + 5]!;
  const lb = corners[o + cornerSize + 5]! - la;
  const lc = corners[o + 2 * cornerSize + 5]! - la;
  const lx = lb * ubx + lc * ucx;
  const ly = lb * uby + lc * ucy;
  const l0 = la - ax * lx - ay * ly;
  for (let y = top; y <= bottom; y++) {
    const py = y + 0.5;
    let left = Infinity;
    let right = -Infinity;
    if (ay <= py !== by <= py) {
      const x = ax + ((bx - ax) * (py - ay)) / (by - ay);
      if (x < left) left = x;
      if (x > right) right = x;
    }
    if (by <= py !== cy <= py) {
      const x = bx + ((cx - bx) * (py - by)) / (cy - by);
      if (x < left) left = x;
      if (x > right) right = x;
    }
    if (cy <= py !== ay <= py) {
      const x = cx + ((ax - cx) * (py - cy)) / (ay - cy);
      if (x < left) left = x;
      if (x > right) right = x;
    }
    const from = Math.max(0, Math.ceil(left - 0.5));
    const to = Math.min(width - 1, Math.ceil(right - 0.5) - 1);
    const row = y * width;
    for (let x = from; x <= to; x++) {
      const px = x + 0.5;
      touch(
        row + x,
        w0 + px * wx + py * wy,
        r0 + px * rx + py * ry,
        g0 + px * gx + py * gy,
        l0 + px * lx + py * ly,
      );
    }
  }
}

/**
 * Cuts a triangle at the plane where 1/depth would blow up. `depths` are its three depths; writes up to four corners, as
 * weights of the three given ones, into `weights` (three a corner); gives their number.
 */
export function clipNear(
  depths: readonly [number, number, number],
  nearest: number,
  weights: Float64Array,
): number {
  let count = 0;
  for (let i = 0; i < 3; i++) {
    const j = (i + 1) % 3;
    const a = depths[i]!;
    const b = depths[j]!;
    if (a >= nearest) {
      weights.fill(0, count * 3, count * 3 + 3);
      weights[count * 3 + i] = 1;
      count++;
    }
    if (a >= nearest !== b >= nearest) {
      const k = (nearest - a) / (b - a);
      weights.fill(0, count * 3, count * 3 + 3);
      weights[count * 3 + i] = 1 - k;
      weights[count * 3 + j] = k;
      count++;
    }
  }
  return count;
}
