import type { Mesh } from './mesh.ts';
import type { Vec3 } from './vector.ts';

/** How far a mesh reaches along x and upwards, and a ball around all of it. */
export interface Extent {
  readonly low: number;
  readonly high: number;
  readonly roof: number;
  readonly centre: Vec3;
  readonly radius: number;
}

const extents = new WeakMap<Mesh, Extent>();

/** A mesh's extent, found once. */
export function extentOf(mesh: Mesh): Extent {
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
