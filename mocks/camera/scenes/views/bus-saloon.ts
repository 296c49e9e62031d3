import { chance } from '../render/chance.ts';
import type { Lamp } from '../render/light.ts';
import { glossy, glowing, matte, painted, type Material } from '../render/material.ts';
import { loopSeconds } from '../scenes.ts';
import { Mesh } from '../render/mesh.ts';
import type { View } from '../render/stage.ts';
import { colour, unit } from '../render/vector.ts';
import { palm } from '../props/palm.ts';
import { crowd, person } from '../props/people.ts';
import { vehicle, carPaints } from '../props/vehicles.ts';

/** The saloon: x across, y towards the rear, its floor 0 and the street a metre below. */
const half = 1.24;
const length = 10.6;
const street = -0.95;
const speed = 9;

const cloth = painted((s, x, y, z) => {
  const isDot = (Math.floor(x * 16) + Math.floor(z * 16) + Math.floor(y * 16)) % 3 === 0;
  s.r = isDot ? 0.05 : 0.03;
  s.g = isDot ? 0.13 : 0.08;
  s.b = isDot ? 0.19 : 0.13;
});
const shell = glossy(colour('#8a8d8f'), 0.03);
const ring = matte([0.16, 0.16, 0.15]);
const grab = glossy(colour('#d2a92f'), 0.06);

/** A double seat whose sitters look towards the front (-y). */
function seat(set: Mesh, x0: number, x1: number, y: number, floor: number): void {
  set.box([x0, y - 0.22, floor + 0.4], [x1, y + 0.24, floor + 0.48], cloth);
  for (const [a, b] of [
    [x0, (x0 + x1) / 2 - 0.01],
    [(x0 + x1) / 2 + 0.01, x1],
  ] as const) {
    set.quad(
      [a, y + 0.22, floor + 0.46],
      [b, y + 0.22, floor + 0.46],
      [b, y + 0.32, floor + 1.12],
      [a, y + 0.32, floor + 1.12],
      cloth,
    );
    set.quad(
      [a, y + 0.27, floor + 0.42],
      [b, y + 0.27, floor + 0.42],
      [b, y + 0.37, floor + 1.14],
      [a, y + 0.37, floor + 1.14],
      shell,
    );
  }
  set.box([x0, y + 0.3, floor + 1.1], [x1, y + 0.38, floor + 1.15], grab);
  set.box([x0 + 0.05, y - 0.1, floor], [x0 + 0.1, y + 0.2, floor + 0.4], shell);
  set.box([x1 - 0.1, y - 0.1, floor], [x1 - 0.05, y + 0.2, floor + 0.4], shell);
}

/** What goes by outside, and how many metres until the same comes again: whole times in every loop. */
function outside(): { mesh: Mesh; x: number; every: number; heading: number; z: number }[] {
  const things: { mesh: Mesh; x: number; every: number; heading: number; z: number }[] = [];
  things.push({ mesh: palm(3, 5.4), x: -5.4, every: 16, heading: 0, z: street });
  things.push({ mesh: palm(5, 5.8), x: 8.6, every: 18, heading: 1, z: street });
  const shop = new Mesh();
  const glass = glossy([0.03, 0.04, 0.045], 0.12);
  for (let i = 0; i < 3; i++) {
    const wall = matte(colour(['#a8927a', '#b9b2a2', '#8f979b'][i] ?? '#b9b2a2', 0.8));
    const height = 9 + i * 4;
    shop.box([i * 15, -6, 0], [i * 15 + 13.4, 6, height], wall);
    for (const side of [-6.03, 6.03]) {
      for (let n = 0; n < 4; n++) {
        const x = i * 15 + 0.7 + n * 3.2;
        shop.quad([x, side, 0.3], [x + 2.6, side, 0.3], [x + 2.6, side, 2.7], [x, side, 2.7], glass);
        for (let z = 4; z + 1.8 < height; z += 3.2)
          shop.quad(
            [x + 0.4, side, z],
            [x + 2.1, side, z],
            [x + 2.1, side, z + 1.7],
            [x + 0.4, side, z + 1.7],
            glass,
          );
      }
      shop.box(
        [i * 15 + 0.3, Math.min(side, side * 1.17), 2.85],
        [i * 15 + 13, Math.max(side, side * 1.17), 3.05],
        matte(colour(['#2b6a7d', '#7d3b33', '#4d6a43'][i] ?? '#2b6a7d')),
      );
    }
  }
  things.push({ mesh: shop, x: -18, every: 48, heading: Math.PI / 2, z: street });
  things.push({ mesh: shop, x: 27, every: 48, heading: Math.PI / 2, z: street });
  const post = new Mesh().bar([0, 0, 0], [0, 0, 8], 0.1, 0.07, matte([0.3, 0.3, 0.3]), 6);
  things.push({ mesh: post, x: -4.2, every: 24, heading: 0, z: street });
  return things;
}

/** Inside a bus on its way through the city, seen from above the driver's bulkhead towards the rear. */
export function busSaloon(): View {
  const set = new Mesh();
  const lamps: Lamp[] = [];
  const wall = matte(colour('#c3c2bb'));
  const dark = matte(colour('#33363a'));
  const floor: Material = painted((s, x, y) => {
    const speck = (Math.imul(Math.floor(x * 90), 7349) ^ Math.imul(Math.floor(y * 90), 9151)) & 15;
    const tone = 0.1 + (speck > 12 ? 0.06 : 0) - (Math.abs(x) < 0.3 ? 0.02 : 0);
    s.r = tone;
    s.g = tone * 1.02;
    s.b = tone * 1.06;
    s.gloss = 0.04;
    if (Math.abs(y - 6.3) < 0.05) {
      s.r = 0.6;
      s.g = 0.45;
      s.b = 0.05;
    }
  });
  set.strip([-half, -1, 0], [-half, 6.3, 0], [half, 6.3, 0], [half, -1, 0], 6, floor);
  set.strip([-half, 6.3, 0.22], [-half, length, 0.22], [half, length, 0.22], [half, 6.3, 0.22], 4, floor);
  set.quad([-half, 6.3, 0], [half, 6.3, 0], [half, 6.3, 0.22], [-half, 6.3, 0.22], dark);
  const doorway: readonly [number, number] = [4.1, 5.5];
  for (const s of [-1, 1]) {
    const x = s * half;
    const pieces: readonly (readonly [number, number])[] =
      s > 0
        ? [
            [-1, 4.1],
            [5.5, length],
          ]
        : [[-1, length]];
    for (const [a, b] of pieces) {
      set.strip([x, a, 0], [x, b, 0], [x, b, 0.82], [x, a, 0.82], 8, wall);
      set.strip([x, a, 0.78], [x, b, 0.78], [x - s * 0.05, b, 0.82], [x - s * 0.05, a, 0.82], 8, dark);
    }
    set.strip([x, -1, 1.9], [x, length, 1.9], [x - s * 0.18, length, 2.2], [x - s * 0.18, -1, 2.2], 10, wall);
    for (let y = -0.6; y < length; y += 1.5) {
      if (s > 0 && y > 4 && y < 5.4) continue;
      set.box([x - 0.03, y - 0.05, 0.82], [x + 0.03, y + 0.05, 1.9], dark);
    }
    set.bar([s * 0.86, -0.5, 1.95], [s * 0.86, length - 0.3, 1.95], 0.018, 0.018, grab, 6, false);
    for (let y = 0.6; y < length; y += 2.2)
      set.bar([s * 0.86, y, 1.95], [s * 0.86, y, 2.24], 0.014, 0.014, grab, 6, false);
  }
  // The middle door, with its windows.
  for (const y of [doorway[0], 4.8, doorway[1]])
    set.box([half - 0.03, y - 0.05, -0.2], [half + 0.03, y + 0.05, 2], dark);
  set.box([half - 0.02, doorway[0], -0.3], [half + 0.02, doorway[1], 0.25], dark);
  set.strip(
    [-half + 0.18, -1, 2.2],
    [-half + 0.18, length, 2.2],
    [half - 0.18, length, 2.2],
    [half - 0.18, -1, 2.2],
    8,
    matte(colour('#cfceca')),
  );
  set.quad([-half, length, 0], [half, length, 0], [half, length, 1.15], [-half, length, 1.15], wall);
  set.quad([-half, length, 1.9], [half, length, 1.9], [half, length, 2.2], [-half, length, 2.2], wall);
  for (const x of [-half, -0.02, half - 0.06])
    set.box([x, length - 0.03, 1.1], [x + 0.06, length + 0.03, 1.9], dark);
  for (const x of [-0.55, 0.55]) {
    for (let y = 0; y < length; y += 2.4) {
      set.box([x - 0.07, y, 2.17], [x + 0.07, y + 1.9, 2.195], glowing([2.1, 2.15, 2.1]));
      lamps.push({
        at: [x, y + 0.95, 2.05],
        aim: [0, 0, -1],
        focus: 0.8,
        light: [0.34, 0.35, 0.34],
        reach: 6,
        size: 0.9,
      });
    }
  }
  for (const [x, y] of [
    [-0.42, 2.2],
    [0.42, 3.6],
    [-0.42, 5.2],
    [0.42, 6.1],
    [-0.42, 8],
    [0.42, 8],
  ] as const) {
    set.bar([x, y, 0], [x, y, 2.2], 0.018, 0.018, grab, 7, false);
    set.box([x - 0.03, y - 0.03, 1.1], [x + 0.03, y + 0.03, 1.22], matte([0.45, 0.04, 0.03]));
  }
  const seats: (readonly [number, number, number])[] = [];
  for (const y of [1.5, 2.35, 3.2, 4.05, 4.9, 5.75]) seats.push([-1.2, y, 0]);
  for (const y of [1.5, 2.35, 3.2]) seats.push([0.38, y, 0]);
  for (const y of [7, 7.85, 8.7, 9.55]) seats.push([-1.2, y, 0.22], [0.38, y, 0.22]);
  for (const [x, y, z] of seats) seat(set, x, x + 0.84, y, z);
  // The street: asphalt, kerb and pavement, all plain, since they rush by.
  set.strip(
    [-9, -60, street],
    [12, -60, street],
    [12, 160, street],
    [-9, 160, street],
    10,
    matte(colour('#605f5d')),
  );
  set.quad(
    [-200, -60, street - 0.02],
    [200, -60, street - 0.02],
    [200, 400, street - 0.02],
    [-200, 400, street - 0.02],
    matte(colour('#a89a82')),
  );
  set.quad(
    [-9, -60, street + 0.14],
    [-3.4, -60, street + 0.14],
    [-3.4, 160, street + 0.14],
    [-9, 160, street + 0.14],
    matte(colour('#a39a8b')),
  );

  const random = chance(5);
  const sitters = seats
    .flatMap(([x, y, z]) => [0.21, 0.63].map((d) => ({ x: x + d, y, z })))
    .filter(({ y }) => random() < 0.56 && y > 2)
    .map((place, i) => ({
      ...place,
      figure: crowd[(i * 7 + 2) % crowd.length] ?? crowd[0],
      phase: random() * 6.28,
      beats: 1 + Math.floor(random() * 3),
    }));
  const standing = [
    { x: -0.1, y: 5.2, figure: crowd[4], phase: 1, heading: Math.PI * 0.6 },
    { x: 0.72, y: 5.9, figure: crowd[9], phase: 3, heading: Math.PI * 1.1 },
  ];
  const passing = outside();
  return {
    lens: { at: [0.15, -0.75, 2.08], heading: 0, down: 17, fieldOfView: 88, barrel: 0.62 },
    light: {
      sun: { towards: unit([0.72, 0.25, 0.62]), light: [2.6, 2.35, 1.85] },
      zenith: [0.7, 0.95, 1.3],
      horizon: [1.5, 1.52, 1.46],
      above: [0.36, 0.37, 0.38],
      below: [0.27, 0.265, 0.25],
      lamps,
      shelter: 1.6,
      haze: { light: [1.2, 1.2, 1.12], perMetre: 0.0015 },
    },
    look: { exposure: 0.78, saturation: 0.92, vignette: 0.4, grain: 2.4 },
    set,
    play(time, stage) {
      const gone = speed * time;
      for (const { mesh, x, every, heading, z } of passing) {
        for (let y = (gone % every) - every * 2; y < 130; y += every) stage.draw(mesh, { x, y, z, heading });
      }
      // Cars that are overtaken fall behind; one overtakes.
      for (const [i, y] of [6, 30, 58].entries()) {
        const at = ((y + time * 4) % 64) - 8;
        stage.draw(vehicle({ kind: i === 1 ? 'suv' : 'saloon', paint: carPaints[i * 3] ?? '#dddddd' }), {
          x: 4.6,
          y: at,
          z: street,
          heading: -Math.PI / 2,
        });
      }
      const turn = (2 * Math.PI * time) / loopSeconds;
      // The whole bus rocks a little: who sits in it shows it.
      const rock = 0.02 * Math.sin(turn * 6) + 0.012 * Math.sin(turn * 13 + 1);
      for (const { x, y, z, figure, phase, beats } of sitters) {
        if (!figure) continue;
        const mesh = person(figure, 0, 0, true);
        stage.draw(mesh, {
          x: x + rock,
          y: y + 0.02 * Math.sin(turn * 4 + phase),
          z: z + 0.008 * Math.sin(turn * 17 + phase),
          heading: -Math.PI / 2 + 0.1 * Math.sin(turn * beats + phase),
        });
      }
      for (const { x, y, figure, phase, heading } of standing) {
        if (!figure) continue;
        const mesh = person(figure, 0, 0);
        stage.contact({ x, y, z: 0 }, 0.6, 0.6, 0.4);
        stage.draw(mesh, {
          x: x + rock * 2,
          y,
          z: 0,
          heading: heading + 0.06 * Math.sin(turn * 2 + phase),
          climb: rock,
        });
      }
      // Straps swing from the rails.
      for (const s of [-1, 1]) {
        for (let i = 0; i < 12; i++) {
          const y = 0.9 + i * 0.8;
          const swing = 0.05 * Math.sin(turn * 9 + i * 0.7) + rock;
          const strap = new Mesh()
            .bar([0, 0, 0], [swing * 0.7, 0, -0.13], 0.011, 0.011, dark, 5, false)
            .bar([swing * 0.7, 0, -0.13], [swing, -0.055, -0.23], 0.01, 0.01, ring, 5)
            .bar([swing * 0.7, 0, -0.13], [swing, 0.055, -0.23], 0.01, 0.01, ring, 5)
            .bar([swing, -0.055, -0.23], [swing, 0.055, -0.23], 0.013, 0.013, ring, 6);
          stage.draw(strap, { x: s * 0.86, y, z: 1.94 });
        }
      }
    },
  };
}
