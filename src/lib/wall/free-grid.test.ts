import { describe, expect, it } from 'vitest';
import { Layout } from '#contract/wall.ts';
import { clamped, largestGap, rearranged, refined, resized, withOneMore, withoutTile } from './free-grid.ts';
import { presetNames, presets } from './layouts.ts';

const sixteen = refined(presets['16']);

describe('refining a preset', () => {
  it.each(presetNames)('keeps every tile of %s where it was, on a grid of at least 18 steps', (name) => {
    const fine = refined(presets[name]);
    expect(Layout.safeParse(fine).success).toBe(true);
    expect(fine.columns).toBeGreaterThanOrEqual(18);
    fine.cells.forEach((cell, index) => {
      const before = presets[name].cells[index]!;
      expect(cell.column / fine.columns).toBeCloseTo(before.column / presets[name].columns);
      expect(cell.rows / fine.rows).toBeCloseTo(before.rows / presets[name].rows);
    });
  });
});

describe('clamping', () => {
  it.each([
    [
      'beyond the end',
      { column: 22, row: 3, columns: 6, rows: 6 },
      { column: 18, row: 3, columns: 6, rows: 6 },
    ],
    [
      'before the start',
      { column: -4, row: -1, columns: 6, rows: 6 },
      { column: 0, row: 0, columns: 6, rows: 6 },
    ],
    ['too small', { column: 23, row: 23, columns: 0, rows: 1 }, { column: 22, row: 22, columns: 2, rows: 2 }],
    ['too large', { column: 3, row: 3, columns: 40, rows: 40 }, { column: 0, row: 0, columns: 24, rows: 24 }],
    [
      'between cells',
      { column: 2.4, row: 2.6, columns: 6, rows: 6 },
      { column: 2, row: 3, columns: 6, rows: 6 },
    ],
  ])('puts a tile %s right', (_, cell, right) => {
    expect(clamped(cell, sixteen)).toEqual(right);
  });
});

describe('resizing by a handle', () => {
  const cell = { column: 6, row: 6, columns: 6, rows: 6 };

  it.each([
    ['end edge outwards', { across: 1, down: 0 }, 3, 9, { column: 6, row: 6, columns: 9, rows: 6 }],
    ['end edge past the wall', { across: 1, down: 0 }, 90, 0, { column: 6, row: 6, columns: 18, rows: 6 }],
    ['start edge outwards', { across: -1, down: 0 }, -2, 0, { column: 4, row: 6, columns: 8, rows: 6 }],
    ['start edge past the end', { across: -1, down: 0 }, 30, 0, { column: 10, row: 6, columns: 2, rows: 6 }],
    ['bottom end corner', { across: 1, down: 1 }, 2, -2, { column: 6, row: 6, columns: 8, rows: 4 }],
    ['top start corner', { across: -1, down: -1 }, -90, -90, { column: 0, row: 0, columns: 12, rows: 12 }],
  ] as const)('moves the %s only', (_, handle, columns, rows, result) => {
    expect(resized(cell, handle, columns, rows, sixteen)).toEqual(result);
  });
});

describe('rearranging', () => {
  it('swallows tiles that are covered and shortens those that are touched', () => {
    const { layout, kept } = rearranged(sixteen, 0, { column: 0, row: 0, columns: 12, rows: 9 });
    expect(Layout.safeParse(layout).success).toBe(true);
    expect(kept).not.toContain(1);
    expect(layout.cells[kept.indexOf(4)]).toEqual({ column: 0, row: 9, columns: 6, rows: 3 });
    expect(layout.cells[kept.indexOf(5)]).toEqual({ column: 6, row: 9, columns: 6, rows: 3 });
    expect(layout.cells[kept.indexOf(2)]).toEqual(sixteen.cells[2]);
  });

  it('never leaves tiles that overlap, wherever a tile is put', () => {
    for (let column = 0; column <= 20; column += 5)
      for (let row = 0; row <= 20; row += 5)
        for (const span of [2, 7, 13]) {
          const { layout } = rearranged(sixteen, 5, { column, row, columns: span, rows: span });
          expect(Layout.safeParse(layout).success).toBe(true);
        }
  });

  it('makes the layout a free one', () => {
    expect(rearranged(presets['4'], 0, { column: 0, row: 0, columns: 1, rows: 1 }).layout.name).toBe('free');
  });
});

describe('adding and removing tiles', () => {
  it('finds no gap on a full wall', () => {
    expect(largestGap(sixteen)).toBeUndefined();
    expect(withOneMore(presets['9'])).toBeUndefined();
  });

  it('adds a tile exactly where one was taken away', () => {
    const without = withoutTile(sixteen, 6);
    expect(without.cells).toHaveLength(15);
    expect(withOneMore(without)?.cells.at(-1)).toEqual(sixteen.cells[6]);
  });

  it('keeps the last tile', () => {
    expect(withoutTile(presets['1'], 0)).toBe(presets['1']);
  });
});
