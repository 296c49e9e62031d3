import { chance, noise } from '../render/chance.ts';
import { wayAt, type Knot } from '../render/loop.ts';
import { moments } from '../render/loop.ts';
import type { Lamp } from '../render/light.ts';
import { glossy, glowing, matte, painted, type Material } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import type { Stage, View } from '../render/stage.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import { indoors } from '../props/daylight.ts';
import { crowd, person } from '../props/people.ts';
import { steel } from '../props/street.ts';
import { stroll, walk, type Walk } from '../props/walk.ts';

/** The hall is 22 m wide; ticket gates stand across it, escalators go down behind them on the right. */
const gates = 15;
const foot = 24;
/** Where the two escalators run (x), and how deep they go. */
const stairs = [4.6, 6.7] as const;
const slope = Math.tan((30 * Math.PI) / 180);

const floor: Material = {
  reflect: [0.4, 0.38, 0.35],
  gloss: 0.08,
  paint: (s, x, y) => {
    const isJoint = Math.abs(x - Math.round(x)) < 0.01 || Math.abs(y - Math.round(y)) < 0.01;
    const isBand = Math.abs(x) < 0.5 || Math.abs(((y + 40) % 8) - 4) < 0.5;
    const tone =
      (isBand ? 0.24 : 0.42) *
      (isJoint ? 0.7 : 1) *
      (0.93 + 0.14 * noise(Math.floor(x) * 3.7, Math.floor(y) * 5.3));
    s.r = tone;
    s.g = tone * 0.96;
    s.b = tone * 0.89;
    if (Math.abs(x + 3) < 0.16 && y < gates - 1) {
      s.r = 0.55;
      s.g = 0.4;
      s.b = 0.08;
    }
  },
};

function escalators(stage: Stage, time: number): void {
  const tread = matte([0.12, 0.12, 0.13]);
  const riser = matte([0.2, 0.2, 0.21]);
  const edge = matte([0.55, 0.4, 0.05]);
  stairs.forEach((x, i) => {
    const isUp = i === 0;
    // Half a metre a second, steps 0.4 m apart: twenty steps a loop.
    const shift = ((time * 0.5) % 0.4) * (isUp ? -1 : 1);
    const steps = new Mesh();
    for (let n = -1; n < 26; n++) {
      const y = foot + 0.5 + n * 0.4 + shift;
      const drop = -Math.max(0, y - foot - 1.2) * slope;
      if (y < foot || y > foot + 11) continue;
      steps.quad(
        [x - 0.5, y, drop],
        [x + 0.5, y, drop],
        [x + 0.5, y + 0.4, drop],
        [x - 0.5, y + 0.4, drop],
        tread,
      );
      steps.quad(
        [x - 0.5, y, drop + 0.002],
        [x + 0.5, y, drop + 0.002],
        [x + 0.5, y + 0.04, drop + 0.002],
        [x - 0.5, y + 0.04, drop + 0.002],
        edge,
      );
      steps.quad(
        [x - 0.5, y + 0.4, drop],
        [x + 0.5, y + 0.4, drop],
        [x + 0.5, y + 0.4, drop - 0.23],
        [x - 0.5, y + 0.4, drop - 0.23],
        riser,
      );
    }
    stage.draw(steps, { x: 0, y: 0 });
  });
}

/** People ride: they stand on a step that goes up or down. */
function riders(stage: Stage, time: number): void {
  const random = chance(4);
  for (let n = 0; n < 11; n++) {
    const i = n % 2;
    const start = random() * 16;
    const figure = crowd[(n * 5 + 3) % crowd.length];
    const x = stairs[i as 0 | 1] + (random() - 0.5) * 0.4;
    if (!figure) continue;
    for (const age of moments(time, start, 20)) {
      const along = i === 0 ? 10 - age * 0.5 : age * 0.5;
      const y = foot + 0.7 + along;
      const drop = -Math.max(0, y - foot - 1.2) * slope;
      stage.draw(person(figure, 0, 0), { x, y, z: drop, heading: i === 0 ? -Math.PI / 2 : Math.PI / 2 });
    }
  }
}

/** Leaves of a ticket gate, open while somebody passes. */
function leaves(stage: Stage, time: number, passes: readonly { x: number; at: number }[]): void {
  const leaf = glossy([0.1, 0.3, 0.34], 0.08);
  for (let n = 0; n < 7; n++) {
    const x = -5.5 + n * 1.5;
    let open = 0;
    for (const pass of passes) {
      if (Math.abs(pass.x - x) > 0.1) continue;
      const away = Math.abs(((time - pass.at + 24) % 16) - 8);
      open = Math.max(open, Math.min(1, Math.max(0, (1.3 - away) / 0.4)));
    }
    const reach = 0.52 * (1 - 0.85 * open);
    const mesh = new Mesh();
    for (const s of [-1, 1])
      mesh.box(
        [Math.min(s * 0.55, s * (0.55 - reach)), -0.02, 0.25],
        [Math.max(s * 0.55, s * (0.55 - reach)), 0.02, 0.95],
        leaf,
      );
    stage.draw(mesh, { x, y: gates + 0.9 });
    const light = new Mesh().box(
      [-0.04, -0.01, 0],
      [0.04, 0.01, 0.08],
      glowing(open > 0.3 ? [0.1, 1.6, 0.7] : n > 3 ? [1.8, 0.08, 0.05] : [0.1, 0.9, 0.5]),
    );
    stage.draw(light, { x: x - 0.75, y: gates - 0.03, z: 0.86 });
  }
}

function passengers(): { walks: Walk[]; passes: { x: number; at: number }[] } {
  const random = chance(18);
  const walks: Walk[] = [];
  const passes: { x: number; at: number }[] = [];
  for (let n = 0; n < 13; n++) {
    const isIn = n % 2 === 0;
    const lane = isIn ? n % 4 : 4 + (n % 3);
    const x = -5.5 + lane * 1.5;
    const figure = crowd[(n * 7 + 1) % crowd.length] ?? { garb: 'robe' };
    const far: readonly [number, number] = n % 3 === 0 ? [-9, 38] : [stairs[isIn ? 1 : 0], foot + 0.6];
    const near: readonly [number, number] = [-8 + random() * 15, -3];
    const middle: readonly (readonly [number, number])[] = [
      [x, gates - 2.5],
      [x, gates + 3],
    ];
    const way = new Way(isIn ? [near, ...middle, far] : [far, ...[...middle].reverse(), near], 1.6);
    const speed = 1.3 + random() * 0.2;
    const start = (n * 16) / 13 + random() * 0.5;
    // Slows at the reader, then goes on.
    let at = 0;
    while (at < way.length && Math.hypot(way.spot(at).x - x, way.spot(at).y - gates) > 0.6) at += 0.1;
    const reach = at / speed;
    const knots: Knot[] = [
      [0, 0, speed],
      [reach - 0.4, at - speed * 0.4, speed],
      [reach + 0.5, at + 0.15, 0.15],
      [reach + 1.7, at + 1.3, speed],
    ];
    walks.push({ figure, way, start, life: reach + 1.7 + (way.length - at - 1.3) / speed, knots });
    passes.push({ x, at: (start + reach + 1.5) % 16 });
  }
  for (let n = 0; n < 4; n++) {
    const side = new Way(
      n % 2
        ? [
            [-9.6, -4],
            [-9, 12],
            [-9.4, 13.5],
          ]
        : [
            [10, 30],
            [9.3, 18],
            [9.6, -4],
          ],
      3,
    );
    walks.push(stroll(crowd[(n * 3 + 5) % crowd.length] ?? { garb: 'shirt' }, side, n * 4.3, 1.3));
  }
  return { walks, passes };
}

/** A metro station's ticket hall: gates, machines, and escalators to the platforms. */
export function ticketHall(): View {
  const set = new Mesh();
  const lamps: Lamp[] = [];
  const [west, east, end] = [-11, 11, 44];
  const wall = painted((s, x, y, z) => {
    const along = Math.abs(x) > 10.9 ? y : x;
    const isJoint = Math.abs(along / 2 - Math.round(along / 2)) < 0.008 || Math.abs(z - 2.4) < 0.015;
    const tone =
      (z < 0.25 ? 0.1 : isJoint ? 0.2 : 0.48) *
      (0.95 + 0.1 * noise(Math.floor(along / 2) * 7, z > 2.4 ? 1 : 4));
    s.r = tone;
    s.g = tone * 0.96;
    s.b = tone * 0.88;
    s.gloss = 0.03;
    // A mosaic of blues, like a dhow's wake.
    if (z > 1.1 && z < 3.4 && Math.abs(x) < 10.9) {
      const wave =
        Math.sin(x * 0.9 + Math.sin(z * 2) * 1.2) + noise(Math.floor(x * 8), Math.floor(z * 8)) - 0.5;
      s.r = 0.08 + 0.1 * Math.max(0, wave);
      s.g = 0.2 + 0.12 * wave;
      s.b = 0.28 + 0.1 * wave;
    }
  });
  // The floor, with the stairwell left open.
  const well = [stairs[0] - 0.8, stairs[1] + 0.8] as const;
  set.strip([west, -8, 0], [west, foot, 0], [east, foot, 0], [east, -8, 0], 10, floor);
  set.strip([west, foot, 0], [west, end, 0], [well[0], end, 0], [well[0], foot, 0], 6, floor);
  set.strip([well[1], foot, 0], [well[1], end, 0], [east, end, 0], [east, foot, 0], 6, floor);
  set.quad([well[0], foot + 12, 0], [well[1], foot + 12, 0], [well[1], end, 0], [well[0], end, 0], floor);
  for (const x of [...well, (stairs[0] + stairs[1]) / 2]) {
    set.quad([x, foot, 0], [x, foot + 12, 0], [x, foot + 12, -7], [x, foot, -7], matte(colour('#8c8a85')));
  }
  set.quad(
    [well[0], foot + 12, 0],
    [well[1], foot + 12, 0],
    [well[1], foot + 12, -7],
    [well[0], foot + 12, -7],
    matte(colour('#77756f')),
  );
  const balustrade = glossy([0.05, 0.07, 0.075], 0.1);
  const rail = matte([0.02, 0.02, 0.02]);
  for (const x of [stairs[0] - 0.62, stairs[0] + 0.62, stairs[1] - 0.62, stairs[1] + 0.62]) {
    set.box([x - 0.03, foot - 0.6, 0], [x + 0.03, foot + 1.2, 0.95], balustrade);
    set.quad(
      [x, foot + 1.2, 0],
      [x, foot + 11, -9.8 * slope],
      [x, foot + 11, -9.8 * slope + 0.95],
      [x, foot + 1.2, 0.95],
      balustrade,
    );
    set.bar([x, foot - 0.7, 0.97], [x, foot + 1.2, 0.97], 0.05, 0.05, rail, 7);
    set.bar([x, foot + 1.2, 0.97], [x, foot + 11, -9.8 * slope + 0.97], 0.05, 0.05, rail, 7);
  }
  for (const [a, b] of [
    [
      [well[0], foot + 0.2],
      [well[0], foot + 12],
    ],
    [
      [well[1], foot + 0.2],
      [well[1], foot + 12],
    ],
    [
      [well[0], foot + 12],
      [well[1], foot + 12],
    ],
  ] as const) {
    set.box(
      [Math.min(a[0], b[0]) - 0.02, Math.min(a[1], b[1]) - 0.02, 0],
      [Math.max(a[0], b[0]) + 0.02, Math.max(a[1], b[1]) + 0.02, 1],
      balustrade,
    );
    set.bar([a[0], a[1], 1.02], [b[0], b[1], 1.02], 0.035, 0.035, steel, 7);
  }
  for (const s of [-1, 1])
    set.quad([s * 11, -8, 0], [s * 11, end, 0], [s * 11, end, 4.6], [s * 11, -8, 4.6], wall);
  set.quad([west, end, 0], [east, end, 0], [east, end, 4.6], [west, end, 4.6], wall);
  const ceiling = painted((s, x, y) => {
    const isGap = (Math.abs(x) * 3.3) % 1 < 0.22;
    const tone = isGap ? 0.08 : 0.34 + 0.04 * noise(x * 3, y * 0.2);
    s.r = tone * 1.06;
    s.g = tone * 0.93;
    s.b = tone * 0.76;
  });
  set.strip([west, -8, 4.6], [west, end, 4.6], [east, end, 4.6], [east, -8, 4.6], 10, ceiling);
  for (let y = -2; y < end; y += 7) {
    for (const x of [-7.5, -2.5, 2.5, 7.5]) {
      set.bar([x, y + 2, 4.55], [x, y + 2, 4.6], 0.75, 0.75, glowing([1.9, 1.85, 1.7]), 20);
      lamps.push({
        at: [x, y + 2, 4.2],
        aim: [0, 0, -1],
        focus: 0.7,
        light: [4, 3.9, 3.55],
        reach: 12,
        size: 1.2,
      });
    }
  }
  lamps.push({
    at: [5.6, foot + 7, 0.5],
    aim: [0, 0.3, -0.95],
    focus: 0.5,
    light: [5, 5, 4.8],
    reach: 12,
    size: 1.5,
  });
  for (const y of [9, 21, 33]) {
    for (const x of [-8.2, 8.9]) {
      set.bar([x, y, 0], [x, y, 4.6], 0.42, 0.42, glossy(colour('#d0c8b8'), 0.05), 20);
      set.bar([x, y, 0], [x, y, 0.3], 0.46, 0.46, steel, 20);
    }
  }
  // The gates: cabinets, and glass on both sides of them.
  for (let n = 0; n <= 7; n++) {
    const x = -6.25 + n * 1.5;
    set.box(
      [x - 0.14, gates, 0],
      [x + 0.14, gates + 1.8, 0.98],
      glossy(colour('#a9adaf'), 0.08),
      matte(colour('#2a2d30')),
    );
    set.box([x - 0.1, gates + 0.1, 0.98], [x + 0.1, gates + 0.5, 1.03], glowing([0.05, 0.25, 0.3]));
  }
  for (const [a, b] of [
    [west, -6.4],
    [4.4, east],
  ] as const) {
    set.box([a, gates + 0.85, 0.1], [b, gates + 0.9, 1.5], glossy([0.14, 0.19, 0.2], 0.1));
    set.bar([a, gates + 0.87, 1.52], [b, gates + 0.87, 1.52], 0.03, 0.03, steel, 7);
  }
  // Machines along the left wall, an office on the right.
  for (let i = 0; i < 4; i++) {
    const y = 3 + i * 2.2;
    set.box([west, y, 0], [west + 0.7, y + 1.1, 1.95], matte(colour('#2b5f73')));
    set.box([west + 0.68, y + 0.25, 1.1], [west + 0.72, y + 0.85, 1.6], glowing([0.35, 0.5, 0.6]));
  }
  set.box([7.6, 9.6, 0], [east, 14.2, 1.05], matte(colour('#8f8574')));
  set.quad(
    [7.6, 9.6, 1.05],
    [7.6, 14.2, 1.05],
    [7.6, 14.2, 2.7],
    [7.6, 9.6, 2.7],
    glossy([0.1, 0.12, 0.12], 0.1),
  );
  set.quad([7.6, 9.6, 1.05], [east, 9.6, 1.05], [east, 9.6, 2.7], [7.6, 9.6, 2.7], {
    reflect: [0.12, 0.13, 0.13],
    gloss: 0.1,
    emit: [0.06, 0.06, 0.05],
  });
  set.box([7.4, 9.4, 2.7], [east, 14.4, 3], matte(colour('#2b5f73')));
  set.box(
    [-6, gates + 0.6, 3.1],
    [4, gates + 0.75, 3.6],
    painted((s, x, _y, z) => {
      const n = (x + 6) % 1.5;
      const isCross =
        x > 0 &&
        (Math.abs(n - 0.75 - (z - 3.35)) < 0.04 || Math.abs(n - 0.75 + (z - 3.35)) < 0.04) &&
        Math.abs(z - 3.35) < 0.14;
      const isArrow =
        x <= 0 &&
        ((Math.abs(n - 0.75) < 0.035 && z > 3.2 && z < 3.5) || (Math.abs(n - 0.75) < 3.52 - z && z > 3.38));
      s.r = s.g = s.b = 0.015;
      if (isCross) s.emitR = 1.5;
      if (isArrow) {
        s.emitG = 1.2;
        s.emitB = 0.5;
      }
    }),
  );
  const { walks, passes } = passengers();
  const guide = { garb: 'vest' } as const;
  const post: readonly Knot[] = [
    [0, 0, 0],
    [3, 0, 0],
    [6, 2.2, 0],
    [11, 2.2, 0],
    [14, 0, 0],
  ];
  return {
    lens: { at: [-3.4, -0.5, 4.05], heading: 14, down: 17, fieldOfView: 82, barrel: 0.5 },
    light: indoors(lamps, 0.17),
    look: { exposure: 1.45, saturation: 0.95, vignette: 0.34 },
    set,
    play(time, stage) {
      escalators(stage, time);
      riders(stage, time);
      leaves(stage, time, passes);
      const at = wayAt(post, time);
      const speed = Math.abs(wayAt(post, time + 0.05) - wayAt(post, time - 0.05)) * 10;
      stage.draw(person(guide, at / 1.5, Math.min(1, speed)), {
        x: 5.4,
        y: gates - 1.4 - at,
        heading: time > 3 && time < 11 ? -Math.PI / 2 : Math.PI / 2,
      });
      walk(stage, time, walks);
    },
  };
}
