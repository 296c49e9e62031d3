import { extentOf } from './extent.ts';
import { lampAt, skyLight, type Lamp, type Light } from './light.ts';
import { freshSurface, surfaceAt, type Material } from './material.ts';
import type { Mesh, Turned } from './mesh.ts';
import type { Tracer } from './tracer.ts';
import type { Vec3 } from './vector.ts';

/** How light falls on what moves: all lamps and the sun, without the shadows that moving things throw on each other. */
export class Shading {
  readonly #light: Light;
  readonly #eye: Vec3;
  readonly #tracer: Tracer;
  readonly #surface = freshSurface();
  readonly #sky = new Float64Array(3);

  /** `tracer` knows what stands and may shade what moves; `eye` is where the camera hangs. */
  constructor(light: Light, eye: Vec3, tracer: Tracer) {
    this.#light = light;
    this.#eye = eye;
    this.#tracer = tracer;
  }

  /** The lamps that reach anything near a place. */
  lampsNear(x: number, y: number): readonly Lamp[] {
    return (this.#light.lamps ?? []).filter(
      (lamp) => Math.hypot(lamp.at[0] - x, lamp.at[1] - y) < lamp.reach + 8,
    );
  }

  /** Share of the sun along a mesh's length: a car drives into a tower's shade bonnet first. */
  sunAlong(mesh: Mesh, t: Turned): (along: number) => number {
    const sun = this.#light.sun;
    if (!sun) return () => 0;
    const { low, high, roof } = extentOf(mesh);
    const count = Math.min(12, Math.max(1, Math.round((high - low) / 1.5)));
    const shares: number[] = [];
    for (let i = 0; i < count; i++) {
      const x = low + ((i + 0.5) / count) * (high - low);
      const free = !this.#tracer.isBlocked(
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

  /** Writes the light that comes from a corner of a mesh into `out` at `o`; `height` is its height in the mesh's own measure. */
  shade(
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
    const [ex, ey, ez] = this.#eye;
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
    const { above, below, sun, haze } = this.#light;
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
        skyLight(this.#light, vx + 2 * facing * nx, vy + 2 * facing * ny, Math.max(0, mz), this.#sky);
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
}
