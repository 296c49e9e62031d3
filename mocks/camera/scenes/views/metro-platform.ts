import { noise } from '../render/chance.ts';
import { between, moments, wayAt, type Knot } from '../render/loop.ts';
import type { Lamp } from '../render/light.ts';
import { glossy, glowing, matte, painted, type Material } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import type { Stage, View } from '../render/stage.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import { indoors } from '../props/daylight.ts';
import { crowd } from '../props/people.ts';
import { carHalf, carLength, doorPlaces, metroCar } from '../props/train.ts';
import { stand, walk, type Walk } from '../props/walk.ts';

/** The platform's width and length, the tunnel's mouth, and where the train's front stops. */
const width = 8.6;
const mouth = 64;
const halt = 9;
const gap = 0.12;

const floor: Material = {
  reflect: [0.35, 0.34, 0.32],
  gloss: 0.07,
  paint: (s, x, y) => {
    const isJoint =
      Math.abs(x / 0.9 - Math.round(x / 0.9)) < 0.012 || Math.abs(y / 0.9 - Math.round(y / 0.9)) < 0.012;
    const tone =
      (isJoint ? 0.24 : 0.36) *
      (0.92 + 0.16 * noise(Math.floor(x / 0.9 + 0.5) * 5.3, Math.floor(y / 0.9 + 0.5) * 7.1));
    s.r = tone;
    s.g = tone * 0.97;
    s.b = tone * 0.91;
    if (x < 0.12) {
      s.r = s.g = s.b = 0.55;
    } else if (x > 0.5 && x < 0.95) {
      // Studs that can be felt through a sole.
      const isStud = (x * 16) % 1 < 0.6 && (y * 16) % 1 < 0.6;
      s.r = isStud ? 0.62 : 0.5;
      s.g = isStud ? 0.43 : 0.34;
      s.b = 0.07;
      s.gloss = 0;
    }
  },
};

const panels = painted((s, _x, y, z) => {
  const isJoint =
    Math.abs(y / 1.6 - Math.round(y / 1.6)) < 0.012 || Math.abs(z - 2.6) < 0.03 || Math.abs(z - 0.9) < 0.02;
  const isBand = z > 0.9 && z < 1.15;
  const tone = isJoint ? 0.12 : 0.46 + 0.05 * noise(Math.floor(y / 1.6) * 9.1, 3);
  s.r = isBand ? tone * 0.35 : tone;
  s.g = isBand ? tone * 0.62 : tone * 0.98;
  s.b = isBand ? tone * 0.72 : tone * 0.93;
  s.gloss = 0.035;
});

const tunnelWall = painted((s, _x, y, z) => {
  const tone =
    0.13 + 0.07 * noise(y * 0.7, z * 1.5) - (Math.abs(z - 0.4) < 0.06 || Math.abs(z - 0.7) < 0.05 ? 0.07 : 0);
  s.r = tone;
  s.g = tone * 0.97;
  s.b = tone * 0.93;
});

/** Seconds since the train comes out of the tunnel → metres its front has come. */
const run: readonly Knot[] = [
  [0, -6, 15.4],
  [7, mouth - halt, 0],
  [11.5, mouth - halt, 0],
  [14, mouth - halt + 6, 4.9],
  [19, mouth - halt + 49, 12.3],
];

function train(stage: Stage, time: number): void {
  for (const age of moments(time, 0, 19.5)) {
    const front = mouth - wayAt(run, age);
    const open = between(age, 7.5, 11.2, 0.9);
    for (const [i, isNose] of [true, false].entries()) {
      const y = front + carLength / 2 + i * (carLength + 0.5);
      // It comes towards the camera: its x axis points south, the platform lies on its left.
      stage.draw(metroCar(open, 1, isNose, !isNose), {
        x: -carHalf - gap,
        y,
        z: 0.02,
        heading: -Math.PI / 2,
      });
    }
    for (const x of [-0.95, 0.95]) stage.halo([-carHalf - gap + x, front - 0.1, 0.27], [1.1, 1.1, 1], 0.3);
  }
}

/** Where the doors are along the platform while the train stands. */
const doors = [0, 1].flatMap((i) => doorPlaces.map((x) => halt + carLength / 2 + i * (carLength + 0.5) - x));

function passengers(): Walk[] {
  const all: Walk[] = [];
  const who = (n: number): (typeof crowd)[number] => crowd[n % crowd.length] ?? { garb: 'robe' };
  doors.forEach((door, i) => {
    // Two come, wait beside the door and board.
    for (const s of [-1, 1]) {
      const wait: readonly [number, number] = [1.5 + (i % 2) * 0.4, door + s * (1.5 + (i % 3) * 0.2)];
      const come = new Way(
        [
          [6.4, door + s * 9 + 6],
          [3.6, door + s * 3],
          wait,
          [0.75, door + s * 0.3],
          [-0.85, door + s * 0.25],
        ],
        0.8,
      );
      const walked = come.length - Math.hypot(wait[0] - 0.75, door + s * 0.3 - wait[1]) - 1.6;
      const board = 25.2 + (s > 0 ? 0 : 0.8) + (i % 2) * 0.3;
      all.push({
        figure: who(i * 2 + (s > 0 ? 1 : 0)),
        way: come,
        start: -16,
        life: board + 2.6,
        knots: [
          [5 + i * 0.5, 0, 1.3],
          [5 + i * 0.5 + walked / 1.15, walked, 0],
          [board, walked, 0],
          [board + 2.6, come.length, 1.1],
        ],
      });
    }
    // One or two alight and leave towards the stairs behind the camera.
    for (let n = 0; n < 1 + (i % 2); n++) {
      const out = new Way(
        [
          [-0.7, door + n * 0.3],
          [0.8, door],
          [2.6 + n, door - 2.2],
          [4.3 + (i % 3) * 0.7, door - 8],
          [4.6 + (i % 3) * 0.6, -6],
        ],
        1.6,
      );
      all.push({
        figure: who(i * 3 + n * 5 + 4),
        way: out,
        start: 8.1 + n * 0.9,
        life: out.length / 1.45,
        knots: [
          [0, 0, 1.2],
          [2, 2.6, 1.45],
        ],
      });
    }
  });
  // Seldom does everybody take the same train.
  const by = new Way(
    [
      [6.2, -4],
      [6, 20],
      [5.6, 48],
    ],
    3,
  );
  all.push({ figure: who(7), way: by, start: 3, life: by.length / 1.25, knots: [[0, 0, 1.25]] });
  return all;
}

/** A metro platform under ground: a train comes, opens, and leaves. */
export function metroPlatform(): View {
  const set = new Mesh();
  const lamps: Lamp[] = [];
  const end = mouth + 4;
  const steel = glossy(colour('#a3a8aa'), 0.09);
  const ceiling = painted((s, x, y) => {
    const isJoint =
      Math.abs(y / 1.2 - Math.round(y / 1.2)) < 0.02 || Math.abs(x / 1.2 - Math.round(x / 1.2)) < 0.02;
    s.r = s.g = s.b = isJoint ? 0.2 : 0.42;
  });
  set.strip([0, end, 0], [0, -8, 0], [width, -8, 0], [width, end, 0], 12, floor);
  set.quad([0, -8, -1.1], [0, end, -1.1], [0, end, 0], [0, -8, 0], matte([0.12, 0.12, 0.12]));
  set.quad(
    [-4, -8, -1.1],
    [0, -8, -1.1],
    [0, end + 60, -1.1],
    [-4, end + 60, -1.1],
    matte([0.09, 0.085, 0.08]),
  );
  for (const x of [-2.2, -0.75])
    set.box([x - 0.04, -8, -1.1], [x + 0.04, end + 60, -0.95], glossy([0.3, 0.28, 0.26], 0.15));
  set.quad([-3.6, -8, -1.1], [-3.6, end, -1.1], [-3.6, end, 4.2], [-3.6, -8, 4.2], tunnelWall);
  for (let y = 4; y < end; y += 7)
    set.box(
      [-3.58, y, 1.1],
      [-3.5, y + 3.4, 2.5],
      painted((s) => {
        s.r = 0.32;
        s.g = 0.36;
        s.b = 0.38;
        s.emitR = 0.07;
        s.emitG = 0.09;
        s.emitB = 0.1;
      }),
    );
  set.quad([width, -8, 0], [width, end, 0], [width, end, 4.2], [width, -8, 4.2], panels);
  set.strip([-4, -8, 4.1], [-4, end, 4.1], [width, end, 4.1], [width, -8, 4.1], 10, ceiling);
  // The end wall, with the tunnel left open.
  set.quad([0, end, 0], [width, end, 0], [width, end, 4.1], [0, end, 4.1], panels);
  set.quad(
    [-4, mouth + 1, 2.9],
    [0, mouth + 1, 2.9],
    [0, mouth + 1, 4.1],
    [-4, mouth + 1, 4.1],
    matte([0.1, 0.1, 0.1]),
  );
  set.quad(
    [-4, end + 60, -1.1],
    [0, end + 60, -1.1],
    [0, end + 60, 3],
    [-4, end + 60, 3],
    matte([0.005, 0.005, 0.005]),
  );
  set.quad(
    [0, mouth + 1, -1.1],
    [0, end + 60, -1.1],
    [0, end + 60, 4],
    [0, mouth + 1, 4],
    matte([0.05, 0.05, 0.05]),
  );
  set.quad(
    [-3.6, mouth, -1.1],
    [-3.6, end + 60, -1.1],
    [-3.6, end + 60, 4],
    [-3.6, mouth, 4],
    matte([0.05, 0.05, 0.05]),
  );

  for (let y = 2; y < end; y += 6) {
    for (const x of [2.1, 6.4]) {
      set.box([x - 0.09, y - 2.4, 4.02], [x + 0.09, y + 2.4, 4.09], glowing([2.6, 2.7, 2.65]));
      lamps.push({
        at: [x, y, 3.6],
        aim: [0, 0, -1],
        focus: 0.8,
        light: [3.3, 3.4, 3.35],
        reach: 13,
        size: 1.6,
      });
    }
    set.box([-0.16, y - 3, 3.55], [0.1, y + 3, 3.75], steel);
    set.box([-0.2, y - 2.6, 3.5], [-0.02, y + 2.6, 3.55], glowing([1.4, 1.45, 1.42]));
    lamps.push({
      at: [-0.7, y, 3.3],
      aim: [-0.2, 0, -1],
      focus: 1,
      light: [1.5, 1.55, 1.5],
      reach: 8,
      size: 1,
    });
  }
  for (let y = 7; y < end - 4; y += 9) {
    set.bar([4.3, y, 0], [4.3, y, 4.1], 0.36, 0.36, glossy(colour('#c2bfb6'), 0.05), 18);
    set.bar([4.3, y, 0], [4.3, y, 0.22], 0.39, 0.39, steel, 18);
    set.bar([4.3, y, 1.3], [4.3, y, 1.5], 0.368, 0.368, matte(colour('#1f6f8c')), 18);
  }
  for (let y = 11.5; y < end - 4; y += 18) {
    // A bench along the wall, a help point, a bin.
    set.box([width - 0.75, y, 0.42], [width - 0.25, y + 2.6, 0.48], steel);
    for (const d of [0.2, 2.3]) set.box([width - 0.65, y + d, 0], [width - 0.35, y + d + 0.08, 0.42], steel);
    set.box([width - 0.3, y + 4.5, 1.1], [width, y + 5, 1.9], matte(colour('#a3372e')));
    set.bar([width - 0.5, y - 1.5, 0], [width - 0.5, y - 1.5, 0.85], 0.2, 0.22, steel, 10);
  }
  for (const y of [16, 38]) {
    // Signs over the platform: a plain band and arrows.
    set.box(
      [2.6, y, 2.95],
      [6.2, y + 0.12, 3.4],
      painted((s, x, _y, z) => {
        const isArrow = Math.abs(x - 3.1) < 0.16 - Math.abs(z - 3.17) && z > 3.02;
        const isBar = x > 3.6 && x < 5.9 && Math.abs(z - 3.18) < 0.035;
        const tone = isArrow || isBar ? 0.9 : 0.02;
        s.r = s.g = s.b = tone;
        s.emitR = s.emitG = s.emitB = tone * 0.5;
      }),
    );
    for (const x of [2.9, 5.9]) set.bar([x, y + 0.06, 3.4], [x, y + 0.06, 4.1], 0.025, 0.025, steel, 5);
  }
  const people = passengers();
  return {
    lens: { at: [6.7, -1.6, 3.72], heading: -20, down: 15, fieldOfView: 84, barrel: 0.5 },
    light: indoors(lamps, 0.16),
    look: { exposure: 1.65, saturation: 0.9, vignette: 0.34, warmth: 1.01 },
    set,
    play(time, stage) {
      train(stage, time);
      walk(stage, time, people);
      // Two who wait for the next train, and shift from foot to foot.
      const shift = Math.sin((2 * Math.PI * time) / 8);
      stand(stage, { garb: 'robe' }, 7.4, 17.8, Math.PI + 0.2 * shift);
      stand(
        stage,
        { garb: 'shirt', upper: '#5b6f86', lower: '#2c3038' },
        7.3,
        18.8,
        Math.PI + 0.5 + 0.15 * shift,
      );
    },
  };
}
