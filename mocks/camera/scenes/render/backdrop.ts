import { hash } from './chance.ts';
import type { Lens } from './lens.ts';
import { lampAt, skyLight, type Light } from './light.ts';
import { freshSurface, surfaceAt, type Surface } from './material.ts';
import type { Mesh } from './mesh.ts';
import { Tracer } from './tracer.ts';

/** Rays per sample that find out how sheltered a point is, near and far; four samples make a pixel. */
const shelterRays = (distance: number): number => (distance < 30 ? 4 : distance < 90 ? 2 : 1);
const lifted = 2e-3;

/**
 * All that stands still, traced once, two by two samples a pixel. Sunlight is kept apart from the rest, so that what
 * moves can throw its shadow; depth is kept, so that it can pass behind things; reflectance, so that it can throw light.
 */
export class Backdrop {
  readonly width: number;
  readonly height: number;
  /** Light without the sun's, three floats a sample. */
  readonly base: Float32Array;
  readonly sun: Float32Array;
  /** Reflectance in 255ths, three bytes a sample. */
  readonly reflect: Uint8Array;
  /** 1 / depth along the optical axis; 0 where nothing stands. */
  readonly near: Float32Array;
  /** Share mirrored when looked at straight on, in 255ths. */
  readonly gloss: Uint8Array;
  /** Samples that show water. */
  readonly water: number[] = [];
  readonly tracer: Tracer;
  readonly #set: Mesh;
  readonly #light: Light;
  readonly #surface = freshSurface();
  readonly #mirrored = freshSurface();
  readonly #sky = new Float64Array(3);
  readonly #out = new Float64Array(6);

  constructor(set: Mesh, light: Light, lens: Lens, width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#set = set;
    this.#light = light;
    this.base = new Float32Array(width * height * 3);
    this.sun = new Float32Array(width * height * 3);
    this.reflect = new Uint8Array(width * height * 3);
    this.near = new Float32Array(width * height);
    this.gloss = new Uint8Array(width * height);
    this.tracer = new Tracer(set);
    const ray = new Float64Array(3);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const axial = lens.ray(x + 0.5, y + 0.5, ray);
        this.#trace(y * width + x, lens, ray[0]!, ray[1]!, ray[2]!, axial, x, y);
      }
    }
  }

  #trace(
    i: number,
    lens: Lens,
    dx: number,
    dy: number,
    dz: number,
    axial: number,
    sx: number,
    sy: number,
  ): void {
    const { tracer } = this;
    const [ox, oy, oz] = lens.at;
    const out = this.#out;
    const light = this.#light;
    if (!tracer.meets(ox, oy, oz, dx, dy, dz, 1e5)) {
      skyLight(light, dx, dy, dz, this.#sky);
      for (let k = 0; k < 3; k++) this.base[i * 3 + k] = this.#sky[k]!;
      return;
    }
    const { distance, triangle, u, v } = tracer;
    const x = ox + dx * distance;
    const y = oy + dy * distance;
    const z = oz + dz * distance;
    const [nx, ny, nz] = this.#normal(triangle, u, v, dx, dy, dz);
    const material = this.#set.materials[triangle]!;
    const surface = this.#surface;
    surfaceAt(material, surface, x, y, z, nx, ny, distance / lens.focal);
    const shelter = this.#shelter(x, y, z, nx, ny, nz, sx, sy, shelterRays(distance));
    this.#shade(surface, x, y, z, nx, ny, nz, shelter, sx, sy, true);
    let [r0, g0, b0] = [out[0]!, out[1]!, out[2]!];
    let [r1, g1, b1] = [out[3]!, out[4]!, out[5]!];
    if (surface.gloss > 0) {
      const facing = -(dx * nx + dy * ny + dz * nz);
      const share = surface.gloss + (1 - surface.gloss) * (1 - facing) ** 5 * Math.min(1, surface.gloss * 12);
      this.#mirrorSoftly(
        x,
        y,
        z,
        dx + 2 * facing * nx,
        dy + 2 * facing * ny,
        dz + 2 * facing * nz,
        nz > 0.9,
        sx,
        sy,
      );
      const keep = 1 - share;
      r0 = r0 * keep + out[0]! * share;
      g0 = g0 * keep + out[1]! * share;
      b0 = b0 * keep + out[2]! * share;
      r1 *= keep;
      g1 *= keep;
      b1 *= keep;
    }
    const clear = light.haze ? Math.exp(-distance * light.haze.perMetre) : 1;
    const veil = light.haze?.light ?? [0, 0, 0];
    this.base[i * 3] = r0 * clear + veil[0] * (1 - clear);
    this.base[i * 3 + 1] = g0 * clear + veil[1] * (1 - clear);
    this.base[i * 3 + 2] = b0 * clear + veil[2] * (1 - clear);
    this.sun[i * 3] = r1 * clear;
    this.sun[i * 3 + 1] = g1 * clear;
    this.sun[i * 3 + 2] = b1 * clear;
    this.reflect[i * 3] = Math.min(255, surface.r * 255);
    this.reflect[i * 3 + 1] = Math.min(255, surface.g * 255);
    this.reflect[i * 3 + 2] = Math.min(255, surface.b * 255);
    this.gloss[i] = Math.min(255, surface.gloss * 255);
    this.near[i] = 1 / (distance * axial);
    if (material.isWater) this.water.push(i);
  }

  #normal(
    triangle: number,
    u: number,
    v: number,
    dx: number,
    dy: number,
    dz: number,
  ): readonly [number, number, number] {
    const n = this.#set.normals;
    const o = triangle * 9;
    const w = 1 - u - v;
    let nx = n[o]! * w + n[o + 3]! * u + n[o + 6]! * v;
    let ny = n[o + 1]! * w + n[o + 4]! * u + n[o + 7]! * v;
    let nz = n[o + 2]! * w + n[o + 5]! * u + n[o + 8]! * v;
    const scale = (nx * dx + ny * dy + nz * dz > 0 ? -1 : 1) / Math.sqrt(nx * nx + ny * ny + nz * nz);
    nx *= scale;
    ny *= scale;
    nz *= scale;
    return [nx, ny, nz];
  }

  /** Share of the light of all sides that reaches a point: 1 in the open. */
  #shelter(
    x: number,
    y: number,
    z: number,
    nx: number,
    ny: number,
    nz: number,
    sx: number,
    sy: number,
    rays: number,
  ): number {
    const reach = this.#light.shelter;
    if (reach <= 0) return 1;
    // A basis around the normal (Duff et al. 2017).
    const sign = nz >= 0 ? 1 : -1;
    const a = -1 / (sign + nz);
    const b = nx * ny * a;
    let open = 0;
    // The four samples of a pixel share one spread of rays, turned by chance from pixel to pixel.
    const turn = hash(sx >> 1, sy >> 1, 7);
    const quarter = (sx & 1) + 2 * (sy & 1);
    for (let k = 0; k < rays; k++) {
      const j = k * 4 + quarter;
      const square = (j + 0.5) / (rays * 4);
      const angle = 2 * Math.PI * ((j * 0.618034 + turn) % 1);
      const radius = Math.sqrt(square);
      const lx = radius * Math.cos(angle);
      const ly = radius * Math.sin(angle);
      const lz = Math.sqrt(1 - square);
      const dx = (1 + sign * nx * nx * a) * lx + b * ly + nx * lz;
      const dy = sign * b * lx + (sign + ny * ny * a) * ly + ny * lz;
      const dz = -sign * nx * lx - ny * ly + nz * lz;
      if (!this.tracer.isBlocked(x + nx * lifted, y + ny * lifted, z + nz * lifted, dx, dy, dz, reach))
        open++;
    }
    return open / rays;
  }

  /** Writes light without (0…2) and with only the sun's (3…5) into `#out`. */
  #shade(
    s: Surface,
    x: number,
    y: number,
    z: number,
    nx: number,
    ny: number,
    nz: number,
    shelter: number,
    sx: number,
    sy: number,
    isExact: boolean,
  ): void {
    const out = this.#out;
    const { above, below, sun, lamps } = this.#light;
    const up = nz * 0.5 + 0.5;
    const px = x + nx * lifted;
    const py = y + ny * lifted;
    const pz = z + nz * lifted;
    let r = (below[0] + (above[0] - below[0]) * up) * shelter;
    let g = (below[1] + (above[1] - below[1]) * up) * shelter;
    let b = (below[2] + (above[2] - below[2]) * up) * shelter;
    for (const lamp of lamps ?? []) {
      const share = lampAt(lamp, x, y, z, nx, ny, nz);
      if (share <= 1e-5) continue;
      if (isExact) {
        const size = lamp.size ?? 0.15;
        const lx = lamp.at[0] + (hash(sx, sy, 11) - 0.5) * size - px;
        const ly = lamp.at[1] + (hash(sx, sy, 12) - 0.5) * size - py;
        const lz = lamp.at[2] - pz;
        const distance = Math.sqrt(lx * lx + ly * ly + lz * lz);
        const k = 1 / distance;
        // Stops short of the lamp's own housing.
        if (this.tracer.isBlocked(px, py, pz, lx * k, ly * k, lz * k, distance - 0.35)) continue;
      }
      r += lamp.light[0] * share;
      g += lamp.light[1] * share;
      b += lamp.light[2] * share;
    }
    out[0] = s.r * r + s.emitR;
    out[1] = s.g * g + s.emitG;
    out[2] = s.b * b + s.emitB;
    out[3] = 0;
    out[4] = 0;
    out[5] = 0;
    if (!sun) return;
    const facing = nx * sun.towards[0] + ny * sun.towards[1] + nz * sun.towards[2];
    if (facing <= 0) return;
    const soft = sun.softness ?? 0.012;
    const dx = sun.towards[0] + (hash(sx, sy, 1) - 0.5) * 2 * soft;
    const dy = sun.towards[1] + (hash(sx, sy, 2) - 0.5) * 2 * soft;
    const dz = sun.towards[2] + (hash(sx, sy, 3) - 0.5) * 2 * soft;
    if (this.tracer.isBlocked(px, py, pz, dx, dy, dz, 400)) return;
    out[3] = s.r * sun.light[0] * facing;
    out[4] = s.g * sun.light[1] * facing;
    out[5] = s.b * sun.light[2] * facing;
  }

  /** Like {@link #mirror}; what lies in a polished floor is blurred, as no floor is a perfect mirror. */
  #mirrorSoftly(
    x: number,
    y: number,
    z: number,
    dx: number,
    dy: number,
    dz: number,
    isFloor: boolean,
    sx: number,
    sy: number,
  ): void {
    const out = this.#out;
    const rays = isFloor ? 6 : 1;
    const spread = isFloor ? 0.035 : 0.008;
    let [r, g, b] = [0, 0, 0];
    for (let i = 0; i < rays; i++) {
      const stray = (seed: number): number =>
        (hash(sx * 7 + i, sy, seed) + hash(sx * 7 + i, sy, seed + 1) - 1) * spread;
      this.#mirror(x, y, z, dx + stray(31), dy + stray(33), dz + stray(35));
      r += out[0]!;
      g += out[1]!;
      b += out[2]!;
    }
    out[0] = r / rays;
    out[1] = g / rays;
    out[2] = b / rays;
  }

  /** Writes what a mirror at a point shows into `#out` 0…2, looked at less closely than the thing itself. */
  #mirror(x: number, y: number, z: number, dx: number, dy: number, dz: number): void {
    const out = this.#out;
    const { tracer } = this;
    if (!tracer.meets(x + dx * lifted, y + dy * lifted, z + dz * lifted, dx, dy, dz, 1e5)) {
      skyLight(this.#light, dx, dy, dz, this.#sky);
      out[0] = this.#sky[0]!;
      out[1] = this.#sky[1]!;
      out[2] = this.#sky[2]!;
      return;
    }
    const { distance, triangle, u, v } = tracer;
    const [nx, ny, nz] = this.#normal(triangle, u, v, dx, dy, dz);
    const hx = x + dx * distance;
    const hy = y + dy * distance;
    const hz = z + dz * distance;
    surfaceAt(this.#set.materials[triangle]!, this.#mirrored, hx, hy, hz, nx, ny, 0.05);
    this.#shade(this.#mirrored, hx, hy, hz, nx, ny, nz, 0.75, 0, 0, false);
    const haze = this.#light.haze;
    const clear = haze ? Math.exp(-distance * haze.perMetre) : 1;
    for (let k = 0; k < 3; k++) {
      out[k] = Math.min(1, out[k]! + out[k + 3]!) * clear + (haze?.light[k] ?? 0) * (1 - clear);
    }
  }
}
