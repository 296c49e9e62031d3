import { chance, noise } from '../render/chance.ts';
import type { Lamp } from '../render/light.ts';
import { glossy, glowing, matte, painted } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import type { View } from '../render/stage.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import { indoors } from '../props/daylight.ts';
import { GroundPlan, tints } from '../props/ground.ts';
import { drive, steady, type Journey } from '../props/traffic.ts';
import { carPaints, type VehicleKind } from '../props/vehicles.ts';

const half = 6.2;
const far = 330;
/** The tunnel bends gently to the left. */
const bend = (y: number): number => (y < 60 ? 0 : -((y - 60) ** 2) / 2600);

function journeys(): Journey[] {
  const random = chance(41);
  const all: Journey[] = [];
  const kinds: readonly VehicleKind[] = ['saloon', 'suv', 'taxi', 'suv', 'van', 'pickup', 'saloon'];
  for (const [lane, x] of [-3.7, 0, 3.7].entries()) {
    const way = new Way(
      Array.from({ length: 40 }, (_, i) => [x + bend(-14 + i * 9), -14 + i * 9] as const),
      4,
    );
    let at = random() * 1.5;
    while (at < 14.8) {
      const kind: VehicleKind =
        lane === 2 && random() < 0.3 ? 'truck' : (kinds[Math.floor(random() * kinds.length)] ?? 'suv');
      all.push(
        steady(
          kind,
          kind === 'taxi' ? '#d9cfae' : (carPaints[Math.floor(random() * carPaints.length)] ?? carPaints[0]),
          way,
          at,
          24 - lane * 2.4,
        ),
      );
      at += 2 + random() * 2.6;
    }
  }
  return all;
}

/** A road tunnel of three lanes, seen from under its ceiling, in the direction of travel. */
export function tunnel(): View {
  const set = new Mesh();
  const lamps: Lamp[] = [];
  const plan = new GroundPlan(-60, -20, 20, 320, tints.freshAsphalt, 12);
  const along = (x: number): (readonly [number, number])[] =>
    Array.from({ length: 60 }, (_, i) => [x + bend(-20 + i * 6), -20 + i * 6] as const);
  for (const x of [-3.7, 0, 3.7]) plan.wear(along(x), 0.25);
  for (const x of [-1.85, 1.85]) plan.line(along(x), 0.15, tints.line, [3, 6]);
  for (const x of [-5.55, 5.55]) plan.line(along(x), 0.16, x < 0 ? tints.yellow : tints.line);
  set.strip([-90, -20, 0], [30, -20, 0], [30, far, 0], [-90, far, 0], 1, plan.material(0.2));
  const wall = painted((s, _x, y, z) => {
    const isPanel = z > 0.9 && z < 3.7;
    const isJoint = isPanel && Math.abs(y / 2.4 - Math.round(y / 2.4)) < 0.01;
    const soot = 0.75 + 0.35 * noise(y * 0.2, z * 0.8, 2) - 0.15 * noise(y * 2, z * 0.4, 4);
    const tone = (isJoint ? 0.15 : isPanel ? 0.52 : 0.2) * soot;
    s.r = tone;
    s.g = tone * 0.98;
    s.b = tone * 0.92;
    s.gloss = isPanel ? 0.03 : 0;
  });
  const roof = painted((s, x, y) => {
    const tone = 0.13 * (0.75 + 0.5 * noise(x * 0.5, y * 0.2, 9));
    s.r = tone;
    s.g = tone * 0.97;
    s.b = tone * 0.93;
  });
  const kerbStone = matte([0.3, 0.29, 0.27]);
  const green = glowing([0.1, 1.1, 0.45]);
  for (let y = -20; y < far; y += 6) {
    const a = bend(y);
    const b = bend(y + 6);
    for (const s of [-1, 1]) {
      set.quad(
        [a + s * half, y, 0],
        [b + s * half, y + 6, 0],
        [b + s * half, y + 6, 4],
        [a + s * half, y, 4],
        wall,
      );
      set.quad(
        [a + s * half, y, 4],
        [b + s * half, y + 6, 4],
        [b + s * 4.4, y + 6, 5.6],
        [a + s * 4.4, y, 5.6],
        roof,
      );
      set.quad(
        [a + s * (half - 0.55), y, 0.22],
        [b + s * (half - 0.55), y + 6, 0.22],
        [b + s * half, y + 6, 0.22],
        [a + s * half, y, 0.22],
        kerbStone,
      );
      set.quad(
        [a + s * (half - 0.55), y, 0],
        [b + s * (half - 0.55), y + 6, 0],
        [b + s * (half - 0.55), y + 6, 0.22],
        [a + s * (half - 0.55), y, 0.22],
        kerbStone,
      );
      set.box(
        [a + s * 3.3 - 0.14, y + 1, 5.3],
        [a + s * 3.3 + 0.14, y + 3.6, 5.42],
        glowing([4.2, 2.9, 1.35]),
      );
      lamps.push({
        at: [a + s * 3.3, y + 2.3, 5.2],
        aim: [0, 0, -1],
        focus: 0.9,
        light: [10, 6.9, 3.3],
        reach: 15,
        size: 1.4,
      });
    }
    set.quad([a - 4.4, y, 5.6], [b - 4.4, y + 6, 5.6], [b + 4.4, y + 6, 5.6], [a + 4.4, y, 5.6], roof);
    set.quad(
      [a + half - 0.02, y + 4, 2.6],
      [a + half - 0.02, y + 4.02, 2.6],
      [a + half - 0.02, y + 4.02, 2.6],
      [a + half - 0.02, y + 4, 2.6],
      wall,
    );
  }
  for (const y of [34, 94, 154, 214]) {
    // Fans in pairs, and lane signals.
    for (const x of [-1.4, 1.4])
      set.bar(
        [bend(y) + x, y, 4.75],
        [bend(y) + x, y + 4.5, 4.75],
        0.55,
        0.55,
        glossy([0.35, 0.36, 0.37], 0.06),
        14,
      );
    for (const x of [-3.7, 0, 3.7]) {
      set.box(
        [bend(y) + x - 0.32, y + 14, 4.6],
        [bend(y) + x + 0.32, y + 14.2, 5.24],
        matte([0.01, 0.01, 0.01]),
      );
      set.quad(
        [bend(y) + x - 0.06, y + 13.98, 4.85],
        [bend(y) + x + 0.06, y + 13.98, 4.85],
        [bend(y) + x + 0.06, y + 13.98, 5.15],
        [bend(y) + x - 0.06, y + 13.98, 5.15],
        green,
      );
      set.triangle(
        [bend(y) + x - 0.18, y + 13.98, 4.88],
        [bend(y) + x + 0.18, y + 13.98, 4.88],
        [bend(y) + x, y + 13.98, 4.68],
        green,
      );
    }
    const d = bend(y + 20) + half - 0.02;
    set.box([d - 0.05, y + 20, 0.22], [d, y + 21.2, 2.5], matte(colour('#2f7a52')));
    set.box([d - 0.4, y + 20.1, 2.65], [d, y + 21.1, 3.05], green);
  }
  for (const s of [-1, 1]) {
    set.bar(
      [s * (half - 0.15), -20, 3.95],
      [s * (half - 0.15), 60, 3.95],
      0.08,
      0.08,
      matte([0.2, 0.2, 0.2]),
      6,
    );
  }
  const cars = journeys();
  return {
    lens: { at: [3.9, -7, 4.75], heading: -7, down: 10, fieldOfView: 68, barrel: 0.45 },
    light: { ...indoors(lamps, 0.05), haze: { light: [0.2, 0.15, 0.09], perMetre: 0.0022 } },
    look: { exposure: 1.3, saturation: 0.9, grain: 2.6, vignette: 0.38 },
    set,
    play(time, stage) {
      drive(stage, time, cars, true);
    },
  };
}
