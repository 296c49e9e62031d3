import { noise } from '../render/chance.ts';
import { wayAt, type Knot } from '../render/loop.ts';
import type { Lamp } from '../render/light.ts';
import { glossy, glowing, matte, painted } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import type { Halo } from '../render/plate.ts';
import type { View } from '../render/stage.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import { daylight, night } from '../props/daylight.ts';
import { building } from '../props/facade.ts';
import { GroundPlan, tints } from '../props/ground.ts';
import { palm, shrub } from '../props/palm.ts';
import { concrete, darkSteel, kerb, lampPost, steel, white } from '../props/street.ts';
import { drive, type Journey } from '../props/traffic.ts';
import { stand, stroll, walk } from '../props/walk.ts';

/** Barriers stand across the way in (east of the island) and out (west of it). */
const line = 16;

function ground(): GroundPlan {
  const plan = new GroundPlan(-40, -20, 40, 90, tints.paving, 18);
  plan.area(-8, -20, 8, 90, tints.asphalt).area(-40, 46, 40, 60, tints.freshAsphalt);
  plan.line(
    [
      [-40, 53],
      [40, 53],
    ],
    0.14,
    tints.line,
    [3, 4],
  );
  plan.area(-1.3, 8, 1.3, 24, '#97907f');
  for (const x of [-4.6, 4.6])
    plan.wear(
      [
        [x, -20],
        [x, 90],
      ],
      0.26,
    );
  plan
    .line(
      [
        [0, -20],
        [0, 8],
      ],
      0.14,
      tints.yellow,
    )
    .line(
      [
        [0, 24],
        [0, 46],
      ],
      0.14,
      tints.yellow,
    );
  for (const x of [-7.7, 7.7])
    plan.line(
      [
        [x, -20],
        [x, 46],
      ],
      0.13,
    );
  plan
    .area(1.6, line + 3, 7.6, line + 3.35, tints.line)
    .area(-7.6, line - 3.4, -1.6, line - 3.05, tints.line);
  plan.arrow(4.6, 33, -90).arrow(-4.6, 4, 90).arrow(4.6, 5, -90).arrow(-4.6, 36, 90);
  for (const [x, y] of [
    [4.6, line + 6],
    [-4.6, line - 6],
  ] as const) {
    // The loops in the road that feel a car.
    plan.line(
      [
        [x - 1, y - 1.2],
        [x + 1, y - 1.2],
        [x + 1, y + 1.2],
        [x - 1, y + 1.2],
        [x - 1, y - 1.2],
      ],
      0.04,
      '#2b2b2b',
    );
  }
  for (let x = 2; x < 7.6; x += 0.9) plan.area(x, 8.2, x + 0.45, 9, '#c9a13f');
  return plan;
}

const boom = new Mesh();
for (let i = 0; i < 12; i++) {
  const isRed = i % 2 === 0;
  boom.box(
    [0.2 + i * 0.46, -0.04, -0.06],
    [0.2 + (i + 1) * 0.46, 0.04, 0.06],
    matte(isRed ? [0.5, 0.03, 0.03] : [0.74, 0.73, 0.7]),
  );
}

/** How far a boom is up, 0…1, as knots of seconds: up before the car passes, down after it. */
const lift = (opens: number, closes: number, time: number): number => {
  const knots: readonly Knot[] = [
    [opens, 0, 0],
    [opens + 1.3, 1, 0],
    [closes, 1, 0],
    [closes + 1.5, 0, 0],
  ];
  return Math.min(1, Math.max(0, wayAt(knots, time)));
};

/** The guarded gate of a compound: cars come up to the barrier, are let through, and leave on the other side. */
export function gate(isNight: boolean): View {
  const set = new Mesh();
  const lamps: Lamp[] = [];
  const halos: Halo[] = [];
  set.strip([-900, -100, 0], [900, -100, 0], [900, 900, 0], [-900, 900, 0], 1, ground().material(0.2));
  for (const x of [-8.1, 8.1]) kerb(set, [x, -20], [x, 45]);
  // The island: booth, barrier posts, bollards.
  set.box([-1.3, 8, 0], [1.3, 24, 0.18], concrete);
  for (const s of [-1.32, 1.32]) kerb(set, [s, 8], [s, 24]);
  const cream = matte(colour('#c9bfa8'));
  const glass = glossy([0.02, 0.025, 0.03], 0.09);
  set.box([-1, 18.4, 0.18], [1, 22.4, 1.1], cream);
  for (const [x, y] of [
    [-1, 18.4],
    [0.9, 18.4],
    [-1, 22.3],
    [0.9, 22.3],
    [-1, 20.3],
    [0.9, 20.3],
  ] as const)
    set.box([x, y, 1.1], [x + 0.1, y + 0.1, 2.5], cream);
  for (const x of [-0.97, 0.97])
    set.quad(
      [x, 18.5, 1.1],
      [x, 22.3, 1.1],
      [x, 22.3, 2.4],
      [x, 18.5, 2.4],
      isNight ? { ...glass, emit: [0.5, 0.47, 0.38] } : glass,
    );
  set.quad(
    [-0.9, 18.42, 1.1],
    [0.9, 18.42, 1.1],
    [0.9, 18.42, 2.4],
    [-0.9, 18.42, 2.4],
    isNight ? { ...glass, emit: [0.5, 0.47, 0.38] } : glass,
  );
  set.box([-1.25, 18.1, 2.45], [1.25, 22.7, 2.62], matte(colour('#7c8084')));
  for (const [x, y] of [
    [-1, 9],
    [1, 9],
    [-1, 23.4],
    [1, 23.4],
  ] as const)
    set.bar([x, y, 0.18], [x, y, 1.1], 0.09, 0.09, matte(colour('#c9a13f')), 9);
  // A roof over the lanes.
  const canopyRoof = matte(colour('#b8b2a4'));
  set.box([-9.4, 14, 5.2], [9.4, 25, 5.75], canopyRoof);
  set.box([-9.45, 13.95, 5.3], [9.45, 14.0, 5.65], matte(colour('#1f6f8c')));
  for (const [x, y] of [
    [-8.9, 15],
    [8.9, 15],
    [-8.9, 24],
    [8.9, 24],
    [0, 17.6],
    [0, 24],
  ] as const)
    set.box([x - 0.2, y - 0.2, 0], [x + 0.2, y + 0.2, 5.2], steel);
  for (const x of [-6.2, -3, 3, 6.2]) {
    for (const y of [16.5, 22]) {
      set.box(
        [x - 0.5, y - 0.14, 5.15],
        [x + 0.5, y + 0.14, 5.2],
        isNight ? glowing([5, 5.2, 5.3]) : matte([0.6, 0.6, 0.6]),
      );
      if (isNight)
        lamps.push({
          at: [x, y, 5.1],
          aim: [0, 0, -1],
          focus: 0.9,
          light: [15, 15.8, 16],
          reach: 17,
          size: 0.8,
        });
    }
  }
  for (const [x, y] of [
    [1.05, line],
    [-1.05, line],
  ] as const)
    set.box([x - 0.18, y - 0.22, 0.18], [x + 0.18, y + 0.22, 1.25], matte(colour('#c8792f')));
  for (const x of [7.4, -7.4]) set.box([x - 0.05, line - 0.05, 0], [x + 0.05, line + 0.05, 0.95], darkSteel);
  for (const [x, y] of [
    [1.1, line + 4.6],
    [-1.1, line - 4.6],
  ] as const) {
    set.bar([x, y, 0.18], [x, y, 1.2], 0.05, 0.05, steel, 6);
    set.box([x - 0.14, y - 0.1, 1.1], [x + 0.14, y + 0.1, 1.55], darkSteel);
  }
  // The fence on both sides, and the road outside.
  const wall = painted((s, x, y, z) => {
    const tone = 0.4 * (0.85 + 0.25 * noise((x + y) * 0.4, z * 0.9)) * (z > 1.9 ? 0.8 : 1);
    s.r = tone * 1.05;
    s.g = tone * 0.95;
    s.b = tone * 0.78;
  });
  for (const s of [-1, 1]) {
    set.box([Math.min(s * 9.6, s * 40), 30, 0], [Math.max(s * 9.6, s * 40), 30.3, 2.1], wall);
    for (let i = 0; i < 11; i++) {
      const x = s * (9.8 + i * 2.9);
      set.box([x - 0.25, 29.8, 0], [x + 0.25, 30.5, 2.5], wall);
      set.bar([x, 30.1, 2.4], [x, 30.1, 3.3], 0.03, 0.03, darkSteel, 5);
    }
    for (const z of [2.6, 2.85, 3.1])
      set.bar([s * 9.6, 30.1, z], [s * 40, 30.1, z], 0.012, 0.012, darkSteel, 4, false);
    for (let i = 0; i < 4; i++)
      set.place(palm(i + (s > 0 ? 4 : 14), 5.4), { x: s * (13 + i * 6), y: 36 + (i % 2) * 3 });
    for (let i = 0; i < 5; i++) set.place(palm(i + (s > 0 ? 24 : 34), 5.6), { x: s * (14 + i * 7), y: 66 });
    for (let i = 0; i < 14; i++) set.place(shrub(i, 0.55), { x: s * (10.5 + i * 1.3), y: 28.8 });
  }
  const post = isNight ? { lamps, halos, light: white, strength: 120 } : undefined;
  for (const [x, y, arm] of [
    [-10, 6, 0],
    [10, 6, Math.PI],
    [-12, 44, -Math.PI / 2],
    [14, 44, -Math.PI / 2],
    [38, 44, -Math.PI / 2],
    [-36, 44, -Math.PI / 2],
  ] as const) {
    lampPost(set, x, y, [arm], post, 8);
  }
  const lit = isNight ? 0.25 : 0;
  building(set, -64, 74, -30, 104, 28, 2, lit);
  building(set, -20, 78, 12, 104, 18, 0, lit);
  building(set, 22, 76, 50, 106, 46, 1, lit);
  building(set, 60, 80, 90, 110, 30, 4, lit);
  for (let i = 0; i < 14; i++)
    building(set, -180 + i * 30, 180 + ((i * 53) % 90), -160 + i * 30, 290, 30 + ((i * 71) % 120), i, lit);

  const coming = new Way(
    [
      [40, 56.5],
      [4.6, 56.5],
      [4.6, -30],
    ],
    8,
  );
  const leaving = new Way(
    [
      [-4.6, -30],
      [-4.6, 49.5],
      [40, 49.5],
    ],
    8,
  );
  // Metres along each way at which a car's middle waits for the barrier.
  const inStop = 35.4 + (56.5 - line - 3.4) - 3 - 2.6;
  const outStop = 30 + line - 3.4 - 2.9;
  const cars: Journey[] = [
    {
      kind: 'suv',
      paint: '#e4e3de',
      way: coming,
      start: 14.5,
      life: 20,
      knots: [
        [0, 14, 8],
        [2, 29, 6.5],
        [6.2, inStop, 0],
        [9.4, inStop, 0],
        [13, inStop + 12, 6],
        [18, inStop + 46, 8],
      ],
    },
    {
      kind: 'pickup',
      paint: '#d9d4c6',
      way: leaving,
      start: 7.5,
      life: 22,
      knots: [
        [0, 6, 6],
        [5.2, outStop, 0],
        [7.4, outStop, 0],
        [11, outStop + 12, 6],
        [16, outStop + 44, 7],
      ],
    },
    {
      kind: 'saloon',
      paint: '#3c4046',
      way: new Way([
        [-60, 49.7],
        [60, 49.7],
      ]),
      start: 3,
      life: 10,
      knots: [[0, 0, 12.5]],
    },
    {
      kind: 'taxi',
      paint: '#d9cfae',
      way: new Way([
        [60, 56.3],
        [-60, 56.3],
      ]),
      start: 6.5,
      life: 10,
      knots: [[0, 0, 12.5]],
    },
    {
      kind: 'bus',
      paint: '#dedcd6',
      way: new Way([
        [-70, 49.7],
        [70, 49.7],
      ]),
      start: 11.6,
      life: 12,
      knots: [[0, 0, 11.5]],
    },
  ];
  const guard = { garb: 'shirt', upper: '#4c5b45', lower: '#2b3029' } as const;
  const rounds = new Way(
    [
      [1.1, 23.8],
      [1.15, 24.6],
      [2.1, 23.2],
      [2.6, 22.6],
    ],
    0.4,
  );
  const pavement = new Way([
    [36, 62.5],
    [-40, 62.5],
  ]);
  const people = [
    // He steps out to the car, looks, and goes back.
    {
      figure: guard,
      way: rounds,
      start: 0,
      life: 16,
      knots: [
        [3.5, 0.3, 0],
        [5.4, rounds.length, 0],
        [7.4, rounds.length, 0],
        [9.8, 0.3, 0],
      ] as const,
    },
    stroll({ garb: 'shirt', upper: '#6f8fa8', lower: '#2c3038' }, pavement, 2, 1.4),
    stroll({ garb: 'robe' }, pavement, 8, 1.3),
  ];
  return {
    lens: { at: [-3.1, -1.5, 5.6], heading: 9, down: 15, fieldOfView: 76, barrel: 0.45 },
    light: isNight ? night(lamps, 0.0008) : daylight(126, 48, 0.001),
    look: isNight ? { exposure: 1.5, grain: 3, vignette: 0.36 } : { exposure: 0.85 },
    set,
    halos,
    play(time, stage) {
      const inUp = lift(6.6, 11.2, time);
      // The way out opens late in the loop and closes early in the next.
      const late = time < 8 ? time + 16 : time;
      const outUp = lift(13.6, 18.6, late);
      for (const [x, heading, up] of [
        [1.05, 0, inUp],
        [-1.05, Math.PI, outUp],
      ] as const) {
        const place = { x, y: line + 0.3, z: 1.05, heading, climb: (up * Math.PI) / 2.15 };
        stage.shadow(boom, place);
        stage.draw(boom, place);
        const signal = new Mesh().ball(
          [0, 0, 0],
          0.07,
          0.07,
          0.07,
          glowing(up > 0.9 ? [0.1, 2, 0.9] : [2.6, 0.1, 0.08]),
          8,
          5,
        );
        stage.draw(signal, { x, y: line, z: 1.34 });
      }
      stand(
        stage,
        { ...guard, height: 1.7 },
        -0.4,
        24.2,
        1.6 + 0.2 * Math.sin((2 * Math.PI * time) / 16),
        0.18,
      );
      walk(stage, time, people);
      drive(stage, time, cars, isNight);
    },
  };
}
