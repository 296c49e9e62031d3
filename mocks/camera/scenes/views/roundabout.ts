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
import { kerb, lampPost } from '../props/street.ts';
import { drive, inTurn, type Journey } from '../props/traffic.ts';
import { carPaints, lengths, type VehicleKind } from '../props/vehicles.ts';
import { stroll, walk } from '../props/walk.ts';

const island = 13;
const lanes = [16.2, 20.2] as const;
const outer = 22.6;

function ground(): GroundPlan {
  const plan = new GroundPlan(-90, -70, 90, 140, tints.grass, 13);
  const { context } = plan;
  for (const turn of [0, 1, 2, 3]) {
    context.save();
    context.rotate((turn * Math.PI) / 2);
    plan.area(-12.5, 20, 12.5, 160, tints.paving).area(-9.2, 15, 9.2, 160, tints.asphalt);
    plan
      .shape(
        [
          [-9.2, 30],
          [-9.2, 18],
          [-17, 14],
          [-14, 24],
        ],
        tints.asphalt,
      )
      .shape(
        [
          [9.2, 30],
          [9.2, 18],
          [17, 14],
          [14, 24],
        ],
        tints.asphalt,
      );
    context.restore();
  }
  plan.ring(0, 0, outer + 1.3, 3.4, tints.paving);
  plan.disc(0, 0, outer, tints.asphalt);
  for (const turn of [0, 1, 2, 3]) {
    context.save();
    context.rotate((turn * Math.PI) / 2);
    plan.area(-9.2, 20, 9.2, 30, tints.asphalt);
    for (const x of [3.2, 6.9, -3.2, -6.9])
      plan.wear(
        [
          [x, 22],
          [x, 160],
        ],
        0.2,
      );
    for (const s of [-1, 1]) {
      plan.line(
        [
          [s * 5, 30],
          [s * 5, 160],
        ],
        0.13,
        tints.line,
        [3, 5],
      );
      plan.line(
        [
          [s * 8.9, 29],
          [s * 8.9, 160],
        ],
        0.13,
      );
      plan.line(
        [
          [s * 1.6, 27],
          [s * 1.6, 160],
        ],
        0.13,
        tints.yellow,
      );
    }
    plan.zebra(-9, 27.5, 9, 30.5, true);
    for (let x = -8.6; x < -1.2; x += 1.2) plan.area(x, 23.6, x + 0.7, 24.05, tints.line);
    plan.arrow(-3.2, 36, -90, 0).arrow(-6.9, 36, -90, 1);
    context.restore();
  }
  for (const r of lanes) {
    context.globalAlpha = 0.2;
    plan.ring(0, 0, r - 0.8, 0.7, '#202020').ring(0, 0, r + 0.8, 0.7, '#202020');
    context.globalAlpha = 1;
  }
  plan
    .ring(0, 0, (lanes[0] + lanes[1]) / 2, 0.13, tints.line, [2, 3])
    .ring(0, 0, island + 1, 0.15, tints.yellow);
  plan.disc(0, 0, island, '#6a7746').disc(0, 0, 7.5, '#b59b72').disc(0, 0, 4.2, '#8e8a80');
  return plan;
}

/** In by one arm, round (counter-clockwise, as traffic keeps right) and out by another; `arms` quarter turns on. */
function round(arm: number, arms: number, lane: 0 | 1): Way {
  const radius = lanes[lane];
  const x = lane === 0 ? 3.2 : 6.9;
  const begin = -Math.PI / 2 + (lane === 0 ? 0.42 : 0.36);
  const end = -Math.PI / 2 + (arms * Math.PI) / 2 - (lane === 0 ? 0.42 : 0.36);
  const points: [number, number][] = [
    [x, -130],
    [x, -34],
    [x, -26],
  ];
  const steps = Math.max(1, Math.round((end - begin) / 0.16));
  for (let i = 0; i <= steps; i++) {
    const a = begin + ((end - begin) * i) / steps;
    points.push([Math.cos(a) * radius, Math.sin(a) * radius]);
  }
  // The arm left by, turned back to where it lies.
  const out = (px: number, py: number): [number, number] => {
    const a = (arms * Math.PI) / 2;
    return [px * Math.cos(a) - py * Math.sin(a), px * Math.sin(a) + py * Math.cos(a)];
  };
  points.push(out(-x, -26), out(-x, -34), out(-x, -130));
  const whole = (arm * Math.PI) / 2;
  return new Way(
    points.map(
      ([px, py]) =>
        [px * Math.cos(whole) - py * Math.sin(whole), px * Math.sin(whole) + py * Math.cos(whole)] as const,
    ),
    4,
  );
}

function journeys(): Journey[] {
  const random = chance(12);
  const kinds: readonly VehicleKind[] = [
    'saloon',
    'suv',
    'taxi',
    'saloon',
    'pickup',
    'suv',
    'van',
    'saloon',
    'bus',
  ];
  const wanted: Omit<Journey, 'start'>[] = [];
  for (let i = 0; i < 46; i++) {
    const lane = (i % 2) as 0 | 1;
    const arms = lane === 1 ? 1 + Math.floor(random() * 2) : 2 + Math.floor(random() * 2);
    const kind = lane === 0 && kinds[i % kinds.length] === 'bus' ? 'suv' : (kinds[i % kinds.length] ?? 'suv');
    const way = round(i % 4, arms, lane);
    const inner = way.length - 96 * 2;
    const slow = 7.4;
    const t1 = 3 + 68 / 11.5;
    wanted.push({
      kind,
      paint:
        kind === 'taxi'
          ? '#d9cfae'
          : kind === 'bus'
            ? '#dedcd6'
            : (carPaints[Math.floor(random() * carPaints.length)] ?? carPaints[0]),
      way,
      life: t1 + 3.2 + inner / slow + 4 + (70 + lengths[kind]) / 12,
      knots: [
        [0, 0, 13],
        [t1, 84, 9.5],
        [t1 + 2, 99, slow],
        [t1 + 2 + (inner - 6) / slow, 93 + inner, slow],
        [t1 + 5 + (inner - 6) / slow, 93 + inner + 29, 12],
      ],
    });
  }
  return inTurn(wanted, 8, random);
}

/** A roundabout of two lanes around an island of palms. */
export function roundabout(): View {
  const set = new Mesh();
  set.strip([-1500, -400, 0], [1500, -400, 0], [1500, 1500, 0], [-1500, 1500, 0], 1, ground().material(0.16));
  for (let i = 0; i < 40; i++) {
    const a = (i / 40) * 2 * Math.PI;
    const b = ((i + 1) / 40) * 2 * Math.PI;
    kerb(set, [Math.cos(a) * island, Math.sin(a) * island], [Math.cos(b) * island, Math.sin(b) * island]);
  }
  // A falcon's hood of stone in the middle: a stepped plinth and a tapering column.
  const stone = matte(colour('#cbbd9f'));
  set.bar([0, 0, 0], [0, 0, 0.6], 4.2, 4.2, stone, 28).bar([0, 0, 0.6], [0, 0, 1.2], 3, 3, stone, 28);
  for (let i = 0; i < 9; i++) {
    const z = 1.2 + i;
    set.bar(
      [0, 0, z],
      [0, 0, z + 1.02],
      1.5 - i * 0.12,
      1.4 - i * 0.12,
      i % 3 === 2 ? matte(colour('#3b7f86')) : stone,
      12,
    );
  }
  for (let i = 0; i < 9; i++) {
    const a = (i / 9) * 2 * Math.PI;
    set.place(palm(i + 60, 5.4), { x: Math.cos(a) * 9.6, y: Math.sin(a) * 9.6 });
  }
  for (let i = 0; i < 34; i++) {
    const a = (i / 34) * 2 * Math.PI;
    set.place(shrub(i, 0.55), { x: Math.cos(a) * 11.9, y: Math.sin(a) * 11.9 });
  }
  for (const turn of [0, 1, 2, 3]) {
    const arm = new Mesh();
    arm.box([-1.2, 26, 0], [1.2, 150, 0.16], matte(colour('#8d8778')));
    for (const s of [-1.2, 1.2]) kerb(arm, [s, 26], [s, 110]);
    for (const s of [-9.3, 9.3]) kerb(arm, [s, 31], [s, 120]);
    for (let i = 0; i < 5; i++) lampPost(arm, 0, 38 + i * 26, [0, Math.PI], undefined, 10);
    for (let i = 0; i < 7; i++) {
      arm.place(palm(turn * 8 + i, 6), { x: 15.5, y: 34 + i * 12 });
      arm.place(palm(turn * 8 + i + 90, 6.4), { x: -15.5, y: 37 + i * 12 });
    }
    set.place(arm, { x: 0, y: 0, heading: (turn * Math.PI) / 2 });
  }
  building(set, 30, 36, 66, 66, 17, 0);
  building(set, 76, 34, 112, 60, 26, 2);
  building(set, -70, 38, -34, 70, 21, 5);
  building(set, -112, 34, -80, 66, 30, 4);
  building(set, 34, 84, 60, 112, 44, 1);
  building(set, -64, 88, -36, 116, 15, 2);
  // A mosque's dome and minaret, farther off.
  const pale = matte(colour('#d9cfbb'));
  set.box([-44, 134, 0], [-18, 158, 9], pale);
  set.ball([-31, 146, 9], 8, 8, 8.5, pale, 24, 14);
  set
    .bar([-15, 136, 0], [-15, 136, 30], 1.5, 1.2, pale, 10)
    .bar([-15, 136, 30], [-15, 136, 36], 1.6, 0.1, pale, 10);
  const random = chance(9);
  for (let i = 0; i < 24; i++) {
    const x = -300 + i * 26 + random() * 14;
    const y = 220 + random() * 260;
    building(set, x, y, x + 18 + random() * 12, y + 22, 18 + random() ** 3 * 190, i);
  }
  const cars = journeys();
  const path = new Way(
    [
      [12.5, 80],
      [11, 33],
      [10.2, 29],
      [-10.2, 29],
      [-11, 34],
      [-12.5, 90],
    ],
    2,
  );
  const eastPath = new Way(
    [
      [90, -10.5],
      [34, -10.6],
      [29, -10.2],
      [29, 10.2],
      [34, 10.6],
      [90, 10.5],
    ],
    2,
  );
  const people = [0, 1, 2, 3, 4].map((i) =>
    stroll(crowd[(i * 5) % crowd.length] ?? { garb: 'robe' }, i % 2 ? path : eastPath, i * 3.1, 1.3),
  );
  return {
    lens: { at: [-15, -38, 15], heading: 21, down: 21, fieldOfView: 76, barrel: 0.42 },
    light: daylight(110, 44, 0.0009),
    look: { exposure: 0.86 },
    set,
    play(time, stage) {
      walk(stage, time, people);
      drive(stage, time, cars);
    },
  };
}
