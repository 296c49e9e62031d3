import { loopSeconds } from '../scenes.ts';
import { moments, wayAt, type Knot } from '../render/loop.ts';
import type { Stage } from '../render/stage.ts';
import type { Way } from '../render/way.ts';
import { lengths, vehicle, type Dress, type VehicleKind } from './vehicles.ts';

/** One vehicle's way through the picture. It comes `start` seconds into every loop. */
export interface Journey {
  readonly kind: VehicleKind;
  readonly paint: string;
  readonly way: Way;
  readonly start: number;
  /** Seconds since its start. */
  readonly knots: readonly Knot[];
  readonly life: number;
}

/** A journey at one speed from end to end of a way. */
export function steady(kind: VehicleKind, paint: string, way: Way, start: number, speed: number): Journey {
  const reach = way.length + lengths[kind];
  return { kind, paint, way, start, knots: [[0, -lengths[kind] / 2, speed]], life: reach / speed };
}

/** Draws vehicles: shadow, body, lights; brake lights when they slow. */
export function drive(stage: Stage, time: number, journeys: readonly Journey[], isNight = false): void {
  for (const journey of journeys) {
    for (const age of moments(time, journey.start, journey.life)) {
      const way = wayAt(journey.knots, age);
      const isLong = journey.kind === 'bus' || journey.kind === 'truck';
      const spot = journey.way.stand(way, isLong ? 6 : 2.7);
      const speed = (wayAt(journey.knots, age + 0.1) - wayAt(journey.knots, age - 0.1)) / 0.2;
      const later = (wayAt(journey.knots, age + 0.5) - wayAt(journey.knots, age + 0.3)) / 0.2;
      const isBraking = later < speed - 0.35 || (speed < 0.3 && later < 0.6);
      draw(
        stage,
        { kind: journey.kind, paint: journey.paint, isBraking, hasLights: isNight },
        spot.x,
        spot.y,
        spot.heading,
        isNight,
      );
    }
  }
}

/** Draws one vehicle where it stands. */
export function draw(
  stage: Stage,
  dress: Dress,
  x: number,
  y: number,
  heading: number,
  isNight: boolean,
  z = 0,
): void {
  const place = { x, y, z, heading };
  const mesh = vehicle(dress);
  const length = lengths[dress.kind];
  const wide = length > 8 ? 2.6 : 1.9;
  stage.shadow(mesh, place, z);
  stage.contact(place, length + 0.5, wide + 0.5, isNight ? 0.8 : 0.55);
  if (isNight && dress.hasLights) headlights(stage, place, length, dress.isBraking ?? false);
  stage.draw(mesh, place);
  if (!isNight || !dress.hasLights) return;
  const [c, s] = [Math.cos(heading), Math.sin(heading)];
  for (const side of [-0.65, 0.65]) {
    const fx = x + (c * length) / 2 - s * side;
    const fy = y + (s * length) / 2 + c * side;
    if (stage.isFacing(fx, fy, z + 0.7, c, s))
      stage.halo([fx + c * 0.2, fy + s * 0.2, z + 0.7], [0.85, 0.8, 0.68], 0.2);
    const bx = x - (c * length) / 2 - s * side;
    const by = y - (s * length) / 2 + c * side;
    const red = dress.isBraking ? 0.5 : 0.13;
    if (stage.isFacing(bx, by, z + 0.8, -c, -s))
      stage.halo([bx - c * 0.2, by - s * 0.2, z + 0.8], [red, red * 0.06, red * 0.04], 0.17);
  }
}

function headlights(
  stage: Stage,
  place: { x: number; y: number; heading: number },
  length: number,
  isBraking: boolean,
): void {
  stage.pool(place, length / 2, length / 2 + 26, 11, [0.5, 0.47, 0.4], (u, v) => {
    const ahead = (u + 1) / 2;
    const spread = 0.2 + 0.8 * ahead;
    const across = Math.abs(v) / spread;
    if (across >= 1) return 0;
    const fall = 1 - across * across;
    const rise = Math.min(1, ahead * 9);
    return (fall * fall * rise * (1 - ahead)) / (0.25 + 3.4 * ahead);
  });
  if (!isBraking) return;
  stage.pool(place, -length / 2 - 5, -length / 2, 4.5, [0.55, 0.03, 0.02], (u, v) => {
    const behind = (1 - u) / 2;
    return Math.max(0, 1 - behind) * Math.max(0, 1 - v * v);
  });
}

/**
 * Gives journeys starts at which nobody comes closer than `apart` metres to anybody else's middle, one after another;
 * who finds no gap in the loop stays away.
 */
export function inTurn(
  wanted: readonly Omit<Journey, 'start'>[],
  apart = 7.5,
  random: () => number = Math.random,
): Journey[] {
  const taken: { x: number; y: number; size: number }[][] = Array.from({ length: loopSeconds * 5 }, () => []);
  const placed: Journey[] = [];
  for (const journey of wanted) {
    const first = Math.floor(random() * 64);
    for (let n = 0; n < 64; n++) {
      const start = (((first + n * 25) % 64) / 64) * loopSeconds;
      const spots: { slot: number; x: number; y: number; size: number }[] = [];
      const isLong = journey.kind === 'bus' || journey.kind === 'truck';
      for (let age = 0; age < journey.life; age += 0.2) {
        const spot = journey.way.spot(wayAt(journey.knots, age));
        const slot = Math.round((start + age) * 5) % taken.length;
        spots.push({ slot, x: spot.x, y: spot.y, size: isLong ? apart * 0.7 : apart * 0.5 });
      }
      const isFree = spots.every(({ slot, x, y, size }) =>
        (taken[slot] ?? []).every((other) => Math.hypot(other.x - x, other.y - y) > size + other.size),
      );
      if (!isFree) continue;
      for (const { slot, ...spot } of spots) taken[slot]?.push(spot);
      placed.push({ ...journey, start });
      break;
    }
  }
  return placed;
}
