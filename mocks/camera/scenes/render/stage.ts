import { Backdrop } from './backdrop.ts';
import { Film, type Look } from './film.ts';
import { Lens, nearest, type LensMounting } from './lens.ts';
import { lampAt, skyLight, type Lamp, type Light } from './light.ts';
import { freshSurface, surfaceAt, type Material } from './material.ts';
import { turned, type Mesh, type Placement } from './mesh.ts';
import { clipNear, cornerSize, fillTriangle, type Touch } from './raster.ts';
import { waterLight } from './water.ts';
import type { Rgb, Vec3 } from './vector.ts';

/** A scene: what stands, how it is lit and seen, and what moves in it. */
export interface View {
  readonly lens: LensMounting;
  readonly light: Light;
  readonly look?: Look;
  /** What never moves. */
  readonly set: Mesh;
  /** Lamps that dazzle the camera: a halo stands around them. */
  readonly halos?: readonly Halo[];
  /** Draws what moves, `time` seconds into the loop. The picture at the loop's end must be that at its beginning. */
  play(time: number, stage: Stage): void;
}

/** Light scattered in the lens around something bright. */
export interface Halo {
  readonly at: Vec3;
  readonly light: Rgb;
  /** Metres the halo is wide at half its strength. */
  readonly radius: number;
}

const tile = 16;

interface Extent {
  readonly low: number;
  readonly high: number;
  readonly roof: number;
  readonly centre: Vec3;
  readonly radius: number;
}

const extents = new WeakMap<Mesh, Extent>();

/** How far a mesh reaches along x and upwards, and a ball around all of it. */
function extentOf(mesh: Mesh): Extent {
  const known = extents.get(mesh);
  if (known) return known;
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  mesh.points.forEach((value, i) => {
    const k = (i % 3) as 0 | 1 | 2;
    if (value < low[k]) low[k] = value;
    if (value > high[k]) high[k] = value;
  });
  const extent = {
    low: low[0],
    high: high[0],
    roof: high[2],
    centre: [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2] as const,
    radius: Math.hypot(high[0] - low[0], high[1] - low[1], high[2] - low[2]) / 2,
  };
  extents.set(mesh, extent);
  return extent;
}

/** Draws the moving part of a view over its backdrop, one picture after another, touching only what changes. */
export class Stage {
  readonly width: number;
  readonly height: number;
  readonly light: Light;
  readonly #view: View;
  readonly #lens: Lens;
  readonly #backdrop: Backdrop;
  readonly #film: Film;
  readonly #samples: Float32Array;
  readonly #near: Float32Array;
  readonly #shadowed: Uint8Array;
  readonly #halo: Float32Array;
  readonly #standingHalo: Float32Array;
  readonly #columns: number;
  #dirty: Uint8Array;
  #wasDirty: Uint8Array;
  readonly #corners = new Float64Array(cornerSize * 4);
  readonly #weights = new Float64Array(12);
  readonly #surface = freshSurface();
  readonly #sky = new Float64Array(3);
  readonly #point = new Float64Array(3);
  #lamps: readonly Lamp[] = [];
  /** The corners' places are known already: only their values are missing. */
  #isProjected = false;

  /** `width` × `height` pixels, each worth `scale` pixels of the full-size picture. */
  constructor(view: View, width: number, height: number, scale: number) {
    this.width = width;
    this.height = height;
    this.light = view.light;
    this.#view = view;
    this.#lens = new Lens(view.lens, 2 / scale);
    this.#backdrop = new Backdrop(view.set, view.light, this.#lens, width * 2, height * 2);
    this.#film = new Film(width, height, view.look ?? {});
    this.#samples = new Float32Array(width * height * 12);
    this.#near = new Float32Array(width * height * 4);
    this.#shadowed = new Uint8Array(width * height * 4);
    this.#halo = new Float32Array(width * height * 3);
    this.#columns = Math.ceil(width / tile);
    const tiles = this.#columns * Math.ceil(height / tile);
    this.#dirty = new Uint8Array(tiles).fill(1);
    this.#wasDirty = new Uint8Array(tiles).fill(1);
    for (const { at, light, radius } of view.halos ?? []) this.halo(at, light, radius);
    this.#standingHalo = this.#halo.slice();
    this.#dirty.fill(1);
  }

  /** The picture at `time` seconds into the loop: RGBA, the same buffer every time. */
  picture(time: number): Uint8ClampedArray {
    [this.#dirty, this.#wasDirty] = [this.#wasDirty, this.#dirty];
    this.#dirty.fill(0);
    this.#eachTile(this.#wasDirty, (x, y) => {
      this.#restore(x, y);
    });
    this.#lamps = this.light.lamps ?? [];
    this.#flow(time);
    this.#view.play(time, this);
    for (let i = 0; i < this.#dirty.length; i++) this.#wasDirty[i]! |= this.#dirty[i]!;
    this.#eachTile(this.#wasDirty, (x, y) => {
      this.#develop(x, y);
    });
    return this.#film.picture;
  }

  /** Lamps that travel (headlights), counted for what is drawn after this in the same picture. */
  shine(lamps: readonly Lamp[]): void {
    this.#lamps = [...(this.light.lamps ?? []), ...lamps];
  }

  /** Draws a mesh. Its material's light, reflectance and gloss count; paint is asked once a corner. */
  draw(mesh: Mesh, placement: Placement): void {
    const t = turned(placement);
    if (!this.#isInView(mesh, t)) return;
    const lit = this.#sunAlong(mesh, t);
    const lamps = this.#lamps.filter(
      (lamp) => Math.hypot(lamp.at[0] - t.x, lamp.at[1] - t.y) < lamp.reach + 8,
    );
    const world = new Float64Array(9);
    const colours = new Float64Array(9);
    const depths: [number, number, number] = [0, 0, 0];
    const { points, normals, materials } = mesh;
    const samples = this.#samples;
    const near = this.#near;
    const touch: Touch = (i, w, r, g, b) => {
      if (w <= near[i]!) return;
      near[i] = w;
      samples[i * 3] = r;
      samples[i * 3 + 1] = g;
      samples[i * 3 + 2] = b;
    };
    for (let n = 0; n < materials.length; n++) {
      const o = n * 9;
      for (let c = 0; c < 3; c++) {
        const k = o + c * 3;
        const px = points[k]!;
        const py = points[k + 1]!;
        const pz = points[k + 2]!;
        const along = px * t.fall - pz * t.lift;
        world[c * 3] = t.x + along * t.cos - py * t.sin;
        world[c * 3 + 1] = t.y + along * t.sin + py * t.cos;
        world[c * 3 + 2] = t.z + px * t.lift + pz * t.fall;
        depths[c as 0 | 1 | 2] = this.#lens.depth(world[c * 3]!, world[c * 3 + 1]!, world[c * 3 + 2]!);
      }
      if (depths[0] < nearest && depths[1] < nearest && depths[2] < nearest) continue;
      if (depths[0] >= nearest && depths[1] >= nearest && depths[2] >= nearest) {
        for (let c = 0; c < 3; c++) {
          this.#lens.project(
            world[c * 3]!,
            world[c * 3 + 1]!,
            world[c * 3 + 2]!,
            this.#corners,
            c * cornerSize,
          );
        }
        if (!this.#markCorners(3)) continue;
        this.#isProjected = true;
      }
      for (let c = 0; c < 3; c++) {
        const k = o + c * 3;
        const nx = normals[k]!;
        const ny = normals[k + 1]!;
        const nz = normals[k + 2]!;
        const tilt = nx * t.fall - nz * t.lift;
        this.#shade(
          materials[n]!,
          lamps,
          world[c * 3]!,
          world[c * 3 + 1]!,
          world[c * 3 + 2]!,
          tilt * t.cos - ny * t.sin,
          tilt * t.sin + ny * t.cos,
          nx * t.lift + nz * t.fall,
          lit(points[k]!),
          points[k + 2]!,
          colours,
          c * 3,
        );
      }
      this.#fill(world, depths, colours, touch, false);
    }
  }

  /** Throws a mesh's shadow in sunlight onto the level `floor` metres up. */
  shadow(mesh: Mesh, placement: Placement, floor = 0): void {
    const sun = this.light.sun;
    if (!sun) return;
    const t = turned(placement);
    if (!this.#isInView(mesh, t)) return;
    const [sx, sy, sz] = sun.towards;
    const world = new Float64Array(9);
    const none = new Float64Array(9);
    const depths: [number, number, number] = [0, 0, 0];
    const { base, sun: sunlight, near: ground } = this.#backdrop;
    const touch: Touch = (i, w) => {
      // Only where the backdrop's surface is that level, and nothing that moves stands before it.
      const there = ground[i]!;
      if (this.#shadowed[i] || this.#near[i] !== there || Math.abs(w - there) > there * 0.004) return;
      this.#shadowed[i] = 1;
      for (let k = i * 3; k < i * 3 + 3; k++)
        this.#samples[k] = this.#samples[k]! - sunlight[k]! - base[k]! * 0.06;
    };
    for (let n = 0; n < mesh.materials.length; n++) {
      for (let c = 0; c < 3; c++) {
        const k = n * 9 + c * 3;
        const px = mesh.points[k]!;
        const py = mesh.points[k + 1]!;
        const pz = mesh.points[k + 2]!;
        const along = px * t.fall - pz * t.lift;
        const rise = Math.max(0, t.z + px * t.lift + pz * t.fall - floor) / sz;
        world[c * 3] = t.x + along * t.cos - py * t.sin - sx * rise;
        world[c * 3 + 1] = t.y + along * t.sin + py * t.cos - sy * rise;
        world[c * 3 + 2] = floor;
        depths[c as 0 | 1 | 2] = this.#lens.depth(world[c * 3]!, world[c * 3 + 1]!, floor);
      }
      this.#fill(world, depths, none, touch, false);
    }
  }

  /** Darkens the level under something, softly: `length` × `width` metres around a placement. */
  contact(placement: Placement, length: number, width: number, strength = 0.7): void {
    this.decal(placement, -length / 2, length / 2, width, (i, u, v) => {
      const k = strength * (1 - u * u * u * u) * (1 - v * v * v * v);
      for (let c = i * 3; c < i * 3 + 3; c++) this.#samples[c] = this.#samples[c]! * (1 - k);
    });
  }

  /** Light thrown on the level ahead of a placement, from `from` to `to` metres along its x axis. */
  pool(
    placement: Placement,
    from: number,
    to: number,
    width: number,
    light: Rgb,
    shape: (u: number, v: number) => number,
  ): void {
    const { reflect } = this.#backdrop;
    this.decal(placement, from, to, width, (i, u, v) => {
      const k = shape(u, v) / 255;
      if (k <= 0) return;
      for (let c = 0; c < 3; c++) this.#samples[i * 3 + c]! += light[c]! * k * reflect[i * 3 + c]!;
    });
  }

  /** Visits the samples of a level rectangle that show the backdrop: u along and v across, each from -1 to 1. */
  decal(
    placement: Placement,
    from: number,
    to: number,
    width: number,
    touch: (index: number, u: number, v: number) => void,
  ): void {
    const t = turned(placement);
    const ground = this.#backdrop.near;
    const visit: Touch = (i, w, u, v) => {
      const there = ground[i]!;
      if (this.#near[i] !== there || Math.abs(w - there) > there * 0.006) return;
      touch(i, u / w, v / w);
    };
    // In pieces, so that a bent lens bends it.
    const pieces = Math.max(1, Math.ceil((to - from) / 4));
    for (let piece = 0; piece < pieces; piece++) {
      const u0 = -1 + (2 * piece) / pieces;
      const u1 = -1 + (2 * (piece + 1)) / pieces;
      const corner = (u: number, v: number): readonly [number, number, number, number, number] => {
        const x = from + ((u + 1) / 2) * (to - from);
        const y = (v * width) / 2;
        return [t.x + x * t.cos - y * t.sin, t.y + x * t.sin + y * t.cos, t.z, u, v];
      };
      const [a, b, c, d] = [corner(u0, -1), corner(u1, -1), corner(u1, 1), corner(u0, 1)];
      for (const three of [
        [a, b, c],
        [a, c, d],
      ] as const) {
        const world = new Float64Array(9);
        const values = new Float64Array(9);
        const depths: [number, number, number] = [0, 0, 0];
        three.forEach((p, n) => {
          world.set([p[0], p[1], p[2]], n * 3);
          values.set([p[3], p[4], 0], n * 3);
          depths[n as 0 | 1 | 2] = this.#lens.depth(p[0], p[1], p[2]);
        });
        this.#fill(world, depths, values, visit, true);
      }
    }
  }

  /** Adds a halo, unless something stands before it. */
  halo(at: Vec3, light: Rgb, radius: number): void {
    const depth = this.#lens.depth(at[0], at[1], at[2]);
    if (depth < 0.3) return;
    this.#lens.project(at[0], at[1], at[2], this.#point, 0);
    const sx = this.#point[0]!;
    const sy = this.#point[1]!;
    const x0 = Math.floor(sx / 2);
    const y0 = Math.floor(sy / 2);
    if (x0 < 0 || y0 < 0 || x0 >= this.width || y0 >= this.height) return;
    const before = this.#near[Math.floor(sy) * this.width * 2 + Math.floor(sx)]!;
    const backdrop = this.#backdrop.near[Math.floor(sy) * this.width * 2 + Math.floor(sx)]!;
    if (Math.max(before, backdrop) * (depth - 0.6) > 1) return;
    const core = Math.max(0.7, (radius * this.#lens.focal) / 2 / depth);
    const reach = Math.min(110, Math.ceil(core * 7));
    const clear = this.light.haze ? Math.exp(-depth * this.light.haze.perMetre) : 1;
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

  /** Whether something at a point that looks along (`dx`, `dy`) looks the camera's way. */
  isFacing(x: number, y: number, z: number, dx: number, dy: number): boolean {
    const [ex, ey, ez] = this.#view.lens.at;
    return (ex - x) * dx + (ey - y) * dy > 0.25 * Math.hypot(ex - x, ey - y, ez - z);
  }

  /** Pixels that a metre takes at a point; 0 when it is well out of the picture. */
  pixelsAt(x: number, y: number, z: number): number {
    const depth = this.#lens.depth(x, y, z);
    if (depth < 0.3) return 0;
    this.#lens.project(x, y, z, this.#point, 0);
    const pixels = this.#lens.focal / 2 / depth;
    const reach = pixels * 8;
    const px = this.#point[0]! / 2;
    const py = this.#point[1]! / 2;
    return px < -reach || py < -reach || px > this.width + reach || py > this.height + reach ? 0 : pixels;
  }

  /** Share of the sun along a mesh's length: a car drives into a tower's shade bonnet first. */
  #sunAlong(mesh: Mesh, t: ReturnType<typeof turned>): (along: number) => number {
    const sun = this.light.sun;
    if (!sun) return () => 0;
    const { low, high, roof } = extentOf(mesh);
    const count = Math.min(12, Math.max(1, Math.round((high - low) / 1.5)));
    const shares: number[] = [];
    for (let i = 0; i < count; i++) {
      const x = low + ((i + 0.5) / count) * (high - low);
      const free = !this.#backdrop.tracer.isBlocked(
        t.x + x * t.cos,
        t.y + x * t.sin,
        t.z + roof * 0.75,
        sun.towards[0],
        sun.towards[1],
        sun.towards[2],
        400,
      );
      shares.push(free ? 1 : 0);
    }
    if (count === 1) return () => shares[0]!;
    return (along) => {
      const at = Math.min(count - 1, Math.max(0, ((along - low) / (high - low)) * count - 0.5));
      const i = Math.min(count - 2, Math.floor(at));
      return shares[i]! + (shares[i + 1]! - shares[i]!) * (at - i);
    };
  }

  #shade(
    material: Material,
    lamps: readonly Lamp[],
    x: number,
    y: number,
    z: number,
    nx: number,
    ny: number,
    nz: number,
    sunShare: number,
    height: number,
    out: Float64Array,
    o: number,
  ): void {
    const s = this.#surface;
    surfaceAt(material, s, x, y, z, nx, ny, 0.02);
    const [ex, ey, ez] = this.#lens.at;
    let vx = x - ex;
    let vy = y - ey;
    let vz = z - ez;
    const distance = Math.sqrt(vx * vx + vy * vy + vz * vz) + 1e-9;
    vx /= distance;
    vy /= distance;
    vz /= distance;
    let facing = -(vx * nx + vy * ny + vz * nz);
    if (facing < 0) {
      facing = -facing;
      nx = -nx;
      ny = -ny;
      nz = -nz;
    }
    const { above, below, sun, haze } = this.light;
    const up = nz * 0.5 + 0.5;
    // What stands on the ground shelters its own lower parts.
    const shelter = 0.5 + 0.5 * Math.min(1, Math.max(0, height / 0.9));
    let r = (below[0] + (above[0] - below[0]) * up) * shelter;
    let g = (below[1] + (above[1] - below[1]) * up) * shelter;
    let b = (below[2] + (above[2] - below[2]) * up) * shelter;
    for (const lamp of lamps) {
      const share = lampAt(lamp, x, y, z, nx, ny, nz);
      if (share === 0) continue;
      r += lamp.light[0] * share;
      g += lamp.light[1] * share;
      b += lamp.light[2] * share;
    }
    if (sun && sunShare > 0) {
      const k = sunShare * Math.max(0, nx * sun.towards[0] + ny * sun.towards[1] + nz * sun.towards[2]);
      r += sun.light[0] * k;
      g += sun.light[1] * k;
      b += sun.light[2] * k;
    }
    r = r * s.r + s.emitR;
    g = g * s.g + s.emitG;
    b = b * s.b + s.emitB;
    if (s.gloss > 0) {
      const share = s.gloss + (1 - s.gloss) * (1 - facing) ** 5 * Math.min(1, s.gloss * 12);
      const mz = vz + 2 * facing * nz;
      if (mz > -0.05) {
        skyLight(this.light, vx + 2 * facing * nx, vy + 2 * facing * ny, Math.max(0, mz), this.#sky);
      } else {
        for (let k = 0; k < 3; k++) this.#sky[k] = below[k]!;
      }
      r = r * (1 - share) + this.#sky[0]! * share;
      g = g * (1 - share) + this.#sky[1]! * share;
      b = b * (1 - share) + this.#sky[2]! * share;
    }
    const clear = haze ? Math.exp(-distance * haze.perMetre) : 1;
    out[o] = r * clear + (haze ? haze.light[0] * (1 - clear) : 0);
    out[o + 1] = g * clear + (haze ? haze.light[1] * (1 - clear) : 0);
    out[o + 2] = b * clear + (haze ? haze.light[2] * (1 - clear) : 0);
  }

  /** Projects a triangle, cut at the near plane, and fills it. `isPlace`: values vary over the ground, not the picture. */
  #fill(
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

  /** Whether a mesh may be seen at all: a ball around it, against the edges of the picture. */
  #isInView(mesh: Mesh, t: ReturnType<typeof turned>): boolean {
    const { centre, radius } = extentOf(mesh);
    const x = t.x + centre[0] * t.cos - centre[1] * t.sin;
    const y = t.y + centre[0] * t.sin + centre[1] * t.cos;
    const z = t.z + centre[2];
    const depth = this.#lens.depth(x, y, z);
    if (depth < -radius) return false;
    if (depth < radius + 1) return true;
    this.#lens.project(x, y, z, this.#point, 0);
    const reach = (radius * this.#lens.focal * 1.3) / (depth - radius);
    const px = this.#point[0]!;
    const py = this.#point[1]!;
    return px > -reach && py > -reach && px < this.width * 2 + reach && py < this.height * 2 + reach;
  }

  #flow(time: number): void {
    const { water } = this.#backdrop;
    if (water.length === 0) return;
    waterLight(this.#lens, this.light, this.#backdrop, water, time, this.#samples);
    const w = this.width * 2;
    for (const i of water) this.#dirty[(((i / w) >> 1) >> 4) * this.#columns + ((i % w) >> 5)] = 1;
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
      for (let k = from * 3; k < to * 3; k++) this.#samples[k] = base[k]! + sun[k]!;
      this.#near.set(near.subarray(from, to), from);
      this.#shadowed.fill(0, from, to);
    }
    for (let row = y; row < Math.min(this.height, y + tile); row++) {
      const from = (row * this.width + x) * 3;
      const to = (row * this.width + Math.min(this.width, x + tile)) * 3;
      this.#halo.set(this.#standingHalo.subarray(from, to), from);
    }
  }

  #develop(x: number, y: number): void {
    const w = this.width * 6;
    const s = this.#samples;
    for (let row = y; row < Math.min(this.height, y + tile); row++) {
      for (let column = x; column < Math.min(this.width, x + tile); column++) {
        const a = (row * 2 * this.width * 2 + column * 2) * 3;
        const h = (row * this.width + column) * 3;
        this.#film.expose(
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
