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
  const at = show(gauge, wrapsAt - 30_000, 60_000, 85);
  expect(gauge.lagAt(at)).toBeLessThan(20);
});

it('grows with what queues up, though pictures move, and stays while the queue does', () => {
  const gauge = new LagGauge();
  let at = show(gauge, 0, 10_000, 85);
  for (let late = 85; late < 4085; late += 10) at = show(gauge, at, 40, late);
  expect(gauge.lagAt(at)).toBeGreaterThan(3900);
  at = show(gauge, at, 300_000, 4085);
  expect(gauge.lagAt(at)).toBeGreaterThan(3900);
  at = show(gauge, at, 1000, 90);
  expect(gauge.lagAt(at)).toBeLessThan(100);
});

it('takes a camera whose clock is slow for no late one', () => {
  const gauge = new LagGauge();
  const at = show(gauge, 0, 3 * 3_600_000, 85, -100);
  expect(gauge.lagAt(at)).toBeLessThan(50);
});

it('begins anew when the clock was set, or the buffer was chosen anew', () => {
  const gauge = new LagGauge();
  show(gauge, 1_000_000, 4000, 85);
  gauge.take(90 * 800_000, 1_005_000);
  expect(gauge.lagAt(1_005_000)).toBe(0);
  show(gauge, 800_040, 4000, 206_000);
  gauge.reset();
  const at = show(gauge, 804_040, 4000, 207_000);
  expect(gauge.lagAt(at + 207_000)).toBe(0);
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
    let at = tell(gauge, 0, 5000, 60);
    expect([gauge.lagAt(at), gauge.takenAt]).toEqual([0, epochMs + 4900]);
    at = tell(gauge, at, 1000, 2060);
    expect(gauge.lagAt(at)).toBeCloseTo(2000, -1);
  });

  it('is known of the first pictures by the clock that came with the answer, once they had time to be caught up with', () => {
    const gauge = new LagGauge();
    gauge.heard(epochMs - 50, 0);
    let at = tell(gauge, 0, 300, 2050);
    expect(gauge.lagAt(at)).toBeLessThanOrEqual(500);
    at = tell(gauge, at, 400, 2050);
    expect(gauge.lagAt(at)).toBeCloseTo(2000, -1);
    // Caught up with.
    at = tell(gauge, at, 40, 90);
    expect(gauge.lagAt(at)).toBe(40);
  });

  it('does not tell of single pictures that come late, nor of a GOP that is run through', () => {
    const gauge = new LagGauge();
    let at = tell(gauge, 0, 5000, 60);
    for (let i = 0; i < 20; i++) {
      at = tell(gauge, at, 320, 1500);
      expect(gauge.lagAt(at)).toBeLessThanOrEqual(500);
      at = tell(gauge, at, 200, 60);
    }
  });

  it('is told at once of an old picture that comes after a gap, and of one that nothing follows when that is plain', () => {
    const gauge = new LagGauge();
    let at = tell(gauge, 0, 5000, 60);
    gauge.take(((at + 900) * 90) >>> 0, at + 900, epochMs + at - 1100);
    expect(gauge.lagAt(at + 900)).toBeCloseTo(1940, -1);
    at = tell(gauge, at + 940, 1000, 60);
    gauge.take((at * 90) >>> 0, at, epochMs + at - 2060);
    expect(gauge.lagAt(at + 40)).toBe(500);
    expect(gauge.lagAt(at + 500)).toBe(2000);
  });

  it('is not taken for usual because somebody buffers more', () => {
    const gauge = new LagGauge();
    let at = tell(gauge, 0, 5000, 60);
    gauge.reset();
    at = tell(gauge, at, 1000, 2060);
    expect(gauge.lagAt(at)).toBeCloseTo(2000, -1);
  });
});
