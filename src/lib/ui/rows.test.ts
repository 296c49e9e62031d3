import { expect, it } from 'vitest';
import { scrollTo, visibleRows } from './rows.ts';

it.each([
  [500, 0, 280, { from: 0, to: 16 }],
  [500, 2800, 280, { from: 94, to: 116 }],
  [500, 500 * 28 - 280, 280, { from: 484, to: 500 }],
  [3, 0, 280, { from: 0, to: 3 }],
  [0, 0, 280, { from: 0, to: 0 }],
  // Scrolled further than the list is now, because it has just become shorter.
  [5, 9000, 280, { from: 5, to: 5 }],
])('of %i rows, scrolled by %i in %i px, draws %o', (count, top, height, rows) => {
  expect(visibleRows(count, 28, top, height)).toEqual(rows);
});

it.each([
  [0, 100, 0],
  [4, 0, 0],
  [10, 0, 28],
  [3, 84, 84],
])('brings row %i into sight from %i by scrolling to %i', (index, top, result) => {
  expect(scrollTo(index, 28, top, 280)).toBe(result);
});
