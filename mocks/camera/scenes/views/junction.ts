import { chance } from '../render/chance.ts';
import type { Knot } from '../render/loop.ts';
import type { Lamp } from '../render/light.ts';
import { matte } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import type { Halo } from '../render/plate.ts';
import type { View } from '../render/stage.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import { daylight, night } from '../props/daylight.ts';
import { building } from '../props/facade.ts';
import { GroundPlan, tints } from '../props/ground.ts';
import { palm, shrub } from '../props/palm.ts';
import { crowd } from '../props/people.ts';
import {
  aspectOf,
  kerb,
  lampPost,
  signalMast,
  sodium,
  type Aspect,
  type SignalHead,
} from '../props/street.ts';
import { drive, type Journey } from '../props/traffic.ts';
import { carPaints, type VehicleKind } from '../props/vehicles.ts';
import { stroll, walk, type Walk } from '../props/walk.ts';

/** Half the width of the median, of the carriageways with it, and how far from the middle the stop lines are. */
const median = 1.4;
const half = 11.9;
const stop = 19;
const lanes = [3.15, 6.65, 10.15];

function ground(): GroundPlan {
  const plan = new GroundPlan(-70, -60, 90, 150, tints.paving, 14);
  const { context } = plan;
  // Slabs.
  context.globalAlpha = 0.16;
  for (let at = -70; at < 90; at += 2)
    plan.line(
      [
        [at, -60],
        [at, 150],
      ],
      0.06,
      '#50493f',
    );
  for (let at = -60; at < 150; at += 2)
    plan.line(
      [
        [-70, at],
        [90, at],
      ],
      0.06,
      '#50493f',
    );
  context.globalAlpha = 1;
  plan.area(-half, -60, half, 150, tints.asphalt).area(-70, -half, 90, half, tints.asphalt);
  for (const [sx, sy] of [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
  ] as const) {
    const c = half + 6;
    plan.shape(
      [[sx * half, sy * half], [sx * c, sy * half], ...arcOf(sx, sy, c), [sx * half, sy * c]],
      tints.asphalt,
    );
  }
  for (const turn of [0, 1, 2, 3]) {
    context.save();
    context.rotate((turn * Math.PI) / 2);
    for (const x of lanes) {
      plan
        .wear(
          [
            [x, -62],
            [x, -stop],
          ],
          0.22,
        )
        .wear(
          [
            [-x, -62],
            [-x, -stop],
          ],
          0.16,
        )
        .wear(
          [
            [x, -stop],
            [x, stop],
          ],
          0.1,
        );
      plan
        .wear(
          [
            [x, -140],
            [x, -62],
          ],
          0.2,
        )
        .wear(
          [
            [-x, -140],
            [-x, -62],
          ],
          0.16,
        );
    }
    for (const x of [4.9, 8.4]) {
      plan
        .line(
          [
            [x, -150],
            [x, -36],
          ],
          0.13,
          tints.line,
          [3, 5],
        )
        .line(
          [
            [x, -36],
            [x, -stop - 0.3],
          ],
          0.13,
        );
      plan.line(
        [
          [-x, -150],
          [-x, -stop],
        ],
        0.13,
        tints.line,
        [3, 5],
      );
    }
    plan
      .line(
        [
          [half - 0.25, -150],
          [half - 0.25, -stop - 3],
        ],
        0.13,
      )
      .line(
        [
          [-half + 0.25, -150],
          [-half + 0.25, -stop - 3],
        ],
        0.13,
      );
    plan
      .line(
        [
          [median + 0.3, -150],
          [median + 0.3, -stop],
        ],
        0.13,
        tints.yellow,
      )
      .line(
        [
          [-median - 0.3, -150],
          [-median - 0.3, -stop],
        ],
        0.13,
        tints.yellow,
      );
    plan.area(median, -stop - 0.5, half, -stop, tints.line);
    plan.zebra(-half + 0.3, -17.6, half - 0.3, -14.2, true);
    plan.arrow(3.15, -26, 90, -1).arrow(6.65, -26, 90).arrow(10.15, -26, 90, 1);
    plan.arrow(3.15, -44, 90, -1).arrow(6.65, -44, 90);
    context.restore();
  }
  // Turns guided through the middle, and what years of braking left.
  context.globalAlpha = 0.5;
  plan.line(
    [
      [3.2, -13],
      [1.5, -4],
      [-4, 1.6],
      [-13, 3.2],
    ],
    0.12,
    tints.line,
    [1, 1.4],
  );
  context.globalAlpha = 1;
  const random = chance(8);
  for (let i = 0; i < 60; i++) {
    const x = (random() < 0.5 ? -1 : 1) * (lanes[Math.floor(random() * 3)] ?? 3);
    plan.disc(
      x + (random() - 0.5) * 0.5,
      -stop - 1 - random() * 16,
      0.15 + random() * 0.4,
      `rgba(25,25,25,${0.05 + random() * 0.12})`,
    );
  }
  return plan;
}

function arcOf(sx: number, sy: number, c: number): readonly (readonly [number, number])[] {
  return Array.from({ length: 9 }, (_, i) => {
    const a = (i / 8) * (Math.PI / 2);
    return [sx * (c - 6 * Math.sin(a)), sy * (c - 6 * Math.cos(a))] as const;
  });
}

/** Signals: north–south goes first, then east–west; a loop is one cycle. */
function aspects(time: number): readonly [Aspect, Aspect] {
  const first = time < 6 ? 'green' : time < 7.6 ? 'amber' : 'red';
  const second = time < 8 ? 'red' : time < 14 ? 'green' : time < 15.6 ? 'amber' : 'red';
  return [first, second];
}

/** Who waits at a stop line and leaves it on green: `place` in the queue, `green` the second it begins. */
function queued(
  kind: VehicleKind,
  paint: string,
  way: Way,
  line: number,
  place: number,
  green: number,
): Journey {
  const stand = line - 2.8 - place * 6.6;
  const go = 14.6 + place * 0.75;
  const knots: Knot[] = [
    [0, stand - 74 - place * 3, 13],
    [4.4 + place * 0.8, stand - 16, 8.5],
    [8.2 + place * 0.8, stand, 0],
    [go, stand, 0],
    [go + 4, stand + 20, 10],
    [go + 7, stand + 54, 12.5],
  ];
  return {
    kind,
    paint,
    way,
    start: green - 14.2,
    knots,
    life: go + 7 + (way.length - stand - 54 + 6) / 12.5,
  };
}

/** Who arrives on green and need not stop. */
function flowing(kind: VehicleKind, paint: string, way: Way, line: number, at: number): Journey {
  return { kind, paint, way, start: at - line / 12.5, knots: [[0, 0, 12.5]], life: (way.length + 6) / 12.5 };
}

function journeys(): Journey[] {
  const random = chance(21);
  const paintOf = (): string => carPaints[Math.floor(random() * carPaints.length)] ?? carPaints[0];
  const kinds: readonly VehicleKind[] = [
    'saloon',
    'suv',
    'saloon',
    'taxi',
    'suv',
    'van',
    'pickup',
    'saloon',
    'suv',
  ];
  const kindOf = (): VehicleKind => kinds[Math.floor(random() * kinds.length)] ?? 'saloon';
  const make = (kind: VehicleKind): readonly [VehicleKind, string] => [
    kind,
    kind === 'taxi' ? '#d9cfae' : kind === 'bus' ? '#dedcd6' : paintOf(),
  ];
  const all: Journey[] = [];
  const far = 150;
  for (const [i, x] of lanes.entries()) {
    const north = new Way([
      [x, -95],
      [x, far],
    ]);
    const south = new Way([
      [-x, far],
      [-x, -60],
    ]);
    const east = new Way([
      [-95, -x],
      [120, -x],
    ]);
    const west = new Way([
      [120, x],
      [-80, x],
    ]);
    const waiting = [2, 3, 2][i] ?? 2;
    for (let n = 0; n < waiting; n++) {
      all.push(
        queued(
          ...make(i === 2 && n === 0 ? 'bus' : kindOf()),
          north,
          95 - stop,
          n * (i === 2 && n === 1 ? 1.55 : 1),
          0,
        ),
      );
      all.push(queued(...make(kindOf()), south, far - stop, n, 0));
      if (n < 2 || i === 1)
        all.push(
          queued(...make(kindOf()), east, 95 - stop, n, 8),
          queued(...make(n === 1 && i === 0 ? 'truck' : kindOf()), west, 120 - stop, n, 8),
        );
    }
    if (i < 2)
      all.push(
        flowing(...make(kindOf()), south, far - stop, 4.6 + i * 0.8),
        flowing(...make(kindOf()), west, 120 - stop, 12.4 + i * 0.9),
      );
  }
  const right = new Way(
    [
      [10.15, -95],
      [10.15, -10.15],
      [90, -10.15],
    ],
    12,
  );
  all.push({
    kind: 'saloon',
    paint: '#27405f',
    way: right,
    start: 10,
    knots: [
      [0, 8, 12],
      [4, 52, 8],
      [7, 76, 5.2],
      [10, 94, 8],
      [14, 138, 12],
    ],
    life: 18,
  });
  return all;
}

function walks(): Walk[] {
  const all: Walk[] = [];
  const cross = (n: number, x0: number, x1: number, y: number, start: number): void => {
    // As far as the median on one green, and on with the next.
    const way = new Way([
      [x0, y],
      [x1, y],
    ]);
    const middle = Math.abs(x0);
    all.push({
      figure: crowd[n % crowd.length] ?? { garb: 'shirt' },
      way,
      start,
      life: 31,
      knots: [
        [0, 0, 1.3],
        [7.6, middle, 0],
        [16, middle, 0],
        [17, middle + 0.9, 1.4],
        [24, middle + 10.6, 1.4],
      ],
    });
  };
  cross(0, -10.6, 22, 16.3, 7.9);
  cross(4, -11.2, 22, 15.3, 8.3);
  cross(1, 11, -22, 16.6, 7.7);
  cross(6, 11.6, -22, 15.6, 8.2);
  const eastSide = new Way(
    [
      [15.5, 70],
      [15, 22],
      [21, 15.5],
      [60, 15],
    ],
    4,
  );
  const northSide = new Way(
    [
      [-60, 15.2],
      [-21, 15.4],
      [-15.2, 22],
      [-15, 70],
    ],
    4,
  );
  for (let i = 0; i < 8; i++) {
    all.push(
      stroll(
        crowd[(i * 5 + 2) % crowd.length] ?? { garb: 'shirt' },
        i % 2 ? eastSide : northSide,
        i * 4.1,
        1.25 + (i % 3) * 0.1,
      ),
    );
  }
  const near = new Way(
    [
      [14.2, -60],
      [14.4, -22],
      [19, -15.4],
      [70, -15],
    ],
    4,
  );
  for (let i = 0; i < 4; i++)
    all.push(stroll(crowd[(i * 7 + 1) % crowd.length] ?? { garb: 'robe' }, near, i * 5.3, 1.3));
  return all;
}

/** A large signalled junction between towers, seen from a mast at its south-western corner. */
export function junction(isNight: boolean): View {
  const set = new Mesh();
  const lamps: Lamp[] = [];
  const halos: Halo[] = [];
  const plan = ground();
  set.strip([-1500, -400, 0], [1500, -400, 0], [1500, 1500, 0], [-1500, 1500, 0], 1, plan.material(0.14));

  const greens = matte(colour('#5a6a3c'));
  for (const turn of [0, 1, 2, 3]) {
    const arm = new Mesh();
    arm.box([-median, 20, 0], [median, 150, 0.16], matte(colour('#8d8778')));
    arm.box([-median + 0.3, 22, 0.16], [median - 0.3, 150, 0.2], greens);
    kerb(arm, [-median, 20], [-median, 150]);
    kerb(arm, [median, 20], [median, 150]);
    for (const s of [-1, 1]) kerb(arm, [s * (half + 0.1), half + 6.2], [s * (half + 0.1), 150]);
    for (let i = 0; i < 8; i++)
      arm.place(palm(turn * 10 + i, 6.2 + (i % 3) * 0.7), { x: 0, y: 28 + i * 14, heading: i });
    for (let i = 0; i < 24; i++)
      arm.place(shrub(i + turn, 0.5), { x: (i % 2) * 0.5 - 0.25, y: 24 + i * 2.1, z: 0.1 });
    set.place(arm, { x: 0, y: 0, heading: (turn * Math.PI) / 2 });
  }
  const heads: SignalHead[][] = [[], []];
  const away = Math.PI / 2;
  heads[0]?.push(
    ...signalMast(set, half + 1.6, 15.5, Math.PI, -away),
    ...signalMast(set, -half - 1.6, -15.5, 0, away),
  );
  heads[1]?.push(
    ...signalMast(set, 15.5, -half - 1.6, away, Math.PI),
    ...signalMast(set, -15.5, half + 1.6, -away, 0),
  );

  const post = isNight ? { lamps, halos, light: sodium, strength: 230 } : undefined;
  for (const [x, y, arms] of [
    [0, 35, [0, Math.PI]],
    [0, 63, [0, Math.PI]],
    [0, 91, [0, Math.PI]],
    [35, 0, [away, -away]],
    [63, 0, [away, -away]],
    [-35, 0, [away, -away]],
    [0, -35, [0, Math.PI]],
    [14.6, 14.6, [-2.36]],
    [-14.6, 14.6, [-0.78]],
    [14.6, -14.6, [2.36]],
  ] as const) {
    lampPost(set, x, y, arms, post, 11);
  }
  // The post the camera itself hangs on.
  if (isNight)
    lamps.push({
      at: [-18, -25, 11.5],
      aim: [0.3, 0.4, -0.87],
      focus: 1.1,
      light: [230, 142, 60],
      reach: 34,
      size: 0.5,
    });
  const lit = isNight ? 0.3 : 0;
  building(set, 24, 24, 52, 50, 32, 0, lit);
  building(set, 60, 26, 84, 54, 78, 1, lit);
  building(set, 26, 62, 50, 92, 110, 3, lit);
  building(set, 24, 104, 48, 140, 46, 2, lit);
  building(set, 95, 24, 130, 60, 52, 4, lit);
  building(set, -56, 26, -24, 58, 24, 5, lit);
  building(set, -60, 70, -26, 104, 58, 4, lit);
  building(set, -50, 116, -26, 150, 95, 1, lit);
  building(set, 26, -60, 58, -26, 22, 2, lit);
  building(set, 70, -58, 110, -26, 40, 0, lit);
  const random = chance(5);
  for (let i = 0; i < 26; i++) {
    const x = -260 + i * 26 + random() * 10;
    const y = 210 + random() * 260;
    building(set, x, y, x + 16 + random() * 14, y + 24, 40 + random() ** 2 * 220, i, lit);
  }
  for (const [x, y] of [
    [17, 30],
    [17, 44],
    [17, 58],
    [-17, 30],
    [-17, 44],
    [30, 17],
    [44, 17],
    [58, 17],
    [30, -17],
    [46, -17],
    [62, -17],
  ] as const) {
    set.place(palm(x * 3 + y, 5.8), { x, y });
    set.box([x - 0.8, y - 0.8, 0], [x + 0.8, y + 0.8, 0.35], matte(colour('#9b8f7c')));
  }

  const cars = journeys();
  const people = walks();
  return {
    lens: { at: [-21, -31, 12.5], heading: 36, down: 19, fieldOfView: 74, barrel: 0.4 },
    light: isNight ? night(lamps) : daylight(158, 40, 0.0009),
    look: isNight ? { exposure: 1.5, saturation: 0.85, grain: 3, vignette: 0.35 } : { exposure: 0.86 },
    set,
    halos,
    play(time, stage) {
      const shows = aspects(time);
      for (const [i, group] of heads.entries()) {
        for (const head of group) {
          const { meshes, halo } = aspectOf(head, shows[i as 0 | 1]);
          for (const [mesh, [x, y, z]] of meshes) stage.draw(mesh, { x, y, z, heading: head.heading });
          if (stage.isFacing(...halo.at, Math.cos(head.heading), Math.sin(head.heading)))
            stage.halo(halo.at, halo.light, halo.radius);
        }
      }
      walk(stage, time, people);
      drive(stage, time, cars, isNight);
    },
  };
}
