import { chance } from '../render/chance.ts';
import { moments } from '../render/loop.ts';
import type { Lamp } from '../render/light.ts';
import { matte, painted } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import type { Halo } from '../render/plate.ts';
import type { View } from '../render/stage.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import { daylight, night } from '../props/daylight.ts';
import { building } from '../props/facade.ts';
import { GroundPlan, tints } from '../props/ground.ts';
import { palm } from '../props/palm.ts';
import { barrierWall, concrete, lampPost, steel, white } from '../props/street.ts';
import { carLength, metroCar } from '../props/train.ts';
import { drive, steady, type Journey } from '../props/traffic.ts';
import { carPaints, type VehicleKind } from '../props/vehicles.ts';

const laneWidth = 3.65;
const inner = 2.2;
const laneCount = 5;
const edge = inner + laneCount * laneWidth;
const far = 520;

function ground(): GroundPlan {
  const plan = new GroundPlan(-70, -30, 70, 330, tints.sand, 12);
  plan.area(-70, -30, 70, 330, '#a99b80');
  plan.area(-edge - 3.2, -30, edge + 3.2, 330, tints.asphalt);
  plan.area(30, -30, 44, 330, tints.paving);
  plan.area(-44, -30, -30, 330, tints.freshAsphalt);
  plan.line(
    [
      [-37, -30],
      [-37, 330],
    ],
    0.14,
    tints.line,
    [3, 6],
  );
  for (const s of [-1, 1]) {
    for (let i = 0; i < laneCount; i++)
      plan.wear(
        [
          [s * (inner + (i + 0.5) * laneWidth), -30],
          [s * (inner + (i + 0.5) * laneWidth), 330],
        ],
        i > 2 ? 0.26 : 0.16,
      );
    for (let i = 1; i < laneCount; i++)
      plan.line(
        [
          [s * (inner + i * laneWidth), -30],
          [s * (inner + i * laneWidth), 330],
        ],
        0.16,
        tints.line,
        [3, 9],
      );
    plan.line(
      [
        [s * (inner - 0.25), -30],
        [s * (inner - 0.25), 330],
      ],
      0.18,
      tints.yellow,
    );
    plan.line(
      [
        [s * (edge + 0.2), -30],
        [s * (edge + 0.2), 330],
      ],
      0.2,
    );
    for (const y of [30, 90, 150])
      plan.arrow(s * (inner + 4.5 * laneWidth), y, s > 0 ? 90 : -90, s > 0 ? 1 : 0);
  }
  return plan;
}

function journeys(): Journey[] {
  const random = chance(77);
  const all: Journey[] = [];
  const kinds: readonly VehicleKind[] = ['saloon', 'suv', 'suv', 'saloon', 'taxi', 'pickup', 'van', 'saloon'];
  for (const s of [-1, 1]) {
    for (let lane = 0; lane < laneCount; lane++) {
      const x = s * (inner + (lane + 0.5) * laneWidth);
      const way = new Way(
        s > 0
          ? [
              [x, -14],
              [x, far],
            ]
          : [
              [x, far],
              [x, -14],
            ],
      );
      const speed = 32 - lane * 2.3;
      let at = random() * 2;
      while (at < 15.2) {
        const isSlow = lane === laneCount - 1;
        const kind =
          isSlow && random() < 0.45
            ? random() < 0.5
              ? 'truck'
              : 'bus'
            : (kinds[Math.floor(random() * kinds.length)] ?? 'suv');
        const paint =
          kind === 'taxi' ? '#d9cfae' : (carPaints[Math.floor(random() * carPaints.length)] ?? carPaints[0]);
        all.push(steady(kind, paint, way, at, speed));
        at += 1.7 + random() * 3.4;
      }
    }
  }
  return all;
}

/** Green panels over the lanes, with arrows and bars where words would be. */
const signs = painted((s, x, _y, z) => {
  const u = x - Math.floor(x / 5.6) * 5.6 - 2.8;
  const isArrow = Math.abs(u) < 0.55 * ((z - 6.35) / 0.7) && z > 6.4 && z < 7;
  const isBar =
    (Math.abs(z - 7.75) < 0.13 && Math.abs(u) < 1.6) || (Math.abs(z - 8.25) < 0.16 && Math.abs(u) < 1.1);
  const isRim = Math.abs(u) > 2.45;
  const tone = isArrow || isBar || isRim ? 0.75 : 0;
  s.r = tone + 0.01;
  s.g = tone + 0.11;
  s.b = tone + 0.06;
  if (Math.abs(u) > 2.6) s.r = s.g = s.b = 0.1;
});

/** A motorway of five lanes each way, seen from a gantry; a metro viaduct runs beside it. */
export function highway(isNight: boolean): View {
  const set = new Mesh();
  const lamps: Lamp[] = [];
  const halos: Halo[] = [];
  set.strip([-3000, -100, 0], [3000, -100, 0], [3000, 3000, 0], [-3000, 3000, 0], 1, ground().material(0.13));
  barrierWall(set, [-0.9, -40], [-0.9, far], 0.95);
  barrierWall(set, [0.9, -40], [0.9, far], 0.95);
  for (const s of [-1, 1]) {
    set.box([s * (edge + 3.4) - 0.03, -40, 0.45], [s * (edge + 3.4) + 0.03, far, 0.78], steel);
    for (let y = -20; y < 260; y += 4)
      set.box([s * (edge + 3.45) - 0.05, y, 0], [s * (edge + 3.45) + 0.05, y + 0.1, 0.75], steel);
  }
  const post = isNight ? { lamps, halos, light: white, strength: 240 } : undefined;
  for (let y = 26; y < 420; y += 42) lampPost(set, 0, y, [0, Math.PI], y < 330 ? post : undefined, 14);
  // A gantry with signs over both carriageways.
  for (const x of [-edge - 4.4, 0, edge + 4.4]) set.box([x - 0.25, 118, 0], [x + 0.25, 118.5, 8.9], steel);
  for (const z of [6.6, 8.4]) set.box([-edge - 4.4, 118.4, z], [edge + 4.4, 118.6, z + 0.16], steel);
  for (let x = -edge - 4; x < edge + 4; x += 1.8)
    set.bar([x, 118.5, 6.6], [x + 1.8, 118.5, 8.5], 0.05, 0.05, steel, 5, false);
  set.quad([2.8, 118.2, 6.2], [19.6, 118.2, 6.2], [19.6, 118.2, 8.7], [2.8, 118.2, 8.7], signs);
  // The viaduct.
  for (let y = -10; y < 520; y += 30) {
    set.bar([37, y, 0], [37, y, 8], 1.05, 1.05, concrete, 14);
    set.body([{ x: 0, low: 0, high: 0, lowHalf: 0, highHalf: 0 }], concrete);
    set.box([34.2, y - 1, 8], [39.8, y + 1, 9], concrete);
  }
  for (let y = -40; y < 520; y += 20)
    set.box([32.6, y, 9], [41.4, y + 20, 10.6], matte(colour('#a39d92')), matte(colour('#8d8880')));
  set.box([32.4, -40, 10.6], [32.7, 520, 11.5], matte(colour('#b0aa9e')));

  const lit = isNight ? 0.32 : 0;
  const random = chance(3);
  for (let i = 0; i < 16; i++) {
    const y = 30 + i * 40;
    const height = 50 + random() ** 1.6 * 190;
    building(set, 56 + random() * 14, y, 84 + random() * 10, y + 26, height, i, lit);
    building(
      set,
      -92 + random() * 10,
      y + 8,
      -62 + random() * 8,
      y + 32,
      35 + random() ** 1.5 * 210,
      i + 3,
      lit,
    );
  }
  for (let i = 0; i < 20; i++) {
    const x = -330 + i * 34 + random() * 12;
    if (Math.abs(x) < 40) continue;
    const y = 620 + random() * 240;
    building(set, x, y, x + 24, y + 24, 60 + random() ** 2 * 330, i, lit);
  }
  for (let i = 0; i < 16; i++) {
    set.place(palm(i, 6.5), { x: 27.5, y: 12 + i * 13, heading: i });
    set.place(palm(i + 40, 6.5), { x: -27.5, y: 16 + i * 13, heading: i * 2 });
  }
  const cars = journeys();
  const service = new Way([
    [-38.8, far],
    [-38.8, -30],
  ]);
  for (const [i, start] of [1, 6.5, 11.2].entries())
    cars.push(steady(i === 1 ? 'van' : 'saloon', carPaints[i] ?? '#dddddd', service, start, 15));
  return {
    lens: { at: [1.4, -6, 9.6], heading: 4, down: 13, fieldOfView: 62, barrel: 0.3 },
    light: isNight ? night(lamps, 0.0006) : daylight(235, 38, 0.0011),
    look: isNight ? { exposure: 1.5, grain: 3, vignette: 0.34 } : { exposure: 0.84 },
    set,
    halos,
    play(time, stage) {
      for (const age of moments(time, 4, 24)) {
        for (let i = 0; i < 4; i++) {
          const y = 470 - age * 23 + i * (carLength + 0.5);
          stage.draw(metroCar(0, 1, i === 0, i === 3), { x: 35.2, y, z: 11.4, heading: -Math.PI / 2 });
        }
      }
      drive(stage, time, cars, isNight);
    },
  };
}
