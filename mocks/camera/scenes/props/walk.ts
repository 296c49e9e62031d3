import { moments, wayAt, type Knot } from '../render/loop.ts';
import type { Stage } from '../render/stage.ts';
import type { Way } from '../render/way.ts';
import { person, type Figure } from './people.ts';

/** Somebody's way through the picture, on foot. */
export interface Walk {
  readonly figure: Figure;
  readonly way: Way;
  readonly start: number;
  readonly life: number;
  /** Seconds since the start; alternatively one steady speed. */
  readonly knots: readonly Knot[];
  readonly z?: number;
}

/** A walk at one speed from end to end. */
export function stroll(figure: Figure, way: Way, start: number, speed = 1.35, z = 0): Walk {
  return { figure, way, start, life: way.length / speed, knots: [[0, 0, speed]], z };
}

/** Metres of a double step. */
const doubleStep = 1.5;

/** Draws people walking; who stands still keeps both feet together. */
export function walk(stage: Stage, time: number, walks: readonly Walk[]): void {
  for (const { figure, way, start, life, knots, z = 0 } of walks) {
    for (const age of moments(time, start, life)) {
      const at = wayAt(knots, age);
      const speed = Math.abs(wayAt(knots, age + 0.05) - wayAt(knots, age - 0.05)) / 0.1;
      const spot = way.spot(at);
      stand(stage, figure, spot.x, spot.y, spot.heading, z, at / doubleStep, Math.min(1, speed / 1.1));
    }
  }
}

/** Draws one person. */
export function stand(
  stage: Stage,
  figure: Figure,
  x: number,
  y: number,
  heading: number,
  z = 0,
  stride = 0,
  swing = 0,
): void {
  const pixels = stage.pixelsAt(x, y, z + 0.9);
  if (pixels === 0) return;
  const mesh = person(figure, stride, swing, false, pixels < 28);
  const place = { x, y, z, heading };
  stage.shadow(mesh, place, z);
  stage.contact(place, 0.75, 0.7, 0.45);
  stage.draw(mesh, place);
}
