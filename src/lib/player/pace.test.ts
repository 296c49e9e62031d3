import { expect, it } from 'vitest';
import { limitsFor } from './limits.ts';
import { Pace } from './pace.ts';

function after(intervals: readonly number[], told?: number): Pace {
  const pace = new Pace(told);
  for (const intervalMs of intervals) pace.take(intervalMs);
  return pace;
}

it('is what the VMS says, until pictures say better', () => {
  expect(after([]).usualMs(undefined)).toBeUndefined();
  expect(after([], 0.2).usualMs(undefined)).toBe(5000);
  expect(after([40, 40], 0.2).usualMs(undefined)).toBe(5000);
  expect(after([40, 40, 40], 0.2).usualMs(undefined)).toBe(40);
});

it('is known of a camera that sends a picture every four seconds before it has sent nine', () => {
  const pace = after([4000, 4000, 4000]);
  expect(limitsFor(pace.usualMs(0)).stalledMs).toBeGreaterThan(4000);
});

it('does not follow pictures that are missing: a camera that sent 25 a second is late with one a second', () => {
  const pace = after(Array.from({ length: 9 }, () => 1500));
  expect(limitsFor(pace.usualMs(undefined)).delayedMs).toBe(3750);
  expect(limitsFor(pace.usualMs(25))).toEqual(limitsFor(undefined));
});

it('is that of the server where pictures come one by one', () => {
  const pace = after([1000, 1000, 1000], 25);
  expect(pace.singleMs).toBe(1000);
  pace.clear();
  expect(pace.singleMs).toBeUndefined();
});
