import type { Rgb, Vec3 } from './vector.ts';

/** A lamp: intensity falls with the square of the distance, and away from where it aims. */
export interface Lamp {
  readonly at: Vec3;
  readonly light: Rgb;
  /** Metres beyond which it is not counted. */
  readonly reach: number;
  /** Where it aims; without it, it shines all around. */
  readonly aim?: Vec3;
  /** How narrow it is: the power of the cosine off its aim. */
  readonly focus?: number;
  /** Metres it is wide, which softens its shadows. */
  readonly size?: number;
}

/** All the light of a scene. Numbers are relative: a white wall in full sun by day is about 1. */
export interface Light {
  readonly sun?: { readonly towards: Vec3; readonly light: Rgb; readonly softness?: number };
  /** What is seen where nothing is: overhead and at the horizon. */
  readonly zenith: Rgb;
  readonly horizon: Rgb;
  /** What surfaces receive from all sides, facing up and facing down. */
  readonly above: Rgb;
  readonly below: Rgb;
  readonly lamps?: readonly Lamp[];
  readonly haze?: { readonly light: Rgb; readonly perMetre: number };
  /** Metres within which walls shelter a surface from the light of all sides. */
  readonly shelter: number;
}

/** Writes the light that comes from a direction where nothing stands into `out`. */
export function skyLight(light: Light, dx: number, dy: number, dz: number, out: Float64Array): void {
  const k = dz <= 0 ? 0 : Math.sqrt(Math.min(1, dz * 1.6));
  const { zenith, horizon, sun } = light;
  out[0] = horizon[0] + (zenith[0] - horizon[0]) * k;
  out[1] = horizon[1] + (zenith[1] - horizon[1]) * k;
  out[2] = horizon[2] + (zenith[2] - horizon[2]) * k;
  if (!sun) return;
  const towards = dx * sun.towards[0] + dy * sun.towards[1] + dz * sun.towards[2];
  if (towards <= 0) return;
  const glow = 0.25 * towards ** 12 + 1.6 * towards ** 400;
  out[0] += sun.light[0] * glow;
  out[1] += sun.light[1] * glow;
  out[2] += sun.light[2] * glow;
}

/** Share of a lamp's intensity that arrives per unit of area at a point with a normal; 0 where it cannot reach. */
export function lampAt(
  lamp: Lamp,
  x: number,
  y: number,
  z: number,
  nx: number,
  ny: number,
  nz: number,
): number {
  const lx = lamp.at[0] - x;
  const ly = lamp.at[1] - y;
  const lz = lamp.at[2] - z;
  const square = lx * lx + ly * ly + lz * lz;
  if (square > lamp.reach * lamp.reach) return 0;
  const distance = Math.sqrt(square) + 1e-6;
  const facing = (lx * nx + ly * ny + lz * nz) / distance;
  if (facing <= 0) return 0;
  let beam = 1;
  if (lamp.aim) {
    const along = -(lx * lamp.aim[0] + ly * lamp.aim[1] + lz * lamp.aim[2]) / distance;
    if (along <= 0) return 0;
    beam = along ** (lamp.focus ?? 1);
  }
  // Fades to nothing at its reach, so that no edge shows there.
  const edge = 1 - square / (lamp.reach * lamp.reach);
  return (facing * beam * edge * edge) / (square + 0.05);
}
