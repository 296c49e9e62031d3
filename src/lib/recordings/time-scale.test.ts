import { describe, expect, it } from 'vitest';
import { DragSpeed, type Fling, flungPx, isAtRest } from './fling.ts';
import {
  centredOn,
  centreOf,
  closestMs,
  farthestMs,
  panBy,
  pinched,
  resized,
  scaleOf,
  timeOf,
  type TimeScale,
  wheelFactor,
  windowOf,
  within,
  xOf,
  zoomAround,
} from './time-scale.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const hour = 3_600_000;
const day = 24 * hour;
const anHour = scaleOf({ start: noon, end: noon + hour }, 1000);

it('leads from time to pixel and back, to a hundredth of a millisecond, from 5 s to 92 days', () => {
  for (const length of [closestMs, 60_000, hour, day, farthestMs]) {
    const scale = scaleOf({ start: noon, end: noon + length }, 1918);
    for (const x of [0, 0.5, 333, 1917, 1918]) expect(xOf(scale, timeOf(scale, x))).toBeCloseTo(x, 2);
  }
});

describe('zooming', () => {
  it.each([0, 1, 250, 777.5, 1000])('keeps the time under the pointer at %d px', (x) => {
    let scale: TimeScale = anHour;
    for (const factor of [1.2, 3, 0.1, 1.7, 40, 0.05]) {
      const before = timeOf(scale, x);
      scale = zoomAround(scale, x, factor);
      expect(timeOf(scale, x)).toBeCloseTo(before, 1);
    }
  });

  it('ends at five seconds and at ninety-two days', () => {
    const length = (scale: TimeScale) => windowOf(scale).end - windowOf(scale).start;
    expect(length(zoomAround(anHour, 500, 1e9))).toBeCloseTo(closestMs, 0);
    expect(length(zoomAround(anHour, 500, 1e-9))).toBeCloseTo(farthestMs, 0);
  });

  it('is the same by one large turn of the wheel as by many small ones', () => {
    expect(wheelFactor(-10, 0) ** 10).toBeCloseTo(wheelFactor(-100, 0), 10);
    expect(wheelFactor(-100, 0)).toBeGreaterThan(1.2);
    expect(wheelFactor(100, 0) * wheelFactor(-100, 0)).toBeCloseTo(1, 10);
    expect(wheelFactor(3, 1)).toBe(wheelFactor(48, 0));
    expect(wheelFactor(-20_000, 0)).toBeLessThan(2);
  });
});

it('moves with the hand: dragging right shows what was before', () => {
  expect(panBy(anHour, 100).start).toBe(noon - 360_000);
  expect(centreOf(centredOn(anHour, noon))).toBe(noon);
});

it('keeps the middle in the middle when the window changes its size', () => {
  const wider = resized(anHour, 2000);
  expect(centreOf(wider)).toBe(centreOf(anHour));
  expect(wider.msPerPx).toBe(anHour.msPerPx);
  const narrow = resized(zoomAround(anHour, 500, 1e9), 100);
  expect(windowOf(narrow).end - windowOf(narrow).start).toBeCloseTo(closestMs, 0);
});

it('does not lose sight of the recordings', () => {
  const limits = { start: noon, end: noon + 2 * hour };
  expect(centreOf(within(panBy(anHour, 99_999), limits))).toBe(noon);
  expect(centreOf(within(panBy(anHour, -99_999), limits))).toBe(noon + 2 * hour);
  expect(within(anHour, limits)).toBe(anHour);
});

it('keeps both times under both fingers', () => {
  const scale = pinched(anHour, [200, 600], [300, 500]);
  expect(timeOf(scale, 300)).toBeCloseTo(timeOf(anHour, 200), 3);
  expect(timeOf(scale, 500)).toBeCloseTo(timeOf(anHour, 600), 3);
  expect(pinched(anHour, [400, 400], [400, 400])).toEqual(anHour);
});

describe('throwing', () => {
  const drag = (speed: DragSpeed, from: number, pxPerMs: number, ms: number) => {
    for (let t = 0; t <= ms; t += 16) speed.moved(from + pxPerMs * t, t);
  };

  it('goes on with the speed of the hand and dies away', () => {
    const speed = new DragSpeed();
    drag(speed, 100, 1.5, 320);
    const pxPerMs = speed.released(322);
    expect(pxPerMs).toBeCloseTo(1.5, 5);
    const fling: Fling = { pxPerMs, startedAt: 322 };
    const way = [0, 16, 32, 160, 640, 2000].map((ms) => flungPx(fling, 322 + ms));
    // In the first picture it has lost no more than a fortieth of its speed.
    expect((way[1] ?? 0) / (1.5 * 16)).toBeCloseTo(1, 1);
    expect(way).toEqual([...way].sort((a, b) => a - b));
    expect(isAtRest(fling, 322)).toBe(false);
    expect(isAtRest(fling, 322 + 2000)).toBe(true);
    expect(way.at(-1)).toBeLessThan(1.5 * 325);
  });

  it('does not happen after a rest, nor after a click', () => {
    const rested = new DragSpeed();
    drag(rested, 0, 2, 160);
    expect(rested.released(260)).toBe(0);
    const clicked = new DragSpeed();
    clicked.moved(5, 0);
    expect(clicked.released(1)).toBe(0);
  });
});
