import { glossy, glowing, matte, type Material } from '../render/material.ts';
import { Mesh, type Station } from '../render/mesh.ts';
import { colour, type Rgb } from '../render/vector.ts';

export const vehicleKinds = ['saloon', 'suv', 'taxi', 'van', 'pickup', 'bus', 'truck'] as const;
export type VehicleKind = (typeof vehicleKinds)[number];

export interface Dress {
  readonly kind: VehicleKind;
  /** `#rrggbb`. */
  readonly paint: string;
  readonly isBraking?: boolean;
  readonly hasLights?: boolean;
}

/** Metres from bumper to bumper. */
export const lengths: Readonly<Record<VehicleKind, number>> = {
  saloon: 4.6,
  taxi: 4.6,
  suv: 4.9,
  van: 5.2,
  pickup: 5.3,
  bus: 12,
  truck: 8.4,
};

/** The colours of a Gulf car park: mostly white and silver. */
export const carPaints = [
  '#e9e9e6',
  '#e4e3de',
  '#f0f0ee',
  '#b9bcbf',
  '#9aa0a5',
  '#3c4046',
  '#22252a',
  '#d9d4c6',
  '#6e2026',
  '#27405f',
  '#8a7f6d',
] as const;

const rubber = matte([0.018, 0.018, 0.02]);
const hub = glossy([0.35, 0.35, 0.36], 0.2);
const glass = glossy([0.012, 0.015, 0.018], 0.09);
const trim = matte([0.03, 0.03, 0.032]);
const plate = matte([0.6, 0.6, 0.56]);

const station = (x: number, low: number, high: number, lowHalf: number, highHalf: number): Station => ({
  x,
  low,
  high,
  lowHalf,
  highHalf,
});

function wheels(mesh: Mesh, places: readonly number[], half: number, radius = 0.33): void {
  for (const x of places) {
    for (const s of [-1, 1]) {
      mesh.bar([x, s * (half - 0.24), radius], [x, s * half, radius], radius, radius, rubber, 12);
      mesh.bar(
        [x, s * (half - 0.02), radius],
        [x, s * (half + 0.012), radius],
        radius * 0.6,
        radius * 0.5,
        hub,
        10,
      );
    }
  }
}

interface Cabin {
  readonly rear: number;
  readonly roofRear: number;
  readonly roofFront: number;
  readonly front: number;
  readonly sill: number;
  readonly roof: number;
  readonly half: number;
  readonly roofHalf: number;
}

function cabin(mesh: Mesh, c: Cabin, paint: Material, roofPaint: Material): void {
  const rear = station(c.rear, c.sill, c.sill + 0.02, c.half, c.half - 0.04);
  const roofRear = station(c.roofRear, c.sill, c.roof, c.half, c.roofHalf);
  const roofFront = station(c.roofFront, c.sill, c.roof + 0.02, c.half, c.roofHalf);
  const front = station(c.front, c.sill, c.sill + 0.02, c.half, c.half - 0.04);
  mesh.body([rear, roofRear], glass);
  mesh.body([roofRear, roofFront], glass, roofPaint);
  mesh.body([roofFront, front], glass);
  const middle = (c.roofRear + c.roofFront) / 2;
  for (const [x, width] of [
    [c.roofRear, 0.12],
    [middle, 0.05],
    [c.roofFront, 0.05],
  ] as const) {
    mesh.body(
      [
        station(x - width, c.sill, c.roof + 0.01, c.half + 0.012, c.roofHalf + 0.012),
        station(x + width, c.sill, c.roof + 0.01, c.half + 0.012, c.roofHalf + 0.012),
      ],
      paint,
      roofPaint,
    );
  }
}

function lamps(mesh: Mesh, dress: Dress, front: number, rear: number, half: number, height: number): void {
  const white: Material = dress.hasLights ? glowing([7, 6.6, 5.6]) : glossy([0.75, 0.76, 0.78], 0.2);
  const redLight: Rgb = dress.isBraking
    ? [2.6, 0.12, 0.08]
    : dress.hasLights
      ? [0.65, 0.03, 0.02]
      : [0.02, 0, 0];
  const red: Material = { reflect: [0.28, 0.02, 0.02], emit: redLight, gloss: 0.06 };
  for (const s of [-1, 1]) {
    mesh.box(
      [front - 0.2, s * half - 0.17, height - 0.07],
      [front + 0.015, s * half + 0.17, height + 0.08],
      white,
    );
    mesh.box(
      [rear - 0.015, s * half - 0.16, height + 0.02],
      [rear + 0.15, s * half + 0.16, height + 0.19],
      red,
    );
  }
  mesh.box([rear - 0.02, -0.26, height - 0.2], [rear + 0.05, 0.26, height - 0.08], plate);
  mesh.box([front - 0.05, -0.45, height - 0.22], [front + 0.01, 0.45, height - 0.02], trim);
}

function car(mesh: Mesh, dress: Dress): void {
  const isTall = dress.kind === 'suv';
  const paint = glossy(colour(dress.paint), 0.045);
  const roof = dress.kind === 'taxi' ? glossy(colour('#8e2f2b'), 0.045) : paint;
  const lift = isTall ? 0.14 : 0;
  const half = isTall ? 0.95 : 0.9;
  const end = lengths[dress.kind] / 2;
  mesh.body(
    [
      station(-end, 0.38 + lift, 0.78 + lift, half - 0.12, half - 0.12),
      station(-end + 0.1, 0.3 + lift, 0.93 + lift, half - 0.04, half - 0.08),
      station(-1.2, 0.26 + lift, 0.97 + lift, half, half - 0.05),
      station(0.9, 0.26 + lift, 0.95 + lift, half, half - 0.05),
      station(end - 0.35, 0.28 + lift, 0.82 + lift * 1.6, half - 0.02, half - 0.09),
      station(end, 0.34 + lift, 0.68 + lift * 1.6, half - 0.12, half - 0.15),
    ],
    paint,
  );
  mesh.body(
    [
      station(-end + 0.3, 0.2 + lift, 0.34 + lift, half - 0.1, half - 0.06),
      station(end - 0.3, 0.2 + lift, 0.34 + lift, half - 0.1, half - 0.06),
    ],
    trim,
  );
  cabin(
    mesh,
    isTall
      ? {
          rear: -2.32,
          roofRear: -2.0,
          roofFront: 0.25,
          front: 1.15,
          sill: 1.08,
          roof: 1.76,
          half: 0.88,
          roofHalf: 0.7,
        }
      : {
          rear: -1.85,
          roofRear: -1,
          roofFront: 0.1,
          front: 1.1,
          sill: 0.94,
          roof: 1.43,
          half: 0.84,
          roofHalf: 0.63,
        },
    paint,
    roof,
  );
  if (dress.kind === 'taxi')
    mesh.box(
      [-0.55, -0.3, 1.44],
      [-0.35, 0.3, 1.6],
      dress.hasLights ? glowing([1.6, 1.3, 0.7]) : matte([0.75, 0.68, 0.4]),
    );
  wheels(mesh, [-end + 0.95, end - 0.92], half, isTall ? 0.38 : 0.33);
  lamps(mesh, dress, end - 0.02, -end, half - 0.27, 0.64 + lift * 1.3);
}

function van(mesh: Mesh, dress: Dress): void {
  const paint = glossy(colour(dress.paint), 0.04);
  mesh.body(
    [
      station(-2.6, 0.35, 2.05, 0.95, 0.86),
      station(0.9, 0.3, 2.1, 0.97, 0.88),
      station(1.0, 0.3, 2.08, 0.97, 0.86),
      station(1.85, 0.3, 1.12, 0.96, 0.86),
      station(2.6, 0.36, 0.92, 0.86, 0.78),
    ],
    paint,
  );
  mesh.body([station(1.04, 1.2, 2.0, 0.965, 0.875), station(1.78, 1.16, 1.24, 0.975, 0.89)], glass);
  mesh.body([station(0.1, 1.25, 1.85, 0.985, 0.925), station(0.95, 1.25, 1.85, 0.985, 0.925)], glass, paint);
  mesh.box([-2.615, -0.7, 1.25], [-2.6, 0.7, 1.8], glass);
  wheels(mesh, [-1.6, 1.7], 0.96, 0.35);
  lamps(mesh, dress, 2.58, -2.6, 0.68, 0.75);
}

function pickup(mesh: Mesh, dress: Dress): void {
  const paint = glossy(colour(dress.paint), 0.045);
  mesh.body(
    [
      station(-2.65, 0.5, 1.02, 0.9, 0.9),
      station(-0.6, 0.45, 1.05, 0.94, 0.9),
      station(1.2, 0.45, 1.07, 0.94, 0.9),
      station(2.4, 0.45, 0.98, 0.9, 0.84),
      station(2.65, 0.5, 0.85, 0.82, 0.78),
    ],
    paint,
  );
  mesh.box([-2.55, -0.76, 1.0], [-0.75, 0.76, 1.062], trim);
  cabin(
    mesh,
    {
      rear: -0.7,
      roofRear: -0.55,
      roofFront: 0.55,
      front: 1.35,
      sill: 1.04,
      roof: 1.72,
      half: 0.88,
      roofHalf: 0.7,
    },
    paint,
    paint,
  );
  wheels(mesh, [-1.65, 1.7], 0.95, 0.39);
  lamps(mesh, dress, 2.64, -2.65, 0.66, 0.8);
}

function bus(mesh: Mesh, dress: Dress): void {
  const paint = glossy(colour(dress.paint), 0.04);
  const band = glossy(colour('#b3392f'), 0.04);
  const pieces = (low: number, high: number, half: number, material: Material, top = material): void => {
    const stations = Array.from({ length: 9 }, (_, i) => station(-6 + i * 1.5, low, high, half, half));
    mesh.body(stations, material, top);
  };
  pieces(0.32, 0.62, 1.25, band);
  pieces(0.62, 1.25, 1.27, paint);
  pieces(1.25, 2.35, 1.26, glass);
  pieces(2.35, 2.95, 1.27, paint);
  for (let x = -5.9; x <= 6; x += 1.475) {
    mesh.body([station(x - 0.05, 1.2, 2.4, 1.272, 1.272), station(x + 0.05, 1.2, 2.4, 1.272, 1.272)], trim);
  }
  mesh.box([6, -1.15, 1.0], [6.03, 1.15, 2.5], glass);
  mesh.box([6, -0.75, 2.55], [6.03, 0.75, 2.85], glowing([0.6, 0.4, 0.08]));
  mesh.box([-6.03, -1, 1.5], [-6, 1, 2.4], glass);
  mesh.box([-3.6, -0.9, 2.95], [-0.6, 0.9, 3.18], matte([0.7, 0.7, 0.68]));
  mesh.box([2, -0.8, 2.95], [4.2, 0.8, 3.12], matte([0.7, 0.7, 0.68]));
  wheels(mesh, [-3.1, 3.4], 1.26, 0.48);
  lamps(mesh, dress, 6.02, -6.02, 0.95, 0.75);
}

function truck(mesh: Mesh, dress: Dress): void {
  const paint = glossy(colour(dress.paint), 0.04);
  mesh.body(
    [
      station(2.3, 0.5, 2.6, 1.15, 1.1),
      station(3.9, 0.5, 2.55, 1.15, 1.05),
      station(4.2, 0.5, 1.5, 1.12, 1.05),
    ],
    paint,
  );
  mesh.body([station(3.93, 1.55, 2.4, 1.16, 1.06), station(4.16, 1.5, 1.6, 1.14, 1.06)], glass);
  mesh.body([station(2.9, 1.5, 2.3, 1.165, 1.14), station(3.7, 1.5, 2.3, 1.165, 1.14)], glass, paint);
  mesh.box([-4.2, -1.2, 1.05], [2.15, 1.2, 3.3], matte(colour('#d8d8d4')));
  mesh.box([-4.1, -0.5, 0.7], [3, 0.5, 1.05], trim);
  wheels(mesh, [-2.9, -1.8, 3.2], 1.18, 0.48);
  lamps(mesh, dress, 4.2, -4.2, 0.85, 0.8);
}

const built = new Map<string, Mesh>();

/** A vehicle standing on the ground, its middle at the origin, looking along x. Built once for each dress. */
export function vehicle(dress: Dress): Mesh {
  const key = `${dress.kind}${dress.paint}${dress.isBraking ? 'b' : ''}${dress.hasLights ? 'l' : ''}`;
  const known = built.get(key);
  if (known) return known;
  const mesh = new Mesh();
  if (dress.kind === 'bus') bus(mesh, dress);
  else if (dress.kind === 'truck') truck(mesh, dress);
  else if (dress.kind === 'van') van(mesh, dress);
  else if (dress.kind === 'pickup') pickup(mesh, dress);
  else car(mesh, dress);
  built.set(key, mesh);
  return mesh;
}
