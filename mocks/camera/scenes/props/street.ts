import type { Halo } from '../render/plate.ts';
import type { Lamp } from '../render/light.ts';
import { glossy, glowing, matte, type Material } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import { colour, type Rgb, type Vec3 } from '../render/vector.ts';

export const steel = glossy(colour('#8c9093'), 0.05);
export const darkSteel = matte(colour('#3a3d40'));
export const concrete = matte(colour('#96918a'));

/** Sodium and white light-emitting diodes, as street lamps give them. */
export const sodium: Rgb = [1, 0.62, 0.26];
export const white: Rgb = [0.92, 0.97, 1];

/** Kerb stones, painted black and white in pieces of a metre, along a straight from `a` to `b`. */
export function kerb(
  mesh: Mesh,
  a: readonly [number, number],
  b: readonly [number, number],
  isPainted = true,
): void {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const stone: Material = {
    reflect: [0.4, 0.39, 0.37],
    paint: (s, x, y) => {
      if (!isPainted) return;
      const way = ((x - a[0]) * (b[0] - a[0]) + (y - a[1]) * (b[1] - a[1])) / length;
      const tone = Math.floor(way / 1.2) % 2 === 0 ? 0.5 : 0.06;
      s.r = tone;
      s.g = tone * 0.97;
      s.b = tone * 0.9;
    },
  };
  const heading = Math.atan2(b[1] - a[1], b[0] - a[0]);
  const piece = new Mesh().box([0, -0.1, 0], [length, 0.1, 0.15], stone);
  mesh.place(piece, { x: a[0], y: a[1], heading });
}

/** A lamp post; `arms` are the headings (radians) its lanterns hang towards. */
export function lampPost(
  mesh: Mesh,
  x: number,
  y: number,
  arms: readonly number[],
  night?: { readonly lamps: Lamp[]; readonly halos: Halo[]; readonly light: Rgb; readonly strength: number },
  height = 10,
): void {
  mesh.bar([x, y, 0], [x, y, height], 0.13, 0.08, steel, 7);
  mesh.bar([x, y, 0], [x, y, 0.9], 0.2, 0.18, steel, 7);
  for (const heading of arms) {
    const [c, s] = [Math.cos(heading), Math.sin(heading)];
    const end: Vec3 = [x + c * 1.9, y + s * 1.9, height + 0.35];
    mesh.bar([x, y, height - 0.1], end, 0.06, 0.05, steel, 6);
    const lantern = new Mesh()
      .box([-0.1, -0.16, 0], [0.85, 0.16, 0.12], steel)
      .box(
        [0.05, -0.13, -0.03],
        [0.8, 0.13, 0],
        night
          ? glowing([night.light[0] * 9, night.light[1] * 9, night.light[2] * 9])
          : glossy([0.5, 0.5, 0.48]),
      );
    mesh.place(lantern, { x: end[0], y: end[1], z: end[2], heading });
    if (!night) continue;
    const at: Vec3 = [end[0] + c * 0.4, end[1] + s * 0.4, end[2] - 0.1];
    const k = night.strength;
    night.lamps.push({
      at,
      aim: [0, 0, -1],
      focus: 1.1,
      light: [night.light[0] * k, night.light[1] * k, night.light[2] * k],
      reach: 34,
      size: 0.5,
    });
    night.halos.push({
      at,
      light: [night.light[0] * 0.5, night.light[1] * 0.5, night.light[2] * 0.5],
      radius: 0.34,
    });
  }
}

/** Where the three lenses of a signal are, top to bottom, and which way they look. */
export interface SignalHead {
  readonly lenses: readonly [Vec3, Vec3, Vec3];
  readonly heading: number;
}

/** A signal head at a height, seen from the direction it is turned to (radians). */
export function signalHead(mesh: Mesh, x: number, y: number, z: number, heading: number): SignalHead {
  const box = new Mesh()
    .box([-0.16, -0.2, 0], [0.1, 0.2, 1.1], matte([0.02, 0.02, 0.02]))
    .box([-0.2, -0.34, -0.14], [-0.17, 0.34, 1.24], matte([0.03, 0.03, 0.03]));
  mesh.place(box, { x, y, z, heading });
  const lens = (rise: number): Vec3 => [x + Math.cos(heading) * 0.14, y + Math.sin(heading) * 0.14, z + rise];
  return { lenses: [lens(0.9), lens(0.55), lens(0.2)], heading };
}

export type Aspect = 'red' | 'amber' | 'green';

const off = [matte([0.06, 0.01, 0.01]), matte([0.06, 0.04, 0.01]), matte([0.01, 0.05, 0.03])] as const;
const lights: Readonly<Record<Aspect, Rgb>> = {
  red: [3.4, 0.16, 0.08],
  amber: [3.2, 1.5, 0.1],
  green: [0.12, 2.6, 1.3],
};

/** A disc looking along x. */
const disc = (material: Material): Mesh => new Mesh().bar([0, 0, 0], [0.03, 0, 0], 0.13, 0.13, material, 10);

const shown = {
  red: disc(glowing(lights.red)),
  amber: disc(glowing(lights.amber)),
  green: disc(glowing(lights.green)),
};
const dark = off.map(disc);

/** What a signal head shows: meshes and where, and the halo of the lit lens. */
export function aspectOf(
  head: SignalHead,
  aspect: Aspect,
): { readonly meshes: readonly (readonly [Mesh, Vec3])[]; readonly halo: Halo } {
  const lit = aspect === 'red' ? 0 : aspect === 'amber' ? 1 : 2;
  const meshes = head.lenses.map((at, i): readonly [Mesh, Vec3] => [
    i === lit ? shown[aspect] : (dark[i] ?? shown.red),
    at,
  ]);
  const light = lights[aspect];
  return {
    meshes,
    halo: { at: head.lenses[lit], light: [light[0] * 0.12, light[1] * 0.12, light[2] * 0.12], radius: 0.16 },
  };
}

/** A mast with an arm over the lanes. `arm` is the heading it reaches to; heads look along `looks`. */
export function signalMast(
  mesh: Mesh,
  x: number,
  y: number,
  arm: number,
  looks: number,
  reach = 8,
): SignalHead[] {
  mesh.bar([x, y, 0], [x, y, 6.4], 0.14, 0.11, steel, 8);
  const [c, s] = [Math.cos(arm), Math.sin(arm)];
  mesh.bar([x, y, 6.1], [x + c * reach, y + s * reach, 6.5], 0.1, 0.06, steel, 7);
  return [
    signalHead(mesh, x + c * reach * 0.95, y + s * reach * 0.95, 5.5, looks),
    signalHead(mesh, x + c * reach * 0.45, y + s * reach * 0.45, 5.4, looks),
    signalHead(mesh, x + Math.cos(looks) * 0.25, y + Math.sin(looks) * 0.25, 2.9, looks),
  ];
}

/** A low wall of concrete with sloping sides. */
export function barrierWall(
  mesh: Mesh,
  a: readonly [number, number],
  b: readonly [number, number],
  height = 0.85,
): void {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const count = Math.max(1, Math.round(length / 6));
  const stations = Array.from({ length: count + 1 }, (_, i) => ({
    x: (length * i) / count,
    low: 0,
    high: height,
    lowHalf: 0.3,
    highHalf: 0.1,
  }));
  mesh.place(new Mesh().body(stations, concrete), {
    x: a[0],
    y: a[1],
    heading: Math.atan2(b[1] - a[1], b[0] - a[0]),
  });
}

/** A railing of posts and two bars. */
export function railing(
  mesh: Mesh,
  a: readonly [number, number],
  b: readonly [number, number],
  height = 1.1,
  z = 0,
  step = 2,
): void {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const count = Math.max(1, Math.round(length / step));
  for (let i = 0; i <= count; i++) {
    const x = a[0] + ((b[0] - a[0]) * i) / count;
    const y = a[1] + ((b[1] - a[1]) * i) / count;
    mesh.bar([x, y, z], [x, y, z + height], 0.03, 0.03, steel, 5, false);
  }
  for (const rise of [0.5, 1]) {
    mesh.bar([a[0], a[1], z + height * rise], [b[0], b[1], z + height * rise], 0.035, 0.035, steel, 5, false);
  }
}
