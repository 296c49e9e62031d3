import type { Mesh } from './mesh.ts';

const leafSize = 3;
const bins = 12;
const fewEnough = 24;

/** Finds what a ray meets first among triangles that stand still (a bounding-volume tree, split where that saves most). */
export class Tracer {
  /** The triangle met by the last successful {@link meets}, its distance and barycentric place. */
  triangle = -1;
  distance = 0;
  u = 0;
  v = 0;

  readonly #corners: Float64Array;
  readonly #order: Int32Array;
  readonly #bounds: Float64Array;
  /** Per node: the first triangle in `#order` when a leaf, else the right child (the left one follows its parent). */
  readonly #link: Int32Array;
  readonly #size: Int32Array;
  readonly #axis: Uint8Array;
  readonly #stack = new Int32Array(128);
  #nodes = 0;

  constructor(mesh: Mesh) {
    const count = mesh.count;
    this.#corners = new Float64Array(count * 9);
    const centres = new Float64Array(count * 3);
    const p = mesh.points;
    for (let i = 0; i < count; i++) {
      const o = i * 9;
      for (let k = 0; k < 3; k++) {
        const a = p[o + k]!;
        const b = p[o + 3 + k]!;
        const c = p[o + 6 + k]!;
        this.#corners[o + k] = a;
        this.#corners[o + 3 + k] = b - a;
        this.#corners[o + 6 + k] = c - a;
        centres[i * 3 + k] = (Math.min(a, b, c) + Math.max(a, b, c)) / 2;
      }
    }
    this.#order = Int32Array.from({ length: count }, (_, i) => i);
    const room = Math.max(4, count * 2);
    this.#bounds = new Float64Array(room * 6);
    this.#link = new Int32Array(room);
    this.#size = new Int32Array(room);
    this.#axis = new Uint8Array(room);
    if (count > 0) this.#grow(p, centres, 0, count);
  }

  #grow(p: readonly number[], centres: Float64Array, from: number, to: number): void {
    const node = this.#nodes++;
    const low = [Infinity, Infinity, Infinity];
    const high = [-Infinity, -Infinity, -Infinity];
    const lowC = [Infinity, Infinity, Infinity];
    const highC = [-Infinity, -Infinity, -Infinity];
    for (let i = from; i < to; i++) {
      const t = this.#order[i]!;
      for (let k = 0; k < 3; k++) {
        for (let corner = 0; corner < 9; corner += 3) {
          const value = p[t * 9 + corner + k]!;
          if (value < low[k]!) low[k] = value;
          if (value > high[k]!) high[k] = value;
        }
        const centre = centres[t * 3 + k]!;
        if (centre < lowC[k]!) lowC[k] = centre;
        if (centre > highC[k]!) highC[k] = centre;
      }
    }
    for (let k = 0; k < 3; k++) {
      this.#bounds[node * 6 + k] = low[k]! - 1e-5;
      this.#bounds[node * 6 + 3 + k] = high[k]! + 1e-5;
    }
    const spans = [highC[0]! - lowC[0]!, highC[1]! - lowC[1]!, highC[2]! - lowC[2]!];
    const widest = Math.max(...spans);
    if (to - from <= leafSize || widest <= 0) {
      this.#link[node] = from;
      this.#size[node] = to - from;
      return;
    }
    const { axis, middle } = this.#split(p, centres, from, to, lowC, spans);
    this.#size[node] = 0;
    this.#axis[node] = axis;
    this.#grow(p, centres, from, middle);
    this.#link[node] = this.#nodes;
    this.#grow(p, centres, middle, to);
  }

  /** Where to cut a range in two so that rays meet few boxes (surface area heuristic, twelve bins an axis). */
  #split(
    p: readonly number[],
    centres: Float64Array,
    from: number,
    to: number,
    lowC: readonly number[],
    spans: readonly number[],
  ): { readonly axis: number; readonly middle: number } {
    if (to - from < fewEnough) {
      // Where little can be saved, looking for the best cut costs more than it brings.
      const axis = spans.indexOf(Math.max(...spans));
      this.#order.subarray(from, to).sort((a, b) => centres[a * 3 + axis]! - centres[b * 3 + axis]!);
      return { axis, middle: (from + to) >> 1 };
    }
    let best = { cost: Infinity, axis: 0, bin: 0 };
    const order = this.#order;
    const binOf = (t: number, axis: number): number =>
      Math.min(bins - 1, Math.floor(((centres[t * 3 + axis]! - lowC[axis]!) / spans[axis]!) * bins));
    const boxes = new Float64Array(bins * 6);
    const counts = new Int32Array(bins);
    const leftCost = new Float64Array(bins);
    for (let axis = 0; axis < 3; axis++) {
      if (spans[axis]! <= 1e-9) continue;
      counts.fill(0);
      for (let b = 0; b < bins * 6; b++) boxes[b] = b % 6 < 3 ? Infinity : -Infinity;
      for (let i = from; i < to; i++) {
        const t = order[i]!;
        const b = binOf(t, axis);
        counts[b]!++;
        for (let c = 0; c < 9; c++) {
          const value = p[t * 9 + c]!;
          const o = b * 6 + (c % 3);
          if (value < boxes[o]!) boxes[o] = value;
          if (value > boxes[o + 3]!) boxes[o + 3] = value;
        }
      }
      const sweep = (isLeft: boolean): void => {
        const box = [Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity];
        let count = 0;
        for (let n = 0; n < bins - 1; n++) {
          const b = isLeft ? n : bins - 1 - n;
          count += counts[b]!;
          for (let k = 0; k < 3; k++) {
            box[k] = Math.min(box[k]!, boxes[b * 6 + k]!);
            box[k + 3] = Math.max(box[k + 3]!, boxes[b * 6 + k + 3]!);
          }
          const [x, y, z] = [box[3]! - box[0]!, box[4]! - box[1]!, box[5]! - box[2]!];
          const cost = count === 0 ? 0 : count * (x * y + y * z + z * x);
          if (isLeft) leftCost[b] = cost;
          else if (count > 0 && count < to - from && leftCost[b - 1]! + cost < best.cost) {
            best = { cost: leftCost[b - 1]! + cost, axis, bin: b };
          }
        }
      };
      sweep(true);
      sweep(false);
    }
    const { axis, bin } = best;
    const part = order.subarray(from, to);
    let middle = 0;
    if (best.cost < Infinity) {
      const sorted = Array.from(part);
      const left = sorted.filter((t) => binOf(t, axis) < bin);
      part.set([...left, ...sorted.filter((t) => binOf(t, axis) >= bin)]);
      middle = left.length;
    }
    if (middle === 0 || middle === to - from) middle = (to - from) >> 1;
    return { axis, middle: from + middle };
  }

  /** Whether the ray meets anything between 0 and `reach`; the nearest is kept in the fields. */
  meets(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number, reach: number): boolean {
    return this.#walk(ox, oy, oz, dx, dy, dz, reach, false);
  }

  /** Whether anything at all stands in the way within `reach`. */
  isBlocked(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number, reach: number): boolean {
    return this.#walk(ox, oy, oz, dx, dy, dz, reach, true);
  }

  #walk(
    ox: number,
    oy: number,
    oz: number,
    dx: number,
    dy: number,
    dz: number,
    reach: number,
    isAnyGood: boolean,
  ): boolean {
    const bounds = this.#bounds;
    const corners = this.#corners;
    const link = this.#link;
    const size = this.#size;
    const order = this.#order;
    const stack = this.#stack;
    const axes = this.#axis;
    const ix = 1 / dx;
    const iy = 1 / dy;
    const iz = 1 / dz;
    let best = reach;
    let found = -1;
    let bestU = 0;
    let bestV = 0;
    let top = 0;
    let node = this.#nodes > 0 ? 0 : -1;
    while (node >= 0) {
      const o = node * 6;
      const x0 = (bounds[o]! - ox) * ix;
      const x1 = (bounds[o + 3]! - ox) * ix;
      const y0 = (bounds[o + 1]! - oy) * iy;
      const y1 = (bounds[o + 4]! - oy) * iy;
      const z0 = (bounds[o + 2]! - oz) * iz;
      const z1 = (bounds[o + 5]! - oz) * iz;
      let enter = x0 < x1 ? x0 : x1;
      let leave = x0 < x1 ? x1 : x0;
      const enterY = y0 < y1 ? y0 : y1;
      const leaveY = y0 < y1 ? y1 : y0;
      if (enterY > enter) enter = enterY;
      if (leaveY < leave) leave = leaveY;
      const enterZ = z0 < z1 ? z0 : z1;
      const leaveZ = z0 < z1 ? z1 : z0;
      if (enterZ > enter) enter = enterZ;
      if (leaveZ < leave) leave = leaveZ;
      if (enter <= leave && leave > 0 && enter < best) {
        const count = size[node]!;
        if (count === 0) {
          const axis = axes[node]!;
          // The nearer half first: most of the farther one is then behind what was found.
          if ((axis === 0 ? dx : axis === 1 ? dy : dz) < 0) {
            stack[top++] = node + 1;
            node = link[node]!;
          } else {
            stack[top++] = link[node]!;
            node++;
          }
          continue;
        }
        const first = link[node]!;
        for (let i = first; i < first + count; i++) {
          const t = order[i]!;
          const c = t * 9;
          const e1x = corners[c + 3]!;
          const e1y = corners[c + 4]!;
          const e1z = corners[c + 5]!;
          const e2x = corners[c + 6]!;
          const e2y = corners[c + 7]!;
          const e2z = corners[c + 8]!;
          const px = dy * e2z - dz * e2y;
          const py = dz * e2x - dx * e2z;
          const pz = dx * e2y - dy * e2x;
          const determinant = e1x * px + e1y * py + e1z * pz;
          if (determinant > -1e-12 && determinant < 1e-12) continue;
          const inverse = 1 / determinant;
          const tx = ox - corners[c]!;
          const ty = oy - corners[c + 1]!;
          const tz = oz - corners[c + 2]!;
          const u = (tx * px + ty * py + tz * pz) * inverse;
          if (u < 0 || u > 1) continue;
          const qx = ty * e1z - tz * e1y;
          const qy = tz * e1x - tx * e1z;
          const qz = tx * e1y - ty * e1x;
          const v = (dx * qx + dy * qy + dz * qz) * inverse;
          if (v < 0 || u + v > 1) continue;
          const far = (e2x * qx + e2y * qy + e2z * qz) * inverse;
          if (far <= 1e-6 || far >= best) continue;
          if (isAnyGood) return true;
          best = far;
          found = t;
          bestU = u;
          bestV = v;
        }
      }
      node = top > 0 ? stack[--top]! : -1;
    }
    if (found < 0) return false;
    this.triangle = found;
    this.distance = best;
    this.u = bestU;
    this.v = bestV;
    return true;
  }
}
