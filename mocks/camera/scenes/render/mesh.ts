import type { Material } from './material.ts';
import { add, cross, subtract, times, unit, type Vec3 } from './vector.ts';

/** Where a mesh stands: its origin, and the direction (radians, counter-clockwise from east) its x axis points to. */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly z?: number;
  readonly heading?: number;
  /** Radians by which the x axis rises. */
  readonly climb?: number;
}

/** A cross-section of a body that lies along the x axis: a trapezium from floor to roof. */
export interface Station {
  readonly x: number;
  readonly low: number;
  readonly high: number;
  readonly lowHalf: number;
  readonly highHalf: number;
}

/** Triangles with a material each. Built once for what stands still, and anew for every pose of what walks. */
export class Mesh {
  /** Nine coordinates a triangle. */
  readonly points: number[] = [];
  /** Nine components a triangle. */
  readonly normals: number[] = [];
  readonly materials: Material[] = [];
  /** Share of the sides that round parts get: less for what is small in the picture. */
  detail = 1;

  get count(): number {
    return this.materials.length;
  }

  /** A flat triangle, seen from where its corners run counter-clockwise (and from behind, too). */
  triangle(a: Vec3, b: Vec3, c: Vec3, material: Material): this {
    const n = unit(cross(subtract(b, a), subtract(c, a)));
    this.points.push(...a, ...b, ...c);
    this.normals.push(...n, ...n, ...n);
    this.materials.push(material);
    return this;
  }

  quad(a: Vec3, b: Vec3, c: Vec3, d: Vec3, material: Material): this {
    return this.triangle(a, b, c, material).triangle(a, c, d, material);
  }

  /** A flat quad cut into strips along a→b, so that a bent lens bends it and light varies over it. */
  strip(a: Vec3, b: Vec3, c: Vec3, d: Vec3, pieces: number, material: Material): this {
    for (let i = 0; i < pieces; i++) {
      const k = i / pieces;
      const l = (i + 1) / pieces;
      const at = (p: Vec3, q: Vec3, s: number): Vec3 => add(p, times(subtract(q, p), s));
      this.quad(at(a, b, k), at(a, b, l), at(d, c, l), at(d, c, k), material);
    }
    return this;
  }

  /** A box between two corners. `top` differs where roof and walls do. */
  box(from: Vec3, to: Vec3, material: Material, top = material): this {
    const [x0, y0, z0] = from;
    const [x1, y1, z1] = to;
    this.quad([x0, y0, z1], [x1, y0, z1], [x1, y1, z1], [x0, y1, z1], top);
    this.quad([x0, y1, z0], [x1, y1, z0], [x1, y0, z0], [x0, y0, z0], material);
    this.quad([x0, y0, z0], [x1, y0, z0], [x1, y0, z1], [x0, y0, z1], material);
    this.quad([x1, y1, z0], [x0, y1, z0], [x0, y1, z1], [x1, y1, z1], material);
    this.quad([x1, y0, z0], [x1, y1, z0], [x1, y1, z1], [x1, y0, z1], material);
    return this.quad([x0, y1, z0], [x0, y0, z0], [x0, y0, z1], [x0, y1, z1], material);
  }

  /** A round bar from `a` to `b`, smooth around; its ends are closed when `isCapped`. */
  bar(
    a: Vec3,
    b: Vec3,
    radiusA: number,
    radiusB: number,
    material: Material,
    sides = 8,
    isCapped = true,
  ): this {
    sides = Math.max(4, Math.round(sides * this.detail));
    const axis = unit(subtract(b, a));
    const u = unit(cross(Math.abs(axis[2]) > 0.9 ? [1, 0, 0] : [0, 0, 1], axis));
    const v = cross(axis, u);
    const around = (i: number): Vec3 => {
      const angle = (i / sides) * 2 * Math.PI;
      return add(times(u, Math.cos(angle)), times(v, Math.sin(angle)));
    };
    for (let i = 0; i < sides; i++) {
      const n = around(i);
      const m = around(i + 1);
      const a0 = add(a, times(n, radiusA));
      const a1 = add(a, times(m, radiusA));
      const b0 = add(b, times(n, radiusB));
      const b1 = add(b, times(m, radiusB));
      this.points.push(...a0, ...a1, ...b1, ...a0, ...b1, ...b0);
      this.normals.push(...n, ...m, ...m, ...n, ...m, ...n);
      this.materials.push(material, material);
      if (isCapped) this.triangle(b, b0, b1, material).triangle(a, a1, a0, material);
    }
    return this;
  }

  /** An ellipsoid, smooth. */
  ball(centre: Vec3, rx: number, ry: number, rz: number, material: Material, sides = 8, rings = 5): this {
    sides = Math.max(5, Math.round(sides * this.detail));
    rings = Math.max(3, Math.round(rings * this.detail));
    const at = (i: number, j: number): { p: Vec3; n: Vec3 } => {
      const around = (i / sides) * 2 * Math.PI;
      const up = (j / rings - 0.5) * Math.PI;
      const n: Vec3 = [Math.cos(up) * Math.cos(around), Math.cos(up) * Math.sin(around), Math.sin(up)];
      return {
        p: [centre[0] + n[0] * rx, centre[1] + n[1] * ry, centre[2] + n[2] * rz],
        n: unit([n[0] / rx, n[1] / ry, n[2] / rz]),
      };
    };
    for (let j = 0; j < rings; j++) {
      for (let i = 0; i < sides; i++) {
        const corners = [at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)] as const;
        for (const three of [
          [0, 1, 2],
          [0, 2, 3],
        ] as const) {
          for (const k of three) {
            this.points.push(...corners[k].p);
            this.normals.push(...corners[k].n);
          }
          this.materials.push(material);
        }
      }
    }
    return this;
  }

  /** A body along the x axis through cross-sections, from the rear forward. `side`, `top` and `ends` may differ. */
  body(stations: readonly Station[], side: Material, top = side, ends = side): this {
    for (const [i, rear] of stations.entries()) {
      const front = stations[i + 1];
      if (!front) continue;
      for (const s of [1, -1]) {
        const a: Vec3 = [rear.x, s * rear.lowHalf, rear.low];
        const b: Vec3 = [front.x, s * front.lowHalf, front.low];
        const c: Vec3 = [front.x, s * front.highHalf, front.high];
        const d: Vec3 = [rear.x, s * rear.highHalf, rear.high];
        if (s < 0) this.quad(a, b, c, d, side);
        else this.quad(b, a, d, c, side);
      }
      this.quad(
        [rear.x, -rear.highHalf, rear.high],
        [front.x, -front.highHalf, front.high],
        [front.x, front.highHalf, front.high],
        [rear.x, rear.highHalf, rear.high],
        top,
      );
    }
    const [first, last] = [stations[0], stations.at(-1)];
    if (first && last) {
      this.quad(
        [last.x, -last.lowHalf, last.low],
        [last.x, last.lowHalf, last.low],
        [last.x, last.highHalf, last.high],
        [last.x, -last.highHalf, last.high],
        ends,
      );
      this.quad(
        [first.x, first.lowHalf, first.low],
        [first.x, -first.lowHalf, first.low],
        [first.x, -first.highHalf, first.high],
        [first.x, first.highHalf, first.high],
        ends,
      );
    }
    return this;
  }

  /** Adds a copy of another mesh, standing at `placement`. */
  place(other: Mesh, placement: Placement): this {
    const { sin, cos, lift, fall, x, y, z } = turned(placement);
    for (let i = 0; i < other.points.length; i += 3) {
      const [px = 0, py = 0, pz = 0] = [other.points[i], other.points[i + 1], other.points[i + 2]];
      const along = px * fall - pz * lift;
      this.points.push(x + along * cos - py * sin, y + along * sin + py * cos, z + px * lift + pz * fall);
      const [nx = 0, ny = 0, nz = 0] = [other.normals[i], other.normals[i + 1], other.normals[i + 2]];
      const tilt = nx * fall - nz * lift;
      this.normals.push(tilt * cos - ny * sin, tilt * sin + ny * cos, nx * lift + nz * fall);
    }
    for (const material of other.materials) this.materials.push(material);
    return this;
  }
}

/** The numbers a placement turns points with. */
export interface Turned {
  readonly sin: number;
  readonly cos: number;
  readonly lift: number;
  readonly fall: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export function turned(placement: Placement): Turned {
  const heading = placement.heading ?? 0;
  const climb = placement.climb ?? 0;
  return {
    sin: Math.sin(heading),
    cos: Math.cos(heading),
    lift: Math.sin(climb),
    fall: Math.cos(climb),
    x: placement.x,
    y: placement.y,
    z: placement.z ?? 0,
  };
}
