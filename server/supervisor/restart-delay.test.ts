import { expect, it } from 'vitest';
import { restartDelay } from './restart-delay.ts';

it('starts a child that had run well again at once', () => {
  expect(restartDelay(0, () => 1)).toBe(0);
});

it.each([
  [1, 500],
  [2, 1000],
  [5, 8000],
  [9, 10_000],
  [50, 10_000],
])('after %i early deaths waits at most %i ms, and spreads the wait', (young, ceiling) => {
  expect(restartDelay(young, () => 1)).toBe(ceiling);
  expect(restartDelay(young, () => 0)).toBe(100);
});
