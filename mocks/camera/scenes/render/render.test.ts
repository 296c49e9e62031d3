import { describe, expect, it } from 'vitest';
import { Lens } from './lens.ts';
import { moments, wayAt, type Knot } from './loop.ts';
import { matte } from './material.ts';
import { Mesh } from './mesh.ts';
import { cornerSize, fillTriangle } from './raster.ts';
import { Tracer } from './tracer.ts';
import { Way } from './way.ts';

const grey = matte([0.5, 0.5, 0.5]);

describe('a lens', () => {
  const lens = new Lens({ at: [3, -4, 8], heading: 35, down: 18, fieldOfView: 80, barrel: 0.5 }, 1);

  it('sees along a ray what it projects to that sample', () => {
    const ray = new Float64Array(3);
    const seen = new Float64Array(3);
    for (const [x, y] of [
      [12, 20],
      [640, 344],
      [1270, 600],
    ] as const) {
      lens.ray(x, y, ray);
      const [dx, dy, dz] = [ray[0] ?? 0, ray[1] ?? 0, ray[2] ?? 0];
      lens.project(3 + dx * 40, -4 + dy * 40, 8 + dz * 40, seen, 0);
      expect(seen[0]).toBeCloseTo(x, 6);
      expect(seen[1]).toBeCloseTo(y, 6);
    }
  });

  it('is as wide as its field of view says', () => {
    const [left, right] = [new Float64Array(3), new Float64Array(3)];
    const level = new Lens({ at: [0, 0, 0], heading: 0, down: 0, fieldOfView: 80, barrel: 0.5 }, 1);
    level.ray(0, 344, left);
    level.ray(1280, 344, right);
    const cosine = left.reduce((sum, value, i) => sum + value * (right[i] ?? 0), 0);
    expect((Math.acos(cosine) * 180) / Math.PI).toBeCloseTo(80, 6);
  });

  it('shows the smaller size the top left part of the same picture', () => {
    const half = new Lens({ at: [3, -4, 8], heading: 35, down: 18, fieldOfView: 80, barrel: 0.5 }, 0.5);
    const [a, b] = [new Float64Array(3), new Float64Array(3)];
    lens.project(20, 30, 1, a, 0);
    half.project(20, 30, 1, b, 0);
    expect((b[0] ?? 0) * 2).toBeCloseTo(a[0] ?? -1, 6);
    expect((b[1] ?? 0) * 2).toBeCloseTo(a[1] ?? -1, 6);
  });
});

describe('a tracer', () => {
  const scene = new Mesh();
  for (let i = 0; i < 60; i++) scene.box([i * 3, 0, 0], [i * 3 + 1, 1, 1 + i], grey);
  const tracer = new Tracer(scene);

  it('finds the nearest of many boxes', () => {
    expect(tracer.meets(-10, 0.5, 0.5, 1, 0, 0, 1e4)).toBe(true);
    expect(tracer.distance).toBeCloseTo(10, 9);
    expect(tracer.meets(200, 0.5, 40.5, -1, 0, 0, 1e4)).toBe(true);
    expect(tracer.distance).toBeCloseTo(200 - (59 * 3 + 1), 9);
  });

  it('looks between them, and no farther than asked', () => {
    expect(tracer.isBlocked(2, 5, 0.5, 0, -1, 0, 1e4)).toBe(false);
    expect(tracer.isBlocked(0.5, 5, 0.5, 0, -1, 0, 1e4)).toBe(true);
    expect(tracer.isBlocked(0.5, 5, 0.5, 0, -1, 0, 3.9)).toBe(false);
  });
});

it('fills two triangles of a square without a gap or a sample drawn twice', () => {
  const corner = (x: number, y: number): number[] => [x, y, 1, 0, 0, 0];
  const drawn = new Uint8Array(40 * 40);
  const touch = (i: number): void => {
    drawn[i] = (drawn[i] ?? 0) + 1;
  };
  const [a, b, c, d] = [corner(3.2, 4.7), corner(30.1, 8.3), corner(33.9, 35.2), corner(6.4, 29.9)];
  fillTriangle(Float64Array.from([...a, ...b, ...c]), 0, 40, 40, touch);
  fillTriangle(Float64Array.from([...a, ...c, ...d]), 0, 40, 40, touch);
  expect(cornerSize).toBe(a.length);
  expect(Math.max(...drawn)).toBe(1);
  const filled = drawn.reduce((sum, value) => sum + value, 0);
  const around = [a, b, c, d].map(([x = 0, y = 0], i, all) => {
    const [nextX = 0, nextY = 0] = all[(i + 1) % all.length] ?? [];
    return (x * nextY - nextX * y) / 2;
  });
  expect(Math.abs(filled - around.reduce((sum, part) => sum + part, 0))).toBeLessThan(12);
  expect(drawn[20 * 40 + 20]).toBe(1);
});

describe('a loop', () => {
  it('shows what lasts longer than itself as often as it must', () => {
    expect([...moments(1, 3, 20)]).toEqual([14]);
    expect([...moments(5, 3, 20)]).toEqual([2, 18]);
    expect([...moments(5, 3, 2)]).toEqual([]);
  });

  it('ends as it began', () => {
    expect([...moments(16, 3, 40)]).toEqual([...moments(0, 3, 40)]);
  });

  it('stops where a journey stops, without a jerk', () => {
    const knots: Knot[] = [
      [0, 0, 10],
      [4, 20, 0],
      [6, 20, 0],
    ];
    expect(wayAt(knots, -1)).toBe(-10);
    expect(wayAt(knots, 4)).toBe(20);
    expect(wayAt(knots, 5)).toBe(20);
    expect(wayAt(knots, 3.99)).toBeCloseTo(20, 2);
  });
});

it('rounds the corners of a way and looks ahead along it', () => {
  const way = new Way(
    [
      [0, 0],
      [20, 0],
      [20, 20],
    ],
    5,
  );
  expect(way.length).toBeGreaterThan(36);
  expect(way.length).toBeLessThan(40);
  expect(way.spot(2)).toMatchObject({ x: 2, y: 0, heading: 0 });
  expect(way.spot(way.length + 3).y).toBeCloseTo(23, 6);
  expect(way.stand(way.length / 2).heading).toBeCloseTo(Math.PI / 4, 1);
});
