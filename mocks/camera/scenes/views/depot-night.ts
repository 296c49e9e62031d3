import { chance, noise } from '../render/chance.ts';
import type { Lamp } from '../render/light.ts';
import { glowing, matte, painted } from '../render/material.ts';
import { Mesh } from '../render/mesh.ts';
import type { Halo } from '../render/plate.ts';
import type { View } from '../render/stage.ts';
import { colour } from '../render/vector.ts';
import { Way } from '../render/way.ts';
import { night } from '../props/daylight.ts';
import { building } from '../props/facade.ts';
import { GroundPlan, tints } from '../props/ground.ts';
import { concrete, darkSteel, steel } from '../props/street.ts';
import { draw, drive, type Journey } from '../props/traffic.ts';
import { vehicle } from '../props/vehicles.ts';
import { stroll, walk } from '../props/walk.ts';

const cream = '#dedcd6';
const bay = 4.2;
const rows = [34, 62] as const;

function ground(): GroundPlan {
  const plan = new GroundPlan(-50, -20, 60, 100, '#7a7873', 13);
  for (let x = -50; x < 60; x += 6)
    plan.line(
      [
        [x, -20],
        [x, 100],
      ],
      0.05,
      '#4d4b48',
    );
  for (let y = -20; y < 100; y += 6)
    plan.line(
      [
        [-50, y],
        [60, y],
      ],
      0.05,
      '#4d4b48',
    );
  for (const y of rows) {
    for (let x = -36; x <= 40; x += bay)
      plan.line(
        [
          [x, y - 6.8],
          [x, y + 6.8],
        ],
        0.12,
        tints.yellow,
      );
  }
  plan
    .wear(
      [
        [-50, 17],
        [60, 17],
      ],
      0.3,
    )
    .wear(
      [
        [-50, 22],
        [60, 22],
      ],
      0.3,
    )
    .wear(
      [
        [-50, 48],
        [60, 48],
      ],
      0.3,
    );
  plan.arrow(-8, 17, 0).arrow(16, 17, 0).arrow(6, 22, 180).zebra(-14, 3, -11, 26, false);
  const random = chance(6);
  for (let i = 0; i < 150; i++)
    plan.disc(
      -40 + random() * 84,
      random() * 80,
      0.15 + random() * 0.7,
      `rgba(18,18,18,${0.06 + random() * 0.18})`,
    );
  return plan;
}

/** A bus depot by night: rows of buses under floodlights, a washing hall, somebody on his round. */
export function depotNight(): View {
  const set = new Mesh();
  const lamps: Lamp[] = [];
  const halos: Halo[] = [];
  set.strip([-900, -100, 0], [900, -100, 0], [900, 900, 0], [-900, 900, 0], 1, ground().material(0.22));
  const random = chance(77);
  const free = 7;
  rows.forEach((y, row) => {
    for (let i = 0; i < 18; i++) {
      if ((row === 0 && i === free) || random() < 0.1) continue;
      set.place(vehicle({ kind: 'bus', paint: cream }), {
        x: -36 + (i + 0.5) * bay,
        y,
        heading: -Math.PI / 2,
      });
    }
  });
  // The workshop: open doors, light inside.
  const cladding = painted((s, x, y, z) => {
    const rib = Math.abs(((x + y) * 2.5) % 1) < 0.25 ? 0.85 : 1;
    const tone = 0.42 * rib * (0.9 + 0.2 * noise(x * 0.3, z * 0.5));
    s.r = tone;
    s.g = tone;
    s.b = tone * 0.97;
  });
  const [west, front, height] = [-42, 82, 9];
  for (let i = 0; i < 7; i++) {
    const x = west + i * 12;
    set.box([x, front, 0], [x + 3.4, front + 0.4, height], cladding);
    set.box([x + 3.4, front, 5.4], [x + 12, front + 0.4, height], cladding);
    set.quad(
      [x + 3.4, front + 14, 0],
      [x + 12, front + 14, 0],
      [x + 12, front + 14, 5.4],
      [x + 3.4, front + 14, 5.4],
      matte([0.4, 0.38, 0.34]),
    );
    lamps.push({
      at: [x + 7.7, front + 4, 5.2],
      aim: [0, -0.5, -0.86],
      focus: 0.6,
      light: [46, 42, 33],
      reach: 24,
      size: 1,
    });
    set.box([x + 6, front + 4, 5.3], [x + 9.4, front + 4.3, 5.4], glowing([4, 3.8, 3.2]));
    if (i % 2 === 0)
      set.place(vehicle({ kind: 'bus', paint: cream }), {
        x: x + 7.7,
        y: front + 7.5,
        heading: -Math.PI / 2,
      });
  }
  set.box([west - 2, front, height], [west + 86, front + 26, height + 0.6], matte([0.2, 0.2, 0.2]));
  // Masts with floodlights.
  for (const [x, y] of [
    [-38, 8],
    [-2, 48],
    [40, 48],
    [-40, 48],
    [36, 6],
  ] as const) {
    set.bar([x, y, 0], [x, y, 16], 0.24, 0.14, steel, 8);
    set.box([x - 1.3, y - 0.1, 15.6], [x + 1.3, y + 0.1, 15.8], darkSteel);
    for (const dx of [-1.1, -0.37, 0.37, 1.1]) {
      set.box([x + dx - 0.25, y - 0.3, 15.8], [x + dx + 0.25, y - 0.1, 16.3], glowing([9, 9.4, 9.6]));
      set.box([x + dx - 0.25, y + 0.1, 15.8], [x + dx + 0.25, y + 0.3, 16.3], glowing([9, 9.4, 9.6]));
    }
    // Before and behind the mast: from its axis, the mast itself would take half the light.
    for (const d of [-0.9, 0.9]) {
      lamps.push({
        at: [x, y + d, 15.2],
        aim: [0, 0, -1],
        focus: 0.7,
        light: [450, 470, 480],
        reach: 52,
        size: 0.5,
      });
    }
    halos.push({ at: [x, y - 0.4, 16.05], light: [1.1, 1.15, 1.2], radius: 0.9 });
  }
  lamps.push({
    at: [4, -6, 12],
    aim: [0, 0.5, -0.86],
    focus: 0.8,
    light: [420, 436, 444],
    reach: 46,
    size: 1,
  });
  // Fuel island with its roof, on the right.
  set.box([30, 8, 0], [44, 10.4, 0.2], concrete);
  set.box([28, 4, 5], [46, 14.4, 5.5], matte(colour('#c4beb0')));
  set.box([27.95, 3.95, 5.05], [46.05, 4, 5.45], matte(colour('#b3392f')));
  for (const x of [30.5, 43.5]) set.box([x - 0.2, 9, 0], [x + 0.2, 9.4, 5], steel);
  for (const x of [34, 40]) {
    set.box([x - 0.5, 8.8, 0.2], [x + 0.5, 9.6, 2], matte(colour('#dcd8cc')));
    set.box([x - 0.35, 8.78, 1.3], [x + 0.35, 8.8, 1.7], glowing([0.2, 0.5, 0.3]));
    set.box([x - 0.8, 8.9, 4.95], [x + 0.8, 9.5, 5], glowing([4, 4.2, 4.2]));
    lamps.push({
      at: [x, 9.2, 4.8],
      aim: [0, 0, -1],
      focus: 0.8,
      light: [14, 14.6, 14.8],
      reach: 16,
      size: 1,
    });
  }
  for (let x = -48; x < 60; x += 3) {
    set.bar([x, 78, 0], [x, 78, 2.4], 0.04, 0.04, darkSteel, 5, false);
  }
  for (let i = 0; i < 18; i++)
    building(set, -230 + i * 27, 150 + ((i * 61) % 110), -210 + i * 27, 280, 26 + ((i * 83) % 130), i, 0.3);

  const slot = -36 + (free + 0.5) * bay;
  const into = new Way(
    [
      [70, 20],
      [slot + 12, 20],
      [slot, 24],
      [slot, 48],
    ],
    11,
  );
  // One comes home to its bay; at the loop's beginning one like it backs out of the same bay and drives off.
  const parkAt = into.length - 14;
  const coming: Journey = {
    kind: 'bus',
    paint: cream,
    way: into,
    start: 6,
    life: 10.001,
    knots: [
      [0, parkAt - 62, 8],
      [4.5, parkAt - 28, 6],
      [8, parkAt - 8, 3.2],
      [10, parkAt, 0],
    ],
  };
  const backwards = new Way(
    [
      [slot - 40, 15],
      [slot, 15],
      [slot, 48],
    ],
    11,
  );
  const stood = backwards.length - 14;
  const backing: Journey = {
    kind: 'bus',
    paint: cream,
    way: backwards,
    start: 0,
    life: 9.3,
    knots: [
      [0, stood, 0],
      [3, stood - 6.5, -4],
      [7, 26, -4.5],
      [9.3, 20, 0],
    ],
  };
  const leaving: Journey = {
    kind: 'bus',
    paint: cream,
    way: new Way([
      [slot - 40, 15],
      [80, 15],
    ]),
    start: 9.3,
    life: 17,
    knots: [
      [0, 20, 0],
      [5, 38, 6],
      [10, 70, 7],
    ],
  };
  const passing: Journey = {
    kind: 'van',
    paint: '#e9e9e6',
    way: new Way([
      [-60, 49],
      [70, 49],
    ]),
    start: 4,
    life: 20,
    knots: [[0, 0, 7]],
  };
  const journeys = [coming, backing, leaving, passing];
  const rounds = new Way(
    [
      [-12.5, -6],
      [-12.5, 26],
      [-30, 26.4],
    ],
    2,
  );
  const across = new Way(
    [
      [28, 12],
      [4, 13],
      [-13, 9],
      [-40, 9],
    ],
    3,
  );
  const people = [
    stroll({ garb: 'vest' }, rounds, 2, 1.3),
    stroll({ garb: 'vest', height: 1.78 }, across, 6, 1.35),
    stroll({ garb: 'shirt', upper: '#2d3340', lower: '#2d3340' }, across, 14, 1.3),
  ];
  return {
    lens: { at: [-9, 0, 8.6], heading: 13, down: 15, fieldOfView: 78, barrel: 0.44 },
    light: night(lamps, 0.0009),
    look: { exposure: 2.1, saturation: 0.88, grain: 3, vignette: 0.36 },
    set,
    halos,
    play(time, stage) {
      walk(stage, time, people);
      drive(stage, time, journeys, true);
      // A bus being filled, lights on.
      draw(stage, { kind: 'bus', paint: cream, isBraking: true, hasLights: true }, 36.5, 6.2, Math.PI, true);
    },
  };
}
