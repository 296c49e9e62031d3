import { Backdrop } from './backdrop.ts';
import { extentOf } from './extent.ts';
import { Film, type Look } from './film.ts';
import { Lens, nearest, type LensMounting } from './lens.ts';
import type { Light } from './light.ts';
import { turned, type Mesh, type Placement, type Turned } from './mesh.ts';
import { Plate, type Halo } from './plate.ts';
import type { Touch } from './raster.ts';
import { Shading } from './shading.ts';
import type { Rgb } from './vector.ts';
import { waterLight } from './water.ts';

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

/** Draws the moving part of a view over its backdrop, one picture after another, touching only what changes. */
export class Stage {
  readonly width: number;
  readonly height: number;
  readonly light: Light;
  readonly #view: View;
  readonly #lens: Lens;
  readonly #backdrop: Backdrop;
  readonly #film: Film;
  readonly #plate: Plate;
  readonly #shading: Shading;
  readonly #point = new Float64Array(3);

  /** `width` × `height` pixels, each worth `scale` pixels of the full-size picture. */
  constructor(view: View, width: number, height: number, scale: number) {
    this.width = width;
    this.height = height;
    this.light = view.light;
    this.#view = view;
    this.#lens = new Lens(view.lens, 2 / scale);
    this.#backdrop = new Backdrop(view.set, view.light, this.#lens, width * 2, height * 2);
    this.#film = new Film(width, height, view.look ?? {});
    this.#plate = new Plate(this.#backdrop, this.#lens, view.light.haze, width, height, view.halos ?? []);
    this.#shading = new Shading(view.light, view.lens.at, this.#backdrop.tracer);
  }

  /** The picture at `time` seconds into the loop: RGBA, the same buffer every time. */
  picture(time: number): Uint8ClampedArray {
    this.#plate.begin();
    const { water } = this.#backdrop;
    if (water.length > 0) {
      waterLight(this.#lens, this.light, this.#backdrop, water, time, this.#plate.samples);
      this.#plate.markSamples(water);
    }
    this.#view.play(time, this);
    this.#plate.finish(this.#film);
    return this.#film.picture;
  }

  /** Draws a mesh. Its material's light, reflectance and gloss count; paint is asked once a corner. */
  draw(mesh: Mesh, placement: Placement): void {
    const t = turned(placement);
    if (!this.#isInView(mesh, t)) return;
    const lit = this.#shading.sunAlong(mesh, t);
    const lamps = this.#shading.lampsNear(t.x, t.y);
    const world = new Float64Array(9);
    const colours = new Float64Array(9);
    const depths: [number, number, number] = [0, 0, 0];
    const { points, normals, materials } = mesh;
    const samples = this.#plate.samples;
    const near = this.#plate.near;
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
      const isInFront = depths[0] >= nearest && depths[1] >= nearest && depths[2] >= nearest;
      if (isInFront && !this.#plate.covers(world)) continue;
      for (let c = 0; c < 3; c++) {
        const k = o + c * 3;
        const nx = normals[k]!;
        const ny = normals[k + 1]!;
        const nz = normals[k + 2]!;
        const tilt = nx * t.fall - nz * t.lift;
        this.#shading.shade(
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
      this.#plate.fill(world, depths, colours, touch, false);
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
      if (this.#plate.shadowed[i] || this.#plate.near[i] !== there || Math.abs(w - there) > there * 0.004)
        return;
      this.#plate.shadowed[i] = 1;
      for (let k = i * 3; k < i * 3 + 3; k++)
        this.#plate.samples[k] = this.#plate.samples[k]! - sunlight[k]! - base[k]! * 0.06;
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
      this.#plate.fill(world, depths, none, touch, false);
    }
  }

  /** Darkens the level under something, softly: `length` × `width` metres around a placement. */
  contact(placement: Placement, length: number, width: number, strength = 0.7): void {
    this.decal(placement, -length / 2, length / 2, width, (i, u, v) => {
      const k = strength * (1 - u * u * u * u) * (1 - v * v * v * v);
      for (let c = i * 3; c < i * 3 + 3; c++) this.#plate.samples[c] = this.#plate.samples[c]! * (1 - k);
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
      for (let c = 0; c < 3; c++) this.#plate.samples[i * 3 + c]! += light[c]! * k * reflect[i * 3 + c]!;
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
      if (this.#plate.near[i] !== there || Math.abs(w - there) > there * 0.006) return;
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
        this.#plate.fill(world, depths, values, visit, true);
      }
    }
  }

  /** Adds a halo, unless something stands before it. */
  halo(at: Halo['at'], light: Rgb, radius: number): void {
    this.#plate.halo({ at, light, radius });
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

  /** Whether a mesh may be seen at all: a ball around it, against the edges of the picture. */
  #isInView(mesh: Mesh, t: Turned): boolean {
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
}
