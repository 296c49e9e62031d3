import { describe, expect, it } from 'vitest';
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

describe('of pictures whose sender says when they were taken', () => {
  const epochMs = 1_764_400_000_000;
  /** Pictures every 40 ms that are `late` ms old when they are shown, stamped as if they were new. */
  function tell(gauge: LagGauge, from: number, forMs: number, late: number): number {
    for (let at = from; at < from + forMs; at += 40) gauge.take((at * 90) >>> 0, at, epochMs + at - late);
    return from + forMs;
  }

  it('is their age, whatever they are stamped with', () => {
    const gauge = new LagGauge();
    const at = tell(gauge, 0, 5000, 60);
    expect([gauge.lagMs, gauge.takenAt]).toEqual([0, epochMs + 4900]);
    tell(gauge, at, 1000, 2060);
    expect(gauge.lagMs).toBeCloseTo(2000, -1);
  });

  it('is known of the first pictures by the clock that came with the answer, once they had time to be caught up with', () => {
    const gauge = new LagGauge();
    gauge.heard(epochMs - 50, 0);
    let at = tell(gauge, 0, 500, 2050);
    expect(gauge.lagMs).toBeLessThanOrEqual(500);
    at = tell(gauge, at, 400, 2050);
    expect(gauge.lagMs).toBeCloseTo(2000, -1);
    // Caught up with.
    tell(gauge, at, 40, 90);
    expect(gauge.lagMs).toBe(40);
  });

  it('does not tell of single pictures that come late, nor of a GOP that is run through', () => {
    const gauge = new LagGauge();
    let at = tell(gauge, 0, 5000, 60);
    for (let i = 0; i < 20; i++) {
      at = tell(gauge, at, 200, 1500);
      expect(gauge.lagMs).toBeLessThanOrEqual(500);
      at = tell(gauge, at, 200, 60);
    }
  });

  it('is not taken for usual because somebody buffers more', () => {
    const gauge = new LagGauge();
    const at = tell(gauge, 0, 5000, 60);
    gauge.reset();
    tell(gauge, at, 1000, 2060);
    expect(gauge.lagMs).toBeCloseTo(2000, -1);
  });
});
