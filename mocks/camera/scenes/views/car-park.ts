import { chance } from '../render/chance.ts';
import { matte } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import type { View } from '../render/stage.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import { daylight } from '../props/daylight.ts';
import { building } from '../props/facade.ts';
import { GroundPlan, tints } from '../props/ground.ts';
import { palm, shrub } from '../props/palm.ts';
import { crowd } from '../props/people.ts';
import { kerb, lampPost, steel } from '../props/street.ts';
import { drive, type Journey } from '../props/traffic.ts';
import { carPaints, vehicle, type VehicleKind } from '../props/vehicles.ts';
import { stroll, walk, type Walk } from '../props/walk.ts';

/** Rows of bays run east–west: where each row's middle is, and which way its cars look. */
const rows = [
  { y: 4, heading: Math.PI / 2 },
  { y: 21, heading: -Math.PI / 2 },
  { y: 26.4, heading: Math.PI / 2 },
  { y: 43.4, heading: -Math.PI / 2 },
  { y: 48.8, heading: Math.PI / 2 },
] as const;
const bay = 2.7;
const [west, east] = [-24, 33];

function ground(): GroundPlan {
  const plan = new GroundPlan(-60, -30, 70, 90, tints.asphalt, 15);
  plan
    .area(-60, 54, 70, 58, tints.paving)
    .area(-60, 58, 70, 74, tints.asphalt)
    .area(-60, 74, 70, 90, tints.sand);
  plan
    .line(
      [
        [-60, 66],
        [70, 66],
      ],
      0.14,
      tints.line,
      [3, 5],
    )
    .wear(
      [
        [-60, 62],
        [70, 62],
      ],
      0.2,
    )
    .wear(
      [
        [-60, 70],
        [70, 70],
      ],
      0.2,
    );
  for (const { y } of rows) {
    for (let x = west; x <= east + 0.1; x += bay)
      plan.line(
        [
          [x, y - 2.6],
          [x, y + 2.6],
        ],
        0.11,
      );
  }
  for (const y of [23.7, 46.1]) plan.area(west, y - 0.35, east, y + 0.35, '#8f8a7f');
  for (const y of [12.5, 34.9]) {
    plan.wear(
      [
        [-40, y],
        [60, y],
      ],
      0.22,
    );
    for (const x of [-12, 14]) plan.arrow(x, y - 2, 0).arrow(x + 6, y + 2, 180);
  }
  // Bays for those who need them near.
  for (let i = 0; i < 3; i++)
    plan.area(west + i * bay + 0.2, 19, west + (i + 1) * bay - 0.2, 23.2, '#3f6484');
  const random = chance(3);
  for (let i = 0; i < 150; i++) {
    plan.disc(
      west + random() * (east - west),
      (rows[Math.floor(random() * rows.length)]?.y ?? 4) + (random() - 0.5) * 4,
      0.1 + random() * 0.35,
      `rgba(22,22,22,${0.08 + random() * 0.2})`,
    );
  }
  return plan;
}

function parked(set: Mesh): void {
  const random = chance(31);
  const kinds: readonly VehicleKind[] = ['saloon', 'suv', 'saloon', 'suv', 'pickup', 'van', 'taxi', 'saloon'];
  rows.forEach(({ y, heading }, row) => {
    for (let i = 0; i * bay < east - west - 1; i++) {
      const isKeptFree = (row === 1 && (i === 8 || i === 14)) || (row === 0 && i === 9);
      if (isKeptFree || random() < 0.17) continue;
      const kind = kinds[Math.floor(random() * kinds.length)] ?? 'suv';
      const paint =
        kind === 'taxi' ? '#d9cfae' : (carPaints[Math.floor(random() * carPaints.length)] ?? carPaints[0]);
      const turn = random() < 0.25 ? Math.PI : 0;
      set.place(vehicle({ kind, paint }), {
        x: west + (i + 0.5) * bay + (random() - 0.5) * 0.3,
        y: y + (random() - 0.5) * 0.5,
        heading: heading + turn + (random() - 0.5) * 0.05,
      });
    }
  });
}

/** A canopy of cloth over a double row, on posts. */
function canopy(set: Mesh, y: number): void {
  const cloth = matte(colour('#cdc3ae'));
  for (let x = west; x < east - 6; x += bay * 4) {
    set.bar([x, y, 0], [x, y, 2.9], 0.1, 0.1, steel, 7);
    const w = bay * 4;
    for (const s of [-1, 1]) {
      for (let k = 0; k < 6; k++) {
        const sag = (t: number): number => 2.95 + 0.5 * (1 - 4 * (t - 0.5) ** 2);
        const [a, b] = [k / 6, (k + 1) / 6];
        set.quad(
          [x + w * a, y, sag(a)],
          [x + w * b, y, sag(b)],
          [x + w * b, y + s * 4.6, 2.55 + 0.2 * b],
          [x + w * a, y + s * 4.6, 2.55 + 0.2 * a],
          cloth,
        );
      }
    }
  }
}

function journeys(): Journey[] {
  const aisle = new Way([
    [62, 10.9],
    [-45, 10.9],
  ]);
  const other = new Way([
    [-45, 14.4],
    [62, 14.4],
  ]);
  const upper = new Way([
    [-45, 36.8],
    [62, 36.8],
  ]);
  const road = new Way([
    [-70, 62],
    [80, 62],
  ]);
  const back = new Way([
    [80, 70],
    [-70, 70],
  ]);
  const bayX = west + 8.5 * bay;
  const leaves = new Way(
    [
      [bayX, 21],
      [bayX, 14.4],
      [62, 14.4],
    ],
    5,
  );
  const enters = new Way(
    [
      [-45, 14.2],
      [bayX, 14.2],
      [bayX, 21],
    ],
    5.2,
  );
  const all: Journey[] = [
    // One comes in and parks; one like it drives off from the same bay at the loop's beginning.
    {
      kind: 'suv',
      paint: '#e4e3de',
      way: enters,
      start: 12.5,
      life: 19.5,
      knots: [
        [0, 0, 5.5],
        [5.5, enters.length - 20, 4.6],
        [8.5, enters.length - 8.5, 2.6],
        [11.2, enters.length, 0],
        [19.5, enters.length, 0],
      ],
    },
    {
      kind: 'suv',
      paint: '#e4e3de',
      way: leaves,
      start: 0,
      life: 16,
      knots: [
        [0, 0, 0],
        [2, 2, 2],
        [5, 11, 3.8],
        [9, 30, 6],
        [14, 60, 6],
      ],
    },
    { kind: 'saloon', paint: '#6e2026', way: aisle, start: 2, life: 19, knots: [[0, 0, 6.2]] },
    { kind: 'pickup', paint: '#d9d4c6', way: upper, start: 5, life: 20, knots: [[0, 0, 5.8]] },
    { kind: 'saloon', paint: '#9aa0a5', way: other, start: 8.5, life: 19, knots: [[0, 66, 6.2]] },
  ];
  for (const [i, start] of [0, 3.1, 7.4, 12].entries()) {
    all.push({
      kind: i % 2 ? 'suv' : 'taxi',
      paint: i % 2 ? '#27405f' : '#d9cfae',
      way: road,
      start,
      life: 13,
      knots: [[0, 0, 12]],
    });
    all.push({
      kind: i === 2 ? 'bus' : 'saloon',
      paint: i === 2 ? '#dedcd6' : '#e9e9e6',
      way: back,
      start: start + 1.4,
      life: 13,
      knots: [[0, 0, 12]],
    });
  }
  return all;
}

function walks(): Walk[] {
  const along = new Way(
    [
      [-20, 7.4],
      [8, 7.6],
      [12, 12],
      [12.5, 18],
    ],
    2,
  );
  const back = new Way(
    [
      [26, 55],
      [25, 36],
      [24, 30],
    ],
    3,
  );
  const pavement = new Way([
    [-60, 56],
    [70, 55.6],
  ]);
  const out = new Way(
    [
      [-8, 17.5],
      [-7.5, 12.5],
      [-30, 8],
    ],
    3,
  );
  return [
    stroll(crowd[1] ?? { garb: 'robe' }, along, 1, 1.3),
    stroll(crowd[2] ?? { garb: 'abaya' }, along, 1.7, 1.3),
    stroll(crowd[3] ?? { garb: 'shirt' }, back, 6, 1.35),
    stroll(crowd[5] ?? { garb: 'dress' }, out, 10, 1.3),
    ...[0, 1, 2, 3].map((i) =>
      stroll(crowd[(i * 4 + 6) % crowd.length] ?? { garb: 'shirt' }, pavement, i * 4, 1.4),
    ),
  ];
}

/** An open car park with rows under canopies. */
export function carPark(): View {
  const set = new Mesh();
  set.strip([-1200, -300, 0], [1200, -300, 0], [1200, 1200, 0], [-1200, 1200, 0], 1, ground().material(0.2));
  parked(set);
  canopy(set, 46.1);
  for (const y of [23.7]) {
    kerb(set, [west, y - 0.4], [east, y - 0.4], false);
    kerb(set, [west, y + 0.4], [east, y + 0.4], false);
    for (let i = 0; i < 6; i++)
      lampPost(set, west + 4 + i * 22, y, [Math.PI / 2, -Math.PI / 2], undefined, 8);
    for (let i = 0; i < 9; i++) set.place(shrub(i, 0.45), { x: west + 2 + i * 6.2, y });
  }
  kerb(set, [-60, 54], [70, 54]);
  kerb(set, [-60, 58], [70, 58]);
  for (let i = 0; i < 10; i++) set.place(palm(i + 11, 5.6 + (i % 3) * 0.6), { x: -50 + i * 12.5, y: 55 });
  for (const y of [12.5, 35]) {
    set.place(palm(y, 5), { x: east + 8, y: y + 6 });
    set.place(palm(y + 1, 5), { x: west - 7, y: y + 8 });
  }
  building(set, -60, 84, -14, 112, 20, 2);
  building(set, -4, 82, 26, 108, 34, 1);
  building(set, 38, 86, 80, 116, 15, 0);
  building(set, 90, 80, 120, 110, 40, 5);
  const random = chance(19);
  for (let i = 0; i < 16; i++) {
    const x = -220 + i * 30 + random() * 12;
    const y = 190 + random() * 200;
    building(set, x, y, x + 20, y + 20, 30 + random() ** 2 * 150, i);
  }
  const cars = journeys();
  const people = walks();
  return {
    lens: { at: [-9, -9, 8.4], heading: 20, down: 19, fieldOfView: 80, barrel: 0.45 },
    light: daylight(262, 42, 0.001),
    look: { exposure: 0.82 },
    set,
    play(time, stage) {
      walk(stage, time, people);
      drive(stage, time, cars);
    },
  };
}
