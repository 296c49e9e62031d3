import { loopSeconds } from '../scenes.ts';
import { clamp } from './vector.ts';

/** Moments (seconds, may exceed the loop) at which something that appears `start` seconds into each loop and lasts `life` is. */
export function* moments(time: number, start: number, life: number): Generator<number> {
  const first = (((time - start) % loopSeconds) + loopSeconds) % loopSeconds;
  for (let age = first; age < life; age += loopSeconds) yield age;
}

/** A moment on a journey: seconds, metres along the way, metres a second. */
export type Knot = readonly [time: number, way: number, speed: number];

/** Metres along the way at `time`: smooth between knots, at the last knots' speed beyond them. */
export function wayAt(knots: readonly Knot[], time: number): number {
  const first = knots[0];
  const last = knots.at(-1);
  if (!first || !last) return 0;
  if (time <= first[0]) return first[1] + (time - first[0]) * first[2];
  if (time >= last[0]) return last[1] + (time - last[0]) * last[2];
  const i = knots.findIndex((knot) => knot[0] > time);
  const [t0, s0, v0] = knots[i - 1] ?? first;
  const [t1, s1, v1] = knots[i] ?? last;
  const span = t1 - t0;
  const k = (time - t0) / span;
  const k2 = k * k;
  const k3 = k2 * k;
  return (
    s0 * (2 * k3 - 3 * k2 + 1) +
    v0 * span * (k3 - 2 * k2 + k) +
    s1 * (3 * k2 - 2 * k3) +
    v1 * span * (k3 - k2)
  );
}

/** 0…1…0 with smooth ways between: up from `from`, down again to end at `to`; times within the loop. */
export function between(time: number, from: number, to: number, ramp: number): number {
  const ease = (k: number): number => k * k * (3 - 2 * k);
  return Math.min(ease(clamp((time - from) / ramp, 0, 1)), ease(clamp((to - time) / ramp, 0, 1)));
}
