import { expect, it } from 'vitest';
import { LagGauge } from './lag.ts';

/** Pictures every 40 ms from `from` on for so long, each shown `late` ms after it was taken. */
function show(gauge: LagGauge, from: number, forMs: number, late: number, ppm = 0): number {
  for (let at = from; at < from + forMs; at += 40)
    gauge.take(Math.round(at * (1 + ppm / 1e6) * 90) >>> 0, at + late);
  return from + forMs;
}

it('is nothing while pictures come as they always did, across the wrap of their clock', () => {
  const gauge = new LagGauge();
  const wrapsAt = 2 ** 32 / 90;
  show(gauge, wrapsAt - 30_000, 60_000, 85);
  expect(gauge.lagMs).toBeLessThan(20);
});

it('grows with what queues up, though pictures move, and stays while the queue does', () => {
  const gauge = new LagGauge();
  let at = show(gauge, 0, 10_000, 85);
  for (let late = 85; late < 4085; late += 10) at = show(gauge, at, 40, late);
  expect(gauge.lagMs).toBeGreaterThan(3900);
  at = show(gauge, at, 300_000, 4085);
  expect(gauge.lagMs).toBeGreaterThan(3900);
  show(gauge, at, 1000, 90);
  expect(gauge.lagMs).toBeLessThan(100);
});

it('takes a camera whose clock is slow for no late one', () => {
  const gauge = new LagGauge();
  show(gauge, 0, 3 * 3_600_000, 85, -100);
  expect(gauge.lagMs).toBeLessThan(50);
});

it('begins anew when the clock was set, or the buffer was chosen anew', () => {
  const gauge = new LagGauge();
  show(gauge, 1_000_000, 4000, 85);
  gauge.take(90 * 800_000, 1_005_000);
  expect(gauge.lagMs).toBe(0);
  show(gauge, 800_040, 4000, 206_000);
  gauge.reset();
  show(gauge, 804_040, 4000, 207_000);
  expect(gauge.lagMs).toBe(0);
});
