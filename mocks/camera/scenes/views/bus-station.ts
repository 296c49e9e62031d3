import { chance } from '../render/chance.ts';
import { matte, painted } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import type { View } from '../render/stage.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import { daylight } from '../props/daylight.ts';
import { building } from '../props/facade.ts';
import { GroundPlan, tints } from '../props/ground.ts';
import { palm } from '../props/palm.ts';
import { crowd } from '../props/people.ts';
import { kerb, lampPost, railing, steel } from '../props/street.ts';
import { drive, type Journey } from '../props/traffic.ts';
import { vehicle } from '../props/vehicles.ts';
import { stand, stroll, walk, type Walk } from '../props/walk.ts';

/** Bays slant off the platform's edge (y = 0): where a bus's middle stands in each. */
const bays = [-18, -7, 4, 15, 26, 37];
const slant = (35 * Math.PI) / 180;
const cream = '#dedcd6';

const stopAt = (x: number): readonly [number, number] => [
  x - Math.cos(slant) * 6.6,
  2.4 + Math.sin(slant) * 6.6,
];

function ground(): GroundPlan {
  const plan = new GroundPlan(-60, -20, 80, 80, tints.asphalt, 14);
  plan.area(-60, -20, 80, 1.4, '#9d9484');
  for (let x = -60; x < 80; x += 1.5)
    plan.line(
      [
        [x, -20],
        [x, 1.4],
      ],
      0.04,
      '#7d7566',
    );
  for (let y = -20; y < 1; y += 1.5)
    plan.line(
      [
        [-60, y],
        [80, y],
      ],
      0.04,
      '#7d7566',
    );
  plan.area(-60, 0.5, 80, 0.9, '#c09a35');
  for (const x of bays) {
    const [c, s] = [Math.cos(slant), Math.sin(slant)];
    for (const side of [-1, 1]) {
      const ox = x + s * side * 2.1 * 1.4;
      plan.line(
        [
          [ox, 1.6],
          [ox - c * 15, 1.6 + s * 15],
        ],
        0.14,
      );
    }
    const [mx, my] = stopAt(x);
    plan.disc(mx + 1, my - 0.6, 0.9, 'rgba(20,20,20,0.25)').disc(mx - 4, my + 2.8, 0.7, 'rgba(20,20,20,0.3)');
  }
  plan
    .area(-60, 38, 80, 41, tints.paving)
    .area(-60, 53, 80, 56, tints.paving)
    .area(-60, 56, 80, 80, tints.sand);
  for (const y of [19, 27])
    plan.wear(
      [
        [-60, y],
        [80, y],
      ],
      0.26,
    );
  plan
    .line(
      [
        [-60, 23],
        [80, 23],
      ],
      0.14,
      tints.line,
      [3, 4],
    )
    .line(
      [
        [-60, 47],
        [80, 47],
      ],
      0.14,
      tints.yellow,
    );
  plan.arrow(10, 19, 180).arrow(34, 27, 0).zebra(-32, 1.5, -27, 38, false);
  return plan;
}

function journeys(): Journey[] {
  const c = Math.cos(slant);
  const s = Math.sin(slant);
  const all: Journey[] = [];
  // One bay is in use: a bus comes nose first, and two seconds after it stands it backs out again.
  const middle = bays[2] ?? 4;
  const [mx, my] = stopAt(middle);
  const nose: readonly [number, number] = [mx + c * 2, my - s * 2];
  const into = new Way([[-80, 27], [mx - c * 22, 27], [mx - c * 13, my + s * 13 + 1], [mx, my], nose], 10);
  const stop = into.length - 2.4;
  all.push({
    kind: 'bus',
    paint: cream,
    way: into,
    start: 5,
    life: 13,
    knots: [
      [0, stop - 70, 9],
      [6.5, stop - 18, 5.5],
      [11, stop, 0],
      [13, stop, 0],
    ],
  });
  const backwards = new Way([[-90, 21], [-34, 21], [-14, 17.5], [mx, my], nose], 9);
  const stood = backwards.length - 2.4;
  all.push({
    kind: 'bus',
    paint: cream,
    way: backwards,
    start: 2,
    life: 16,
    knots: [
      [0, stood, 0],
      [0.3, stood, 0],
      [6.5, stood - 26, -6],
      [14, stood - 71, -6.4],
    ],
  });
  for (const [start, speed, kind] of [
    [1, 9, 'bus'],
    [9, 9, 'bus'],
  ] as const) {
    all.push({
      kind,
      paint: cream,
      way: new Way([
        [90, 31.5],
        [-90, 31.5],
      ]),
      start,
      life: 21,
      knots: [[0, 0, speed]],
    });
  }
  const street = new Way([
    [-90, 44],
    [110, 44],
  ]);
  const back = new Way([
    [110, 50],
    [-90, 50],
  ]);
  for (const [i, start] of [0, 2.4, 5.5, 8, 11.3, 13.6].entries()) {
    all.push({
      kind: i % 3 === 0 ? 'taxi' : i % 3 === 1 ? 'suv' : 'saloon',
      paint: i % 3 === 0 ? '#d9cfae' : i % 2 ? '#e9e9e6' : '#3c4046',
      way: i % 2 ? street : back,
      start,
      life: 17,
      knots: [[0, 0, 12.5]],
    });
  }
  return all;
}

function walks(): Walk[] {
  const all: Walk[] = [];
  const along = [
    new Way([
      [-50, -3.5],
      [62, -3.2],
    ]),
    new Way([
      [62, -6],
      [-50, -6.2],
    ]),
    new Way([
      [-50, -8.4],
      [62, -8],
    ]),
  ];
  for (let i = 0; i < 16; i++) {
    const way = along[i % 3];
    const figure = crowd[(i * 5 + 1) % crowd.length];
    if (way && figure) all.push(stroll(figure, way, i * 1.05, 1.2 + (i % 5) * 0.07));
  }
  // Off the bus that has just stopped.
  for (let i = 0; i < 4; i++) {
    const figure = crowd[(i * 4 + 3) % crowd.length];
    const off = new Way(
      [
        [3.4, 2.4],
        [4.4, -0.6],
        [6 + i * 1.5, -2.6],
        [26 + i * 4, -4.4],
        [62, -4.8],
      ],
      1.5,
    );
    if (figure)
      all.push({
        figure,
        way: off,
        start: 0.9 + i * 1.1,
        life: off.length / 1.35,
        knots: [
          [0, 0, 1.1],
          [2, 2.6, 1.35],
        ],
      });
  }
  const cross = new Way([
    [-29.5, -4],
    [-29.5, 39],
  ]);
  for (let i = 0; i < 3; i++) all.push(stroll(crowd[i * 3] ?? { garb: 'robe' }, cross, i * 5.3, 1.35));
  return all;
}

/** A bus station: slanting bays along a platform under a folded roof. */
export function busStation(): View {
  const set = new Mesh();
  set.strip([-1200, -1200, 0], [1200, -1200, 0], [1200, 400, 0], [-1200, 400, 0], 1, ground().material(0.18));
  kerb(set, [-60, 1.4], [80, 1.4]);
  for (const y of [38, 41, 53, 56]) kerb(set, [-60, y], [80, y]);
  // Folded roof on slanting columns over the platform.
  const roof = matte(colour('#d5d0c4'));
  const edge = matte(colour('#b3392f'));
  for (let i = 0; i < 17; i++) {
    const x = -52 + i * 7;
    set.quad([x, -12, 4.6], [x, 2.8, 5.4], [x + 3.5, 3.2, 4.7], [x + 3.5, -12, 3.9], roof);
    set.quad([x + 3.5, -12, 3.9], [x + 3.5, 3.2, 4.7], [x + 7, 2.8, 5.4], [x + 7, -12, 4.6], roof);
    set.quad([x, 2.82, 5.15], [x + 3.5, 3.22, 4.45], [x + 3.5, 3.22, 4.75], [x, 2.82, 5.45], edge);
    set.quad([x + 3.5, 3.22, 4.45], [x + 7, 2.82, 5.15], [x + 7, 2.82, 5.45], [x + 3.5, 3.22, 4.75], edge);
    if (i % 2 === 0) set.bar([x + 3.5, -1.6, 0], [x + 3.5, -0.6, 4.4], 0.16, 0.12, steel, 9);
  }
  for (const [i, x] of bays.entries()) {
    railing(set, [x + 2.4, 0.2], [x + 6.8, 0.2], 1.05, 0, 1.1);
    set.bar([x + 2.1, -0.3, 0], [x + 2.1, -0.3, 3], 0.05, 0.05, steel, 7);
    set.box(
      [x + 1.75, -0.35, 2.3],
      [x + 2.45, -0.25, 3],
      painted((s, px, _y, z) => {
        const isRing = Math.abs(Math.hypot(px - x - 2.1, z - 2.65) - 0.2) < 0.05;
        s.r = isRing ? 0.8 : 0.05;
        s.g = isRing ? 0.8 : 0.22;
        s.b = isRing ? 0.8 : 0.3;
      }),
    );
    for (const d of [3.2, 5]) {
      set.box([x + d, -2.4, 0.42], [x + d + 1.5, -2, 0.48], steel);
      set
        .box([x + d + 0.1, -2.3, 0], [x + d + 0.2, -2.1, 0.42], steel)
        .box([x + d + 1.3, -2.3, 0], [x + d + 1.4, -2.1, 0.42], steel);
    }
    // Buses that wait for their time stay where they are.
    if (i !== 2 && i !== 4) {
      const [mx, my] = stopAt(x);
      set.place(vehicle({ kind: 'bus', paint: cream }), { x: mx, y: my, heading: -slant });
    }
  }
  for (let i = 0; i < 9; i++) set.place(palm(i + 70, 6), { x: -50 + i * 15, y: 39.5 });
  for (let i = 0; i < 9; i++) set.place(palm(i + 83, 6.3), { x: -44 + i * 15, y: 54.6 });
  for (let i = 0; i < 6; i++) lampPost(set, -42 + i * 24, 39.6, [Math.PI / 2, -Math.PI / 2], undefined, 10);
  // The town behind the platform: a street with palms, then offices.
  for (let i = 0; i < 10; i++) set.place(palm(i + 97, 6.2), { x: -52 + i * 14, y: -19 });
  building(set, -80, -62, -38, -34, 22, 5);
  building(set, -30, -66, 0, -36, 38, 1);
  building(set, 8, -62, 44, -34, 19, 0);
  building(set, 52, -66, 84, -32, 52, 3);
  building(set, 92, -60, 130, -30, 26, 4);
  const random = chance(23);
  for (let i = 0; i < 22; i++) {
    const x = -180 + i * 30 + random() * 12;
    const y = -150 - random() * 220;
    building(set, x, y - 22, x + 20, y, 36 + random() ** 2 * 190, i);
  }
  const cars = journeys();
  const people = walks();
  return {
    lens: { at: [-20, 31, 8.6], heading: 139, down: 16, fieldOfView: 74, barrel: 0.46 },
    light: daylight(292, 46, 0.001),
    look: { exposure: 0.84 },
    set,
    play(time, stage) {
      drive(stage, time, cars);
      walk(stage, time, people);
      bays.forEach((x, i) => {
        for (let n = 0; n < 3; n++) {
          const figure = crowd[(i * 3 + n * 5 + 2) % crowd.length];
          const turn = Math.sin((2 * Math.PI * time) / 16 + i * 2 + n * 3);
          if (figure) stand(stage, figure, x + 3 + n * 1.3, -1.1 - (n % 2) * 0.5, 1.6 + 0.35 * turn);
        }
      });
    },
  };
}
