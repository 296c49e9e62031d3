import type { Backdrop } from './backdrop.ts';
import type { Film } from './film.ts';
import { nearest, type Lens } from './lens.ts';
import type { Light } from './light.ts';
import { clipNear, cornerSize, fillTriangle, type Touch } from './raster.ts';
import type { Rgb, Vec3 } from './vector.ts';

/** Light scattered in the lens around something bright. */
export interface Halo {
  readonly at: Vec3;
  readonly light: Rgb;
  /** Metres the halo is wide at half its strength. */
  readonly radius: number;
}

const tile = 16;

/**
 * The samples of the picture being drawn, two by two a pixel, over a backdrop. It remembers which tiles were touched:
 * only those are wiped before the next picture, and only those are developed.
 */
export class Plate {
  readonly width: number;
  readonly height: number;
  /** Linear light, three floats a sample. */
  readonly samples: Float32Array;
  /** 1 / depth of what is in front. */
  readonly near: Float32Array;
  /** Samples that lie in a moving shadow already. */
  readonly shadowed: Uint8Array;
  readonly #lens: Lens;
  readonly #backdrop: Backdrop;
  readonly #haze: Light['haze'];
  readonly #halo: Float32Array;
  readonly #standingHalo: Float32Array;
  readonly #columns: number;
  #dirty: Uint8Array;
  #wasDirty: Uint8Array;
  readonly #corners = new Float64Array(cornerSize * 4);
  readonly #weights = new Float64Array(12);
  readonly #point = new Float64Array(3);
  /** The corners' places are known already: only their values are missing. */
  #isProjected = false;

  /** `width` × `height` pixels; `halos` stand still. */
  constructor(
    backdrop: Backdrop,
    lens: Lens,
    haze: Light['haze'],
    width: number,
    height: number,
    halos: readonly Halo[],
  ) {
    this.width = width;
    this.height = height;
    this.samples = new Float32Array(width * height * 12);
    this.near = new Float32Array(width * height * 4);
    this.shadowed = new Uint8Array(width * height * 4);
    this.#lens = lens;
    this.#backdrop = backdrop;
    this.#haze = haze;
    this.#halo = new Float32Array(width * height * 3);
    this.#columns = Math.ceil(width / tile);
    const tiles = this.#columns * Math.ceil(height / tile);
    this.#dirty = new Uint8Array(tiles);
    this.#wasDirty = new Uint8Array(tiles).fill(1);
    for (const halo of halos) this.halo(halo);
    this.#standingHalo = this.#halo.slice();
    this.#dirty.fill(1);
  }

  /** Wipes what moved in the last picture. */
  begin(): void {
    [this.#dirty, this.#wasDirty] = [this.#wasDirty, this.#dirty];
    this.#dirty.fill(0);
    this.#eachTile(this.#wasDirty, (x, y) => {
      this.#restore(x, y);
    });
  }

  /** Develops what was wiped or drawn. */
  finish(film: Film): void {
    for (let i = 0; i < this.#dirty.length; i++) this.#wasDirty[i]! |= this.#dirty[i]!;
    this.#eachTile(this.#wasDirty, (x, y) => {
      this.#develop(film, x, y);
    });
  }

  /** Says that samples were changed from outside. */
  markSamples(samples: readonly number[]): void {
    const w = this.width * 2;
    for (const i of samples) this.#dirty[(((i / w) >> 1) >> 4) * this.#columns + ((i % w) >> 5)] = 1;
  }

  /** Whether a triangle in front of the camera covers a sample; {@link fill} must come next when it does. */
  covers(world: Float64Array): boolean {
    for (let c = 0; c < 3; c++) {
      this.#lens.project(world[c * 3]!, world[c * 3 + 1]!, world[c * 3 + 2]!, this.#corners, c * cornerSize);
    }
    this.#isProjected = this.#markCorners(3);
    return this.#isProjected;
  }

  /** Projects a triangle, cut at the near plane, and fills it. `isPlace`: values vary over the ground, not the picture. */
  fill(
    world: Float64Array,
    depths: readonly [number, number, number],
    values: Float64Array,
    touch: Touch,
    isPlace: boolean,
  ): void {
    const corners = this.#corners;
    const weights = this.#weights;
    if (depths[0] >= nearest && depths[1] >= nearest && depths[2] >= nearest) {
      for (let c = 0; c < 3; c++) {
        const o = c * cornerSize;
        if (!this.#isProjected)
          this.#lens.project(world[c * 3]!, world[c * 3 + 1]!, world[c * 3 + 2]!, corners, o);
        const k = isPlace ? corners[o + 2]! : 1;
        corners[o + 3] = values[c * 3]! * k;
        corners[o + 4] = values[c * 3 + 1]! * k;
        corners[o + 5] = values[c * 3 + 2]! * k;
      }
      this.#isProjected = false;
      if (this.#markCorners(3)) fillTriangle(corners, 0, this.width * 2, this.height * 2, touch);
      return;
    }
    const count = clipNear(depths, nearest, weights);
    if (count < 3) return;
    for (let c = 0; c < count; c++) {
      const [a, b, d] = [weights[c * 3]!, weights[c * 3 + 1]!, weights[c * 3 + 2]!];
      const blend = (from: Float64Array, k: number): number =>
        from[k]! * a + from[k + 3]! * b + from[k + 6]! * d;
      const o = c * cornerSize;
      this.#lens.project(blend(world, 0), blend(world, 1), blend(world, 2), corners, o);
      const k = isPlace ? corners[o + 2]! : 1;
      corners[o + 3] = blend(values, 0) * k;
      corners[o + 4] = blend(values, 1) * k;
      corners[o + 5] = blend(values, 2) * k;
    }
    if (!this.#markCorners(count)) return;
    const w = this.width * 2;
    const h = this.height * 2;
    fillTriangle(corners, 0, w, h, touch);
    if (count === 4) {
      corners.copyWithin(cornerSize, 2 * cornerSize, 4 * cornerSize);
      fillTriangle(corners, 0, w, h, touch);
    }
  }

  /** Adds a halo, unless something stands before it. */
  halo({ at, light, radius }: Halo): void {
    const depth = this.#lens.depth(at[0], at[1], at[2]);
    if (depth < 0.3) return;
    this.#lens.project(at[0], at[1], at[2], this.#point, 0);
    const sx = this.#point[0]!;
    const sy = this.#point[1]!;
    const x0 = Math.floor(sx / 2);
    const y0 = Math.floor(sy / 2);
    if (x0 < 0 || y0 < 0 || x0 >= this.width || y0 >= this.height) return;
    const before = this.near[Math.floor(sy) * this.width * 2 + Math.floor(sx)]!;
    const backdrop = this.#backdrop.near[Math.floor(sy) * this.width * 2 + Math.floor(sx)]!;
    if (Math.max(before, backdrop) * (depth - 0.6) > 1) return;
    const core = Math.max(0.7, (radius * this.#lens.focal) / 2 / depth);
    const reach = Math.min(110, Math.ceil(core * 7));
    const clear = this.#haze ? Math.exp(-depth * this.#haze.perMetre) : 1;
    const left = Math.max(0, x0 - reach);
    const right = Math.min(this.width - 1, x0 + reach);
    const top = Math.max(0, y0 - reach);
    const bottom = Math.min(this.height - 1, y0 + reach);
    this.#mark(left, top, right, bottom);
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const square = ((x + 0.5 - sx / 2) ** 2 + (y + 0.5 - sy / 2) ** 2) / (core * core);
        const edge = 1 - square / 49;
        if (edge <= 0) continue;
        const k = (clear * edge * edge) / (1 + square * (1 + 0.35 * square));
        const o = (y * this.width + x) * 3;
        this.#halo[o] = this.#halo[o]! + light[0] * k;
        this.#halo[o + 1] = this.#halo[o + 1]! + light[1] * k;
        this.#halo[o + 2] = this.#halo[o + 2]! + light[2] * k;
      }
    }
  }

  /** Marks the tiles that the first corners span; false when they miss the picture, or lie between samples. */
  #markCorners(count: number): boolean {
    const corners = this.#corners;
    let left = corners[0]!;
    let right = left;
    let top = corners[1]!;
    let bottom = top;
    for (let o = cornerSize; o < count * cornerSize; o += cornerSize) {
      const x = corners[o]!;
      const y = corners[o + 1]!;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
    const w = this.width * 2;
    const h = this.height * 2;
    if (right < 0.5 || bottom < 0.5 || left >= w || top >= h) return false;
    if (Math.ceil(top - 0.5) > Math.floor(bottom - 0.5) || Math.ceil(left - 0.5) > Math.floor(right - 0.5))
      return false;
    this.#mark(
      Math.max(0, left >> 1),
      Math.max(0, top >> 1),
      Math.min(this.width - 1, right >> 1),
      Math.min(this.height - 1, bottom >> 1),
    );
    return true;
  }

  #mark(left: number, top: number, right: number, bottom: number): void {
    for (let y = top >> 4; y <= bottom >> 4; y++) {
      for (let x = left >> 4; x <= right >> 4; x++) this.#dirty[y * this.#columns + x] = 1;
    }
  }

  #eachTile(tiles: Uint8Array, visit: (x: number, y: number) => void): void {
    for (let i = 0; i < tiles.length; i++) {
      if (tiles[i]) visit((i % this.#columns) * tile, Math.floor(i / this.#columns) * tile);
    }
  }

  #restore(x: number, y: number): void {
    const w = this.width * 2;
    const right = Math.min(w, (x + tile) * 2);
    const bottom = Math.min(this.height * 2, (y + tile) * 2);
    const { base, sun, near } = this.#backdrop;
    for (let row = y * 2; row < bottom; row++) {
      const from = row * w + x * 2;
      const to = row * w + right;
      for (let k = from * 3; k < to * 3; k++) this.samples[k] = base[k]! + sun[k]!;
      this.near.set(near.subarray(from, to), from);
      this.shadowed.fill(0, from, to);
    }
    for (let row = y; row < Math.min(this.height, y + tile); row++) {
      const from = (row * this.width + x) * 3;
      const to = (row * this.width + Math.min(this.width, x + tile)) * 3;
      this.#halo.set(this.#standingHalo.subarray(from, to), from);
    }
  }

  #develop(film: Film, x: number, y: number): void {
    const w = this.width * 6;
    const s = this.samples;
    for (let row = y; row < Math.min(this.height, y + tile); row++) {
      for (let column = x; column < Math.min(this.width, x + tile); column++) {
        const a = (row * 2 * this.width * 2 + column * 2) * 3;
        const h = (row * this.width + column) * 3;
        film.expose(
          column,
          row,
          (s[a]! + s[a + 3]! + s[a + w]! + s[a + w + 3]!) * 0.25 + this.#halo[h]!,
          (s[a + 1]! + s[a + 4]! + s[a + w + 1]! + s[a + w + 4]!) * 0.25 + this.#halo[h + 1]!,
          (s[a + 2]! + s[a + 5]! + s[a + w + 2]! + s[a + w + 5]!) * 0.25 + this.#halo[h + 2]!,
        );
      }
    }
  }
}
