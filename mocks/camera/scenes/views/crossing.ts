import { chance } from '../render/chance.ts';
import { matte, painted } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import type { View } from '../render/stage.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import type { Knot } from '../render/loop.ts';
import { daylight } from '../props/daylight.ts';
import { building } from '../props/facade.ts';
import { GroundPlan, tints } from '../props/ground.ts';
import { palm, shrub } from '../props/palm.ts';
import { crowd } from '../props/people.ts';
import {
  aspectOf,
  kerb,
  lampPost,
  signalHead,
  steel,
  type Aspect,
  type SignalHead,
} from '../props/street.ts';
import { drive, type Journey } from '../props/traffic.ts';
import { carPaints, type VehicleKind } from '../props/vehicles.ts';
import { stroll, walk, type Walk } from '../props/walk.ts';

/** A street of two lanes each way runs north; people cross at y = 18. */
const half = 7.6;
const [near, far] = [15, 21] as const;

function ground(): GroundPlan {
  const plan = new GroundPlan(-40, -20, 40, 170, tints.paving, 17);
  const random = chance(2);
  for (let y = -20; y < 170; y += 0.9) {
    for (const [x0, x1] of [
      [-20, -half],
      [half, 20],
    ] as const) {
      for (let x = x0; x < x1; x += 0.9)
        plan.area(
          x,
          y,
          x + 0.86,
          y + 0.86,
          random() < 0.16 ? '#8f8575' : random() < 0.5 ? '#a2988a' : '#a99f90',
        );
    }
  }
  plan.area(-half, -20, half, 170, tints.asphalt).area(-half, near - 1, half, far + 1, '#6d5a52');
  for (const x of [-5.6, -2.1, 2.1, 5.6])
    plan.wear(
      [
        [x, -20],
        [x, 170],
      ],
      0.24,
    );
  for (const x of [-3.85, 3.85])
    plan
      .line(
        [
          [x, -20],
          [x, near - 7],
        ],
        0.13,
        tints.line,
        [3, 4],
      )
      .line(
        [
          [x, far + 4],
          [x, 170],
        ],
        0.13,
        tints.line,
        [3, 4],
      );
  plan
    .line(
      [
        [0, -20],
        [0, near - 2],
      ],
      0.14,
      tints.yellow,
    )
    .line(
      [
        [0, far + 2],
        [0, 170],
      ],
      0.14,
      tints.yellow,
    );
  plan
    .line(
      [
        [-half + 0.3, -20],
        [-half + 0.3, 170],
      ],
      0.12,
    )
    .line(
      [
        [half - 0.3, -20],
        [half - 0.3, 170],
      ],
      0.12,
    );
  plan.zebra(-half + 0.2, near, half - 0.2, far, true);
  plan
    .area(0.3, near - 3.4, half - 0.3, near - 2.9, tints.line)
    .area(-half + 0.3, far + 2.9, -0.3, far + 3.4, tints.line);
  plan.arrow(2.1, 5, 90).arrow(5.6, 5, 90).arrow(-2.1, 34, -90).arrow(-5.6, 34, -90);
  for (const s of [-1, 1]) {
    // Studs that can be felt through a sole, before the kerb.
    plan.area(Math.min(s * half, s * (half + 1)), near, Math.max(s * half, s * (half + 1)), far, '#c2a24f');
  }
  return plan;
}

/** Cars have green until 7, people from 8.6 to 14.6. */
function journeys(): Journey[] {
  const random = chance(91);
  const kinds: readonly VehicleKind[] = ['saloon', 'taxi', 'suv', 'saloon', 'van', 'suv', 'pickup'];
  const all: Journey[] = [];
  for (const [i, x] of [2.1, 5.6, -2.1, -5.6].entries()) {
    const isNorth = x > 0;
    const way = new Way(
      isNorth
        ? [
            [x, -80],
            [x, 190],
          ]
        : [
            [x, 190],
            [x, -50],
          ],
    );
    const stop = (isNorth ? 80 + near - 3.6 : 190 - far - 3.6) - 2.6;
    for (let n = 0; n < 3; n++) {
      const kind: VehicleKind =
        i === 3 && n === 1 ? 'bus' : (kinds[Math.floor(random() * kinds.length)] ?? 'suv');
      const wait = stop - n * 6.9 - (i === 3 && n > 0 ? 3.8 : 0) - (i === 3 && n > 1 ? 4 : 0);
      const go = 15.2 + n * 0.8;
      // Seconds since 16 s before its green.
      const knots: Knot[] = [
        [0.8 + n, wait - 62, 12],
        [3.6 + n, wait - 30, 9],
        [8 + n, wait, 0],
        [go, wait, 0],
        [go + 4, wait + 19, 9],
        [go + 8, wait + 63, 12],
      ];
      all.push({
        kind,
        paint:
          kind === 'taxi'
            ? '#d9cfae'
            : kind === 'bus'
              ? '#dedcd6'
              : (carPaints[Math.floor(random() * carPaints.length)] ?? carPaints[0]),
        way,
        start: 0,
        life: go + 8 + (way.length - wait - 63) / 12 + 0.4,
        knots,
      });
    }
    if (i !== 3) {
      const kind = kinds[(i * 2 + 1) % kinds.length] ?? 'suv';
      all.push({
        kind,
        paint: kind === 'taxi' ? '#d9cfae' : (carPaints[(i * 3 + 1) % carPaints.length] ?? carPaints[0]),
        way,
        start: 5.2 - stop / 11.5 + i * 0.3,
        life: way.length / 11.5,
        knots: [[0, 0, 11.5]],
      });
    }
  }
  return all;
}

function walks(): Walk[] {
  const all: Walk[] = [];
  const random = chance(17);
  for (let n = 0; n < 15; n++) {
    const s = n % 2 ? 1 : -1;
    const y = near + 0.7 + random() * (far - near - 1.4);
    const figure = crowd[n % crowd.length];
    if (!figure) continue;
    const turn = random() < 0.5 ? 1 : -1;
    const way = new Way(
      [
        [s * (half + 3 + random() * 2.5), y + turn * (14 + random() * 12)],
        [s * (half + 1.3 + random() * 1.6), y],
        [-s * (half + 1.6), y + (random() - 0.5)],
        [-s * (half + 4), y + 4 * turn],
        [-s * (half + 4.5), y + 40 * turn],
      ],
      1.6,
    );
    const before = Math.hypot(way.spot(0).x - s * half, way.spot(0).y - y) - 2.2;
    const speed = 1.35 + random() * 0.35;
    // Seconds since eight before people's green in the loop in which they come.
    const go = 8.5 + random() * 1.6;
    const arrive = Math.min(go - 0.6, 3 + random() * 4);
    const knots: Knot[] = [
      [arrive - before / 1.3, 0, 1.3],
      [arrive, before, 0],
      [go, before, 0],
      [go + 1, before + 0.8, speed],
    ];
    all.push({ figure, way, start: 0.4, life: go + 1 + (way.length - before - 0.8) / speed, knots });
  }
  for (let n = 0; n < 9; n++) {
    const s = n % 2 ? 1 : -1;
    const along = new Way(
      n % 3
        ? [
            [s * 12.5, 120],
            [s * 12.2, -14],
          ]
        : [
            [s * 13.6, -14],
            [s * 13.4, 120],
          ],
    );
    const figure = crowd[(n * 5 + 3) % crowd.length];
    if (figure) all.push(stroll(figure, along, n * 1.9, 1.2 + (n % 4) * 0.08));
  }
  return all;
}

/** A crossing with signals in a street of shops. */
export function crossing(): View {
  const set = new Mesh();
  set.strip([-900, -100, 0], [900, -100, 0], [900, 900, 0], [-900, 900, 0], 1, ground().material(0.18));
  for (const s of [-1, 1]) {
    kerb(set, [s * (half + 0.1), -20], [s * (half + 0.1), near - 0.4]);
    kerb(set, [s * (half + 0.1), far + 0.4], [s * (half + 0.1), 170]);
    // Shops: awnings over glass, flats above.
    for (let i = 0; i < 8; i++) {
      const y = -18 + i * 23;
      const [x0, x1] = s > 0 ? [17.5, 36] : [-36, -17.5];
      building(set, x0, y, x1, y + 21, 13 + ((i * 7 + (s > 0 ? 3 : 0)) % 5) * 4.5, i + (s > 0 ? 0 : 3));
      const shade = matte(
        colour(['#8c3d38', '#2b6a7d', '#b58a3c', '#4d6a43'][(i + (s > 0 ? 1 : 0)) % 4] ?? '#8c3d38'),
      );
      const face = s * 17.45;
      set.quad([face, y + 1, 0.3], [face, y + 20, 0.3], [face, y + 20, 2.8], [face, y + 1, 2.8], {
        reflect: [0.03, 0.035, 0.04],
        gloss: 0.12,
      });
      for (let k = 0; k < 4; k++)
        set.box(
          [face - 0.06, y + 1 + k * 6.3, 0],
          [face + 0.06, y + 1.25 + k * 6.3, 3.2],
          matte([0.35, 0.33, 0.3]),
        );
      set.quad(
        [face, y + 1, 3.5],
        [face, y + 20, 3.5],
        [face - s * 2, y + 20, 2.75],
        [face - s * 2, y + 1, 2.75],
        shade,
      );
      set.quad(
        [face - s * 2, y + 1, 2.75],
        [face - s * 2, y + 20, 2.75],
        [face - s * 2, y + 20, 2.5],
        [face - s * 2, y + 1, 2.5],
        shade,
      );
      set.box(
        [Math.min(face, face - s * 0.1), y + 4, 3.6],
        [Math.max(face, face - s * 0.1), y + 16, 4.3],
        painted((c, _x, py, z) => {
          const isMark = Math.abs(z - 3.95) < 0.09 && (py * 1.7) % 1 < 0.7;
          c.r = c.g = c.b = isMark ? 0.7 : 0.06;
        }),
      );
    }
    for (let i = 0; i < 10; i++) {
      const y = 28 + i * 14;
      set.place(palm(i + (s > 0 ? 7 : 57), 5.2 + (i % 3) * 0.5), { x: s * 9.4, y });
      set.box([s * 9.4 - 0.7, y - 0.7, 0], [s * 9.4 + 0.7, y + 0.7, 0.4], matte(colour('#9b8f7c')));
      set.place(shrub(i, 0.4), { x: s * 9.4, y: y + 0.3, z: 0.3 });
      if (i % 2 === 0) lampPost(set, s * 8.6, y + 7, [s > 0 ? Math.PI : 0], undefined, 9);
    }
    for (let y = 1; y < 11; y += 1.8)
      set.bar([s * 8.3, y, 0], [s * 8.3, y, 0.95], 0.07, 0.07, matte(colour('#3a3d40')), 8);
  }
  for (let i = 0; i < 10; i++)
    building(set, -120 + i * 24, 220 + ((i * 67) % 160), -102 + i * 24, 420, 40 + ((i * 89) % 150), i);
  const cars: SignalHead[] = [];
  const away = Math.PI / 2;
  for (const [x, y, looks] of [
    [half + 0.9, near - 1.6, -away],
    [-half - 0.9, near - 1.6, -away],
    [-half - 0.9, far + 1.6, away],
    [half + 0.9, far + 1.6, away],
  ] as const) {
    set.bar([x, y, 0], [x, y, 4.2], 0.09, 0.08, steel, 8);
    cars.push(signalHead(set, x + Math.cos(looks) * 0.22, y + Math.sin(looks) * 0.22, 3, looks));
  }
  const journeysAll = journeys();
  const people = walks();
  return {
    lens: { at: [-9.6, -2.4, 7.2], heading: 23, down: 18, fieldOfView: 80, barrel: 0.46 },
    light: daylight(196, 56, 0.0009),
    look: { exposure: 0.86 },
    set,
    play(time, stage) {
      const aspect: Aspect = time < 5.6 ? 'green' : time < 7.2 ? 'amber' : time < 15.4 ? 'red' : 'green';
      for (const head of cars) {
        const { meshes, halo } = aspectOf(head, aspect);
        for (const [mesh, [x, y, z]] of meshes) stage.draw(mesh, { x, y, z, heading: head.heading });
        if (stage.isFacing(...halo.at, Math.cos(head.heading), Math.sin(head.heading)))
          stage.halo(halo.at, halo.light, halo.radius);
      }
      walk(stage, time, people);
      drive(stage, time, journeysAll);
    },
  };
}
