import type { Cell, Layout } from '#contract/wall.ts';

/** A tile on the free grid is at least this many cells wide and high: below that a name cannot be read. */
export const smallestSpan = 2;
/** The contract's limit on tiles of one wall. */
export const mostTiles = 64;
/** The contract's limit on grid lines; 24 is divided by every preset's side but five, which gets 20. */
const finest = 24;

/** The same tiles on the finest grid that all of them fit exactly, so that they can be moved in small steps. */
export function refined(layout: Layout): Layout {
  const factor = Math.floor(finest / Math.max(layout.columns, layout.rows));
  return {
    name: 'free',
    columns: layout.columns * factor,
    rows: layout.rows * factor,
    cells: layout.cells.map((cell) => ({
      column: cell.column * factor,
      row: cell.row * factor,
      columns: cell.columns * factor,
      rows: cell.rows * factor,
    })),
  };
}

/** Moves and shrinks `cell` as little as needed to lie inside the grid and to be large enough. */
export function clamped(cell: Cell, layout: Layout): Cell {
  const columns = between(smallestOf(layout.columns), Math.round(cell.columns), layout.columns);
  const rows = between(smallestOf(layout.rows), Math.round(cell.rows), layout.rows);
  return {
    column: between(0, Math.round(cell.column), layout.columns - columns),
    row: between(0, Math.round(cell.row), layout.rows - rows),
    columns,
    rows,
  };
}

/** Which edges a handle moves: each edge -1 (start, top), 1 (end, bottom) or 0 (stays). */
export interface Handle {
  readonly across: -1 | 0 | 1;
  readonly down: -1 | 0 | 1;
}

/** `cell` with the edges of `handle` moved by whole cells; the opposite edges stay where they are. */
export function resized(cell: Cell, handle: Handle, columns: number, rows: number, layout: Layout): Cell {
  const across = stretched(cell.column, cell.columns, handle.across, columns, layout.columns);
  const down = stretched(cell.row, cell.rows, handle.down, rows, layout.rows);
  return { column: across.from, columns: across.span, row: down.from, rows: down.span };
}

function stretched(from: number, span: number, edge: -1 | 0 | 1, by: number, size: number) {
  const smallest = smallestOf(size);
  const step = Math.round(by);
  if (edge === 0) return { from, span };
  if (edge === 1) return { from, span: between(smallest, span + step, size - from) };
  const to = from + span;
  const start = between(0, from + step, to - smallest);
  return { from: start, span: to - start };
}

/** A layout after one tile took a new place. `kept[i]` is the index that tile `i` had before. */
export interface Rearranged {
  readonly layout: Layout;
  readonly kept: readonly number[];
}

/**
 * Gives tile `index` the place `cell`. Tiles in its way give room: each keeps its largest part that is still large
 * enough, and leaves when there is none (undo brings it back).
 */
export function rearranged(layout: Layout, index: number, cell: Cell): Rearranged {
  const placed = clamped(cell, layout);
  const cells: Cell[] = [];
  const kept: number[] = [];
  layout.cells.forEach((other, i) => {
    const left = i === index ? placed : largestOutside(other, placed, layout);
    if (left === undefined) return;
    cells.push(left);
    kept.push(i);
  });
  return { layout: { ...layout, name: 'free', cells }, kept };
}

/** The largest rectangle without a tile, where one could be added; undefined when none is large enough. */
export function largestGap(layout: Layout): Cell | undefined {
  const taken = occupancy(layout);
  let best: Cell | undefined;
  for (let row = 0; row < layout.rows; row++)
    for (let column = 0; column < layout.columns; column++) {
      let width = layout.columns - column;
      for (let rows = 1; row + rows <= layout.rows && width > 0; rows++) {
        width = Math.min(width, freeAlong(taken[row + rows - 1] ?? [], column, width));
        const isLargeEnough = width >= smallestOf(layout.columns) && rows >= smallestOf(layout.rows);
        if (isLargeEnough && width * rows > area(best)) best = { column, row, columns: width, rows };
      }
    }
  return best;
}

/** The layout with one more tile in its largest gap; undefined when there is no room. */
export function withOneMore(layout: Layout): Layout | undefined {
  const fine = layout.name === 'free' ? layout : refined(layout);
  const gap = fine.cells.length < mostTiles ? largestGap(fine) : undefined;
  return gap && { ...fine, cells: [...fine.cells, gap] };
}

/** The layout without tile `index`. The last tile stays: a wall has at least one. */
export function withoutTile(layout: Layout, index: number): Layout {
  if (layout.cells.length === 1) return layout;
  const fine = layout.name === 'free' ? layout : refined(layout);
  return { ...fine, cells: fine.cells.filter((_, i) => i !== index) };
}

function largestOutside(cell: Cell, taken: Cell, layout: Layout): Cell | undefined {
  const right = cell.column + cell.columns;
  const bottom = cell.row + cell.rows;
  const takenRight = taken.column + taken.columns;
  const takenBottom = taken.row + taken.rows;
  const isApart =
    takenRight <= cell.column || right <= taken.column || takenBottom <= cell.row || bottom <= taken.row;
  if (isApart) return cell;
  const parts: Cell[] = [
    { ...cell, columns: taken.column - cell.column },
    { ...cell, column: takenRight, columns: right - takenRight },
    { ...cell, rows: taken.row - cell.row },
    { ...cell, row: takenBottom, rows: bottom - takenBottom },
  ];
  return parts
    .filter((part) => part.columns >= smallestOf(layout.columns) && part.rows >= smallestOf(layout.rows))
    .reduce<Cell | undefined>((best, part) => (area(part) > area(best) ? part : best), undefined);
}

function occupancy(layout: Layout): boolean[][] {
  const taken = Array.from({ length: layout.rows }, () =>
    Array.from({ length: layout.columns }, () => false),
  );
  for (const cell of layout.cells)
    for (let row = cell.row; row < cell.row + cell.rows; row++)
      taken[row]?.fill(true, cell.column, cell.column + cell.columns);
  return taken;
}

function freeAlong(row: readonly boolean[], from: number, most: number): number {
  let width = 0;
  while (width < most && row[from + width] === false) width++;
  return width;
}

// A coarse grid (a layout of one or four tiles, as saved) may have cells larger than the smallest span.
function smallestOf(size: number): number {
  return size < 12 ? 1 : smallestSpan;
}

function area(cell: Cell | undefined): number {
  return cell ? cell.columns * cell.rows : 0;
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
