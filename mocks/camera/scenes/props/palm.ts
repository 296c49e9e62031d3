import { chance } from '../render/chance.ts';
import { matte } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import { add, colour, times, type Vec3 } from '../render/vector.ts';

const bark = matte(colour('#77664f'));
const greens = ['#556b35', '#4a5f30', '#65743d', '#6f7745'].map((hex) => matte(colour(hex)));
const dates = matte(colour('#9a6a2e'));

/** A date palm `height` metres to the crown, with fronds of separate leaflets, at the origin. */
export function palm(seed: number, height = 7): Mesh {
  const random = chance(seed * 7919 + 1);
  const mesh = new Mesh();
  const lean: Vec3 = [(random() - 0.5) * 0.6, (random() - 0.5) * 0.6, 0];
  let below: Vec3 = [0, 0, 0];
  for (let i = 1; i <= 6; i++) {
    const k = i / 6;
    const here: Vec3 = [lean[0] * k * k, lean[1] * k * k, height * k];
    mesh.bar(below, here, 0.26 - 0.08 * (k - 1 / 6), 0.26 - 0.1 * k, bark, 7, false);
    below = here;
  }
  const crown = below;
  for (let i = 0; i < 5; i++) {
    const a = random() * 6.28;
    mesh.ball(
      [crown[0] + Math.cos(a) * 0.45, crown[1] + Math.sin(a) * 0.45, crown[2] - 0.45],
      0.16,
      0.16,
      0.35,
      dates,
      6,
      4,
    );
  }
  const fronds = 26;
  for (let i = 0; i < fronds; i++) {
    const around = i * 2.399963 + random() * 0.3;
    const rise = 1.25 - (i / fronds) * 1.75 + (random() - 0.5) * 0.2;
    const length = 2.7 + random() * 0.7;
    const out: Vec3 = [Math.cos(around), Math.sin(around), 0];
    const side: Vec3 = [-Math.sin(around), Math.cos(around), 0];
    const green = greens[Math.floor(random() * greens.length)] ?? bark;
    const spine = (k: number): Vec3 => {
      const reach = length * k;
      const flat = Math.cos(rise) * reach + 0.25 * k * k;
      const drop = Math.sin(rise) * reach - (1.1 + Math.cos(rise) * 0.7) * k * k;
      return add(crown, add(times(out, flat), [0, 0, drop]));
    };
    const leaflets = 13;
    for (let j = 1; j <= leaflets; j++) {
      const k = j / leaflets;
      const root = spine(k - 0.06);
      const next = spine(k + 0.01);
      const span = 0.75 * Math.sin(Math.PI * (0.16 + 0.8 * k)) + 0.08;
      for (const s of [-1, 1]) {
        const tip = add(add(spine(Math.min(1.05, k + 0.1)), times(side, s * span)), [
          0,
          0,
          -0.22 * span - 0.08 * random(),
        ]);
        mesh.triangle(root, next, tip, green);
      }
    }
  }
  return mesh;
}

/** A clipped hedge or shrub: a few overlapping balls. */
export function shrub(seed: number, size = 0.7): Mesh {
  const random = chance(seed * 31 + 5);
  const mesh = new Mesh();
  for (let i = 0; i < 6; i++) {
    const r = size * (0.45 + random() * 0.35);
    mesh.ball(
      [(random() - 0.5) * size, (random() - 0.5) * size, r * 0.8],
      r,
      r,
      r * 0.85,
      greens[i % greens.length] ?? bark,
      8,
      5,
    );
  }
  return mesh;
}
