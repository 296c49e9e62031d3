import { expect, it } from 'vitest';
import { quantile, spread } from './statistics.ts';

it.each([
  [[1, 2, 3, 4], 0.5, 2],
  [[4, 3, 2, 1], 0.95, 4],
  [[7], 0, 7],
  [Array.from({ length: 100 }, (_, i) => i + 1), 0.95, 95],
])('of %j, %d of the values do not exceed %d', (values, share, expected) => {
  expect(quantile(values, share)).toBe(expected);
});

it('says how many values it speaks of', () => {
  expect(spread([10.4, 20.6])).toEqual({ p50: 10, p95: 21, min: 10, max: 21, n: 2 });
});
