import { describe, expect, it } from 'vitest';
import { Layout } from '#contract/wall.ts';
import { presetNames, presets, smallestFor, spotOf } from './layouts.ts';

describe('the named layouts', () => {
  it.each(presetNames)('%s is a layout the contract accepts, named as it is', (name) => {
    expect(Layout.safeParse(presets[name]).success).toBe(true);
    expect(presets[name].name).toBe(name);
  });

  it.each(presetNames)('%s covers its grid without a gap', (name) => {
    const { columns, rows, cells } = presets[name];
    expect(cells.reduce((sum, cell) => sum + cell.columns * cell.rows, 0)).toBe(columns * rows);
  });

  it.each([
    ['1', 1],
    ['4', 4],
    ['9', 9],
    ['16', 16],
    ['25', 25],
    ['36', 36],
    ['1+5', 6],
    ['1+7', 8],
  ] as const)('%s has %i tiles', (name, tiles) => {
    expect(presets[name].cells).toHaveLength(tiles);
  });

  it.each(presetNames)('%s lists its tiles in reading order', (name) => {
    const order = presets[name].cells.map((cell) => cell.row * 100 + cell.column);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });
});

it.each([
  [0, '1'],
  [1, '1'],
  [2, '4'],
  [9, '9'],
  [10, '16'],
  [17, '25'],
  [36, '36'],
  [80, '36'],
] as const)('offers %i cameras the layout %s', (count, name) => {
  expect(smallestFor(count).name).toBe(name);
});

describe('the spot of a wall', () => {
  it.each([
    ['1+5', 0],
    ['1+7', 0],
    ['1', undefined],
    ['16', undefined],
  ] as const)('of %s is tile %s', (name, spot) => {
    expect(spotOf(presets[name])).toBe(spot);
  });

  it('may lie anywhere on a free grid', () => {
    const cell = { column: 0, row: 0, columns: 1, rows: 1 };
    expect(spotOf({ cells: [cell, { ...cell, column: 1, columns: 2, rows: 2 }] })).toBe(1);
    expect(spotOf({ cells: [cell, { ...cell, column: 1, columns: 3 }] })).toBeUndefined();
  });
});
