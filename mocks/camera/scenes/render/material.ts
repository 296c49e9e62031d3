import type { Rgb } from './vector.ts';

/** What a surface is like at one point. Reused from point to point: paint overwrites it. */
export interface Surface {
  r: number;
  g: number;
  b: number;
  /** Light given off. */
  emitR: number;
  emitG: number;
  emitB: number;
  /** Share of light mirrored when looked at straight on: 0.04 for lacquer and glass, 0 for cloth and asphalt. */
  gloss: number;
}

/** Finds what a surface is like at a point; `footprint` is the width in metres that one sample covers there. */
export type Paint = (
  surface: Surface,
  x: number,
  y: number,
  z: number,
  nx: number,
  ny: number,
  footprint: number,
) => void;

export interface Material {
  readonly reflect: Rgb;
  readonly emit?: Rgb;
  readonly gloss?: number;
  readonly paint?: Paint;
  /** Water: shaded anew for every picture. */
  readonly isWater?: boolean;
}

export function matte(reflect: Rgb): Material {
  return { reflect };
}

export function glossy(reflect: Rgb, gloss = 0.04): Material {
  return { reflect, gloss };
}

export function glowing(emit: Rgb): Material {
  return { reflect: [0.02, 0.02, 0.02], emit };
}

export function painted(paint: Paint, reflect: Rgb = [0.4, 0.4, 0.4]): Material {
  return { reflect, paint };
}

export function freshSurface(): Surface {
  return { r: 0, g: 0, b: 0, emitR: 0, emitG: 0, emitB: 0, gloss: 0 };
}

/** Fills `surface` with what `material` is like at a point. */
export function surfaceAt(
  material: Material,
  surface: Surface,
  x: number,
  y: number,
  z: number,
  nx: number,
  ny: number,
  footprint: number,
): void {
  surface.r = material.reflect[0];
  surface.g = material.reflect[1];
  surface.b = material.reflect[2];
  surface.emitR = material.emit?.[0] ?? 0;
  surface.emitG = material.emit?.[1] ?? 0;
  surface.emitB = material.emit?.[2] ?? 0;
  surface.gloss = material.gloss ?? 0;
  material.paint?.(surface, x, y, z, nx, ny, footprint);
}
