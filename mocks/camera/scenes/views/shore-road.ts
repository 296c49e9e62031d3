import { chance } from '../render/chance.ts';
import { matte, type Material } from '../render/material.ts';
import { loopSeconds } from '../scenes.ts';
import { Mesh } from '../render/mesh.ts';
import { moments } from '../render/loop.ts';
import type { View } from '../render/stage.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import { dhow, yacht } from '../props/boats.ts';
import { daylight } from '../props/daylight.ts';
import { building } from '../props/facade.ts';
import { GroundPlan, tints } from '../props/ground.ts';
import { palm, shrub } from '../props/palm.ts';
import { crowd } from '../props/people.ts';
import { kerb, lampPost, railing } from '../props/street.ts';
import { drive, steady, type Journey } from '../props/traffic.ts';
import { carPaints, type VehicleKind } from '../props/vehicles.ts';
import { stroll, walk } from '../props/walk.ts';

/** West of this is the sea; then promenade, carriageway, median, carriageway. */
const quay = -14;
const road = [-3.5, 22] as const;

function ground(): GroundPlan {
  const plan = new GroundPlan(quay, -30, 70, 330, tints.paving, 13);
  const { context } = plan;
  // The promenade is laid in waves of two tones.
  for (let y = -30; y < 330; y += 1.2) {
    for (let x = quay; x < -5; x += 1.2) {
      const wave = Math.sin(y * 0.35 + Math.sin(x * 0.6) * 1.4);
      plan.area(x, y, x + 1.16, y + 1.16, wave > 0.35 ? '#b7a68a' : wave < -0.5 ? '#8f8271' : '#a59883');
    }
  }
  plan.area(-8.4, -30, -6.2, 330, '#7d4a3c');
  plan.line(
    [
      [-7.3, -30],
      [-7.3, 330],
    ],
    0.08,
    tints.line,
    [1, 2],
  );
  plan.area(road[0], -30, road[1], 330, tints.asphalt).area(7.4, -30, 11.1, 330, tints.grass);
  for (const x of [-1.6, 1.9, 5.4, 13.1, 16.6, 20.1])
    plan.wear(
      [
        [x, -30],
        [x, 330],
      ],
      0.2,
    );
  for (const x of [0.15, 3.65, 14.85, 18.35])
    plan.line(
      [
        [x, -30],
        [x, 330],
      ],
      0.14,
      tints.line,
      [3, 6],
    );
  for (const x of [-3.2, 21.7])
    plan.line(
      [
        [x, -30],
        [x, 330],
      ],
      0.15,
    );
  for (const x of [7.1, 11.4])
    plan.line(
      [
        [x, -30],
        [x, 330],
      ],
      0.15,
      tints.yellow,
    );
  for (const y of [24, 70])
    plan
      .arrow(13.1, y, 90)
      .arrow(16.6, y, 90)
      .arrow(5.4, y + 10, -90)
      .arrow(1.9, y + 10, -90);
  context.globalAlpha = 1;
  return plan;
}

function journeys(): Journey[] {
  const random = chance(51);
  const all: Journey[] = [];
  const kinds: readonly VehicleKind[] = ['saloon', 'suv', 'taxi', 'suv', 'saloon', 'pickup', 'van', 'saloon'];
  for (const [i, x] of [-1.6, 1.9, 5.4, 13.1, 16.6, 20.1].entries()) {
    const isNorth = x > 9;
    const way = new Way(
      isNorth
        ? [
            [x, -16],
            [x, 260],
            [x - 50, 420],
          ]
        : [
            [x - 50, 420],
            [x, 260],
            [x, -16],
          ],
      70,
    );
    const speed = 16.5 + (isNorth ? -(i - 3) * 1.1 : i * 1.1);
    let at = random() * 2;
    while (at < 14.5) {
      const isKerbside = i === 0 || i === 5;
      const kind: VehicleKind =
        isKerbside && random() < 0.25 ? 'bus' : (kinds[Math.floor(random() * kinds.length)] ?? 'suv');
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
          speed,
        ),
      );
      at += 2.6 + random() * 4;
    }
  }
  return all;
}

/** A road along the shore: promenade, sea with boats, and the skyline across the bay. */
export function shoreRoad(): View {
  const set = new Mesh();
  const land = ground().material(0.14);
  set.strip([quay, -60, 0], [1500, -60, 0], [1500, 300, 0], [quay, 300, 0], 1, land);
  set.quad([quay - 130, 300, 0], [1500, 300, 0], [1500, 2500, 0], [-420, 2500, 0], matte(colour('#b5a587')));
  set.triangle([quay, 300, 0], [quay - 130, 300, 0], [quay, 299, 0], matte(colour('#b5a587')));
  const sea: Material = { reflect: [0.022, 0.09, 0.112], isWater: true };
  set.strip([-4000, -200, -2.2], [quay, -200, -2.2], [quay, 4000, -2.2], [-4000, 4000, -2.2], 1, sea);
  const stone = matte(colour('#a79b86'));
  set.box([quay - 0.7, -60, -2.6], [quay, 300, 0.35], stone);
  // Rocks at the foot of the wall.
  const random = chance(14);
  for (let y = -20; y < 240; y += 1.3) {
    const r = 0.5 + random() * 0.7;
    set.ball(
      [quay - 1.4 - random() * 2, y, -2.3 + random() * 0.5],
      r,
      r * 1.2,
      r * 0.8,
      matte(colour(random() < 0.5 ? '#8c8171' : '#746a5d')),
      6,
      4,
    );
  }
  railing(set, [quay + 0.25, -20], [quay + 0.25, 190], 1.1, 0, 2.5);
  kerb(set, [road[0] - 0.1, -40], [road[0] - 0.1, 300]);
  kerb(set, [7.4, -40], [7.4, 300]);
  kerb(set, [11.1, -40], [11.1, 300]);
  kerb(set, [road[1] + 0.1, -40], [road[1] + 0.1, 300]);
  for (let i = 0; i < 18; i++) {
    if (i % 3 === 1) lampPost(set, 9.25, 14 + i * 14, [0, Math.PI], undefined, 11);
    else set.place(palm(i + 3, 6.4 + (i % 3) * 0.5), { x: 9.25, y: 14 + i * 14 });
    set.place(palm(i + 31, 5.6 + (i % 2) * 0.6), { x: -5, y: 16 + i * 13 });
    set.place(palm(i + 55, 6.2), { x: 25.5, y: 10 + i * 14 });
    set.place(shrub(i, 0.7), { x: 9.2, y: 7 + i * 14 });
    set.place(shrub(i + 9, 0.7), { x: 9.4, y: 21 + i * 14 });
  }
  for (let y = 12; y < 150; y += 22) {
    set.box([-12.8, y, 0.4], [-12.2, y + 2, 0.48], matte(colour('#6d5136')));
    for (const d of [0.2, 1.7]) set.box([-12.75, y + d, 0], [-12.25, y + d + 0.12, 0.4], stone);
  }
  for (let i = 0; i < 9; i++) {
    building(set, 32 + (i % 2) * 5, -10 + i * 36, 60, 18 + i * 36, 34 + ((i * 37) % 60), i);
  }
  for (let i = 0; i < 60; i++) {
    const along = random();
    const x = -560 + along * 620;
    const y = 640 + Math.abs(along - 0.75) * 380 + random() * 120;
    building(set, x, y, x + 16 + random() * 12, y + 20, 25 + random() ** 2.2 * 270, i);
  }
  const moored = [
    { boat: dhow(), x: -42, y: 96, heading: 2.4 },
    { boat: yacht(), x: -66, y: 128, heading: 1.9 },
    { boat: yacht(), x: -33, y: 166, heading: 2.2 },
    { boat: dhow(), x: -96, y: 200, heading: 2 },
    { boat: yacht(), x: -120, y: 150, heading: 2.6 },
  ];
  const cars = journeys();
  const out = new Way([
    [-10.6, -20],
    [-10.8, 150],
  ]);
  const back = new Way([
    [-12, 150],
    [-11.7, -20],
  ]);
  const run = new Way([
    [-7.8, -20],
    [-7.8, 150],
  ]);
  const people = [
    ...[0, 1, 2, 3, 4, 5].map((i) =>
      stroll(
        crowd[(i * 5 + 1) % crowd.length] ?? { garb: 'robe' },
        i % 2 ? out : back,
        i * 2.7,
        1.25 + (i % 3) * 0.08,
      ),
    ),
    stroll({ garb: 'shirt', upper: '#c9502f', lower: '#22252c' }, run, 3, 3.1),
    stroll({ garb: 'shirt', upper: '#4f86a8', lower: '#22252c' }, run, 11, 2.9),
  ];
  const speedboat = yacht();
  return {
    lens: { at: [-3.6, -12, 10.5], heading: -8, down: 12, fieldOfView: 74, barrel: 0.42 },
    light: { ...daylight(222, 36, 0.0008), zenith: [0.26, 0.45, 0.74] },
    look: { exposure: 0.84, saturation: 1.02 },
    set,
    play(time, stage) {
      const turn = (2 * Math.PI * time) / loopSeconds;
      for (const [i, { boat, x, y, heading }] of moored.entries()) {
        stage.draw(boat, {
          x,
          y,
          z: -2.2 + 0.14 * Math.sin(turn * 4 + i),
          heading: heading + 0.03 * Math.sin(turn * 2 + i * 2),
          climb: 0.02 * Math.sin(turn * 5 + i),
        });
      }
      for (const age of moments(time, 2, 30)) {
        stage.draw(speedboat, {
          x: -340 + age * 11,
          y: 330,
          z: -2,
          heading: 0.02,
          climb: 0.05 + 0.01 * Math.sin(age * 6),
        });
      }
      walk(stage, time, people);
      drive(stage, time, cars);
    },
  };
}
