import type { Vec3 } from './vector.ts';

/** Where a camera hangs and what its lens is like. */
export interface LensMounting {
  readonly at: Vec3;
  /** Degrees clockwise from north. */
  readonly heading: number;
  /** Degrees below the horizon. */
  readonly down: number;
  /** Degrees the picture is wide. */
  readonly fieldOfView: number;
  /** How much straight lines bend outwards: 0 not at all, 0.5 like an ordinary wide CCTV lens. */
  readonly barrel?: number;
}

/** The size that mountings are meant for; other sizes show the same top left part of the same picture. */
const fullWidth = 1280;
const fullHeight = 688;

/** Nearer than this (metres along the optical axis) nothing is seen. */
export const nearest = 0.12;

/**
 * A camera with a real perspective and the slight barrel distortion of a wide lens
 * (the field-of-view model of Devernay and Faugeras: r' = atan(b·r)/b, exact in both directions).
 */
export class Lens {
  readonly at: Vec3;
  readonly right: Vec3;
  readonly up: Vec3;
  readonly forward: Vec3;
  /** Samples per unit of tangent at the optical axis. */
  readonly focal: number;
  readonly centreX: number;
  readonly centreY: number;
  readonly #barrel: number;

  /** `scale`: samples per pixel of the full-size picture. */
  constructor(mounting: LensMounting, scale: number) {
    const heading = (mounting.heading * Math.PI) / 180;
    const down = (mounting.down * Math.PI) / 180;
    this.at = mounting.at;
    this.right = [Math.cos(heading), -Math.sin(heading), 0];
    this.forward = [Math.sin(heading) * Math.cos(down), Math.cos(heading) * Math.cos(down), -Math.sin(down)];
    this.up = [Math.sin(heading) * Math.sin(down), Math.cos(heading) * Math.sin(down), Math.cos(down)];
    this.#barrel = mounting.barrel ?? 0.35;
    const edge = Math.tan((mounting.fieldOfView * Math.PI) / 360);
    this.focal = (scale * fullWidth) / 2 / this.#bend(edge);
    this.centreX = (scale * fullWidth) / 2;
    this.centreY = (scale * fullHeight) / 2;
  }

  #bend(radius: number): number {
    return this.#barrel < 1e-3 ? radius : Math.atan(radius * this.#barrel) / this.#barrel;
  }

  /** Depth along the optical axis, in metres. */
  depth(x: number, y: number, z: number): number {
    const { at, forward } = this;
    return (x - at[0]) * forward[0] + (y - at[1]) * forward[1] + (z - at[2]) * forward[2];
  }

  /** Writes sample x, sample y and 1/depth of a point that lies in front of the camera into `out` at `o`. */
  project(x: number, y: number, z: number, out: Float64Array, o: number): void {
    const { at, right, up, forward } = this;
    const dx = x - at[0];
    const dy = y - at[1];
    const dz = z - at[2];
    const inverse = 1 / (dx * forward[0] + dy * forward[1] + dz * forward[2]);
    const u = (dx * right[0] + dy * right[1] + dz * right[2]) * inverse;
    const v = -(dx * up[0] + dy * up[1] + dz * up[2]) * inverse;
    const radius = Math.sqrt(u * u + v * v);
    const k = radius < 1e-6 ? this.focal : (this.focal * this.#bend(radius)) / radius;
    out[o] = this.centreX + u * k;
    out[o + 1] = this.centreY + v * k;
    out[o + 2] = inverse;
  }

  /** Writes the unit direction seen by a sample into `out`; gives its share along the optical axis. */
  ray(sampleX: number, sampleY: number, out: Float64Array): number {
    const { right, up, forward } = this;
    let u = (sampleX - this.centreX) / this.focal;
    let v = (sampleY - this.centreY) / this.focal;
    const bent = Math.sqrt(u * u + v * v);
    if (bent > 1e-6 && this.#barrel >= 1e-3) {
      const k = Math.tan(Math.min(1.5, bent * this.#barrel)) / this.#barrel / bent;
      u *= k;
      v *= k;
    }
    const inverse = 1 / Math.sqrt(1 + u * u + v * v);
    out[0] = (forward[0] + right[0] * u - up[0] * v) * inverse;
    out[1] = (forward[1] + right[1] * u - up[1] * v) * inverse;
    out[2] = (forward[2] + right[2] * u - up[2] * v) * inverse;
    return inverse;
  }
}
