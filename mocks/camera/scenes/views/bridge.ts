import { chance } from '../render/chance.ts';
import type { Lamp } from '../render/light.ts';
import { glowing, matte, type Material } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import type { Halo } from '../render/plate.ts';
import type { View } from '../render/stage.ts';
import { loopSeconds } from '../scenes.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import { dhow, yacht } from '../props/boats.ts';
import { dusk } from '../props/daylight.ts';
import { building } from '../props/facade.ts';
import { GroundPlan, tints } from '../props/ground.ts';
import { barrierWall, lampPost, railing, sodium } from '../props/street.ts';
import { drive, steady, type Journey } from '../props/traffic.ts';
import { carPaints, type VehicleKind } from '../props/vehicles.ts';

const half = 14.6;
const lanes = [2.9, 6.5, 10.1];
const water = -15;

function deck(): GroundPlan {
  const plan = new GroundPlan(-half - 2.6, -40, half + 2.6, 340, tints.asphalt, 13);
  for (const s of [-1, 1]) {
    for (const x of lanes)
      plan.wear(
        [
          [s * x, -40],
          [s * x, 340],
        ],
        0.2,
      );
    for (const x of [4.7, 8.3])
      plan.line(
        [
          [s * x, -40],
          [s * x, 340],
        ],
        0.15,
        tints.line,
        [3, 7],
      );
    plan
      .line(
        [
          [s * 1.05, -40],
          [s * 1.05, 340],
        ],
        0.16,
        tints.yellow,
      )
      .line(
        [
          [s * 12.1, -40],
          [s * 12.1, 340],
        ],
        0.18,
      );
    plan.area(Math.min(s * 13.4, s * 17), -40, Math.max(s * 13.4, s * 17), 340, tints.paving);
  }
  for (let y = 20; y < 330; y += 60) plan.area(-half, y, half, y + 0.35, '#33312f');
  return plan;
}

function journeys(): Journey[] {
  const random = chance(63);
  const kinds: readonly VehicleKind[] = ['saloon', 'suv', 'taxi', 'suv', 'van', 'saloon', 'pickup'];
  const all: Journey[] = [];
  for (const s of [-1, 1]) {
    for (const [i, x] of lanes.entries()) {
      const way = new Way(
        s > 0
          ? [
              [x, -18],
              [x, 420],
            ]
          : [
              [-x, 420],
              [-x, -18],
            ],
      );
      let at = random() * 2;
      while (at < 15) {
        const kind: VehicleKind =
          i === 2 && random() < 0.3 ? 'bus' : (kinds[Math.floor(random() * kinds.length)] ?? 'suv');
        all.push(
          steady(
            kind,
            kind === 'taxi'
              ? '#d9cfae'
              : kind === 'bus'
                ? '#dedcd6'
                : (carPaints[Math.floor(random() * carPaints.length)] ?? carPaints[0]),
            way,
            at,
            23 - i * 2.2,
          ),
        );
        at += 2.1 + random() * 3;
      }
    }
  }
  return all;
}

/** A cable-stayed bridge over the creek at dusk, seen from its first pylon. */
export function bridge(): View {
  const set = new Mesh();
  const lamps: Lamp[] = [];
  const halos: Halo[] = [];
  const road = deck().material(0.14);
  const pale = matte(colour('#b9b2a4'));
  for (let y = -40; y < 400; y += 40) {
    set.quad(
      [-half - 2.6, y, 0],
      [half + 2.6, y, 0],
      [half + 2.6, y + 40, 0],
      [-half - 2.6, y + 40, 0],
      road,
    );
    for (const s of [-1, 1])
      set.quad(
        [s * (half + 2.6), y, 0.3],
        [s * (half + 2.6), y + 40, 0.3],
        [s * (half + 1.8), y + 40, -2.6],
        [s * (half + 1.8), y, -2.6],
        pale,
      );
  }
  barrierWall(set, [0, -40], [0, 400], 0.9);
  for (const s of [-1, 1]) {
    barrierWall(set, [s * 13, -40], [s * 13, 400], 0.8);
    railing(set, [s * (half + 2.3), -20], [s * (half + 2.3), 220], 1.2, 0, 3);
  }
  // The far pylon: two legs that lean together, and cables like a fan, lit from below.
  const top = 78;
  const pylonY = 150;
  const lit: Material = {
    reflect: [0.5, 0.48, 0.44],
    paint: (surface, _x, _y, z) => {
      const glow = 0.16 * Math.exp(-Math.max(0, z - 2) / 38);
      surface.emitR = glow;
      surface.emitG = glow * 0.9;
      surface.emitB = glow * 0.72;
    },
  };
  for (const s of [-1, 1]) {
    const leg = (k: number): readonly [number, number] => [
      s * (half + 4.4 - (half + 2.6) * k),
      water + (top - water) * k,
    ];
    for (let i = 0; i < 14; i++) {
      const [x0, z0] = leg(i / 14);
      const [x1, z1] = leg((i + 1) / 14);
      set.bar([x0, pylonY, z0], [x1, pylonY, z1], 1.7 - i * 0.045, 1.7 - (i + 1) * 0.045, lit, 10, false);
    }
    for (let i = 0; i < 15; i++) {
      const rise = 40 + i * 2.4;
      const k = (rise - water) / (top - water);
      const [x] = leg(k);
      for (const way of [-1, 1]) {
        const foot = pylonY + way * (16 + i * 9);
        set.bar(
          [x, pylonY, rise],
          [s * (half + 0.9), foot, 0.4],
          0.09,
          0.09,
          matte([0.55, 0.54, 0.5]),
          5,
          false,
        );
      }
    }
  }
  set.box([-9, pylonY - 1.2, 30], [9, pylonY + 1.2, 33], lit);
  set.ball([0, pylonY, top + 1.5], 0.5, 0.5, 0.5, glowing([4, 0.2, 0.12]), 8, 6);
  halos.push({ at: [0, pylonY - 1, top + 1.5], light: [0.9, 0.06, 0.04], radius: 0.6 });

  const sea: Material = { reflect: [0.012, 0.02, 0.028], isWater: true };
  set.strip([-3000, -100, water], [3000, -100, water], [3000, 3500, water], [-3000, 3500, water], 1, sea);
  // Both shores, with their towers and quay lamps.
  const shore = matte(colour('#776d5c'));
  set.box([-900, 330, water - 1], [900, 900, water + 5], shore);
  const random = chance(33);
  for (let i = 0; i < 46; i++) {
    const x = -430 + i * 19 + random() * 8;
    if (Math.abs(x) < 32) continue;
    const y = 390 + random() * 220;
    const tower = new Mesh();
    building(tower, x, y, x + 14 + random() * 10, y + 18, 24 + random() ** 2 * 210, i, 0.34);
    set.place(tower, { x: 0, y: 0, z: water + 5 });
  }
  for (let i = 0; i < 44; i++) {
    const x = -330 + i * 15;
    if (Math.abs(x) < 26) continue;
    set.bar([x, 332, water + 5], [x, 332, water + 10], 0.12, 0.1, matte([0.2, 0.2, 0.2]), 5);
    halos.push({ at: [x, 331, water + 10.4], light: [0.5, 0.33, 0.15], radius: 0.42 });
  }
  for (let y = 30; y < 330; y += 30) {
    lampPost(set, 0, y, [0, Math.PI], { lamps, halos, light: sodium, strength: 120 }, 11);
  }
  lamps.push({ at: [0, 2, 11], aim: [0, 0.1, -1], focus: 1, light: [150, 94, 40], reach: 34, size: 0.6 });
  const cars = journeys();
  const boats = [
    { boat: dhow(), x: -58, y: 120, heading: 0.4 },
    { boat: yacht(), x: -86, y: 190, heading: 2.8 },
    { boat: dhow(), x: 66, y: 160, heading: 2.2 },
    { boat: yacht(), x: 92, y: 235, heading: 0.2 },
    { boat: dhow(), x: -130, y: 250, heading: 0.1 },
  ];
  return {
    lens: { at: [-9.2, -9, 13.5], heading: 6, down: 10, fieldOfView: 72, barrel: 0.4 },
    light: dusk(lamps, 0.0011),
    look: { exposure: 1.7, saturation: 0.95, grain: 2.8, vignette: 0.34 },
    set,
    halos,
    play(time, stage) {
      const turn = (2 * Math.PI * time) / loopSeconds;
      for (const [i, { boat, x, y, heading }] of boats.entries()) {
        stage.draw(boat, {
          x,
          y,
          z: water + 0.1 * Math.sin(turn * 4 + i),
          heading: heading + 0.03 * Math.sin(turn * 2 + i),
          climb: 0.015 * Math.sin(turn * 5 + i),
        });
        stage.halo([x, y, water + 4.6], [0.5, 0.4, 0.24], 0.3);
      }
      drive(stage, time, cars, true);
    },
  };
}
