import { describe, expect, it } from 'vitest';
import { sparkPath, topOf } from './spark.ts';

describe('a sparkline', () => {
  it('ends at the right edge with the newest value', () => {
    expect(sparkPath([0, 50, 100], 5, 40, 20, 100)).toBe('M20.0 20.0L30.0 10.0L40.0 0.0');
  });

  it('leaves a gap where nothing was known', () => {
    expect(sparkPath([1, undefined, 1], 3, 20, 10, 2)).toBe('M0.0 5.0M20.0 5.0');
  });

  it('stays in its box', () => {
    expect(sparkPath([500], 2, 10, 10, 100)).toBe('M10.0 0.0');
  });

  it.each([
    [[3, 17], 10, 20],
    [[undefined], 100, 100],
    [[0.04], 0.01, 0.05],
    [[100_001], 1, 200_000],
  ])('is scaled to a round number: %o', (values, atLeast, top) => {
    expect(topOf(values, atLeast)).toBeCloseTo(top);
  });
});
