import type { Cell, Layout, LayoutName } from '#contract/wall.ts';

/** The layouts a person can choose by name, in the order they are offered. */
export const presetNames = ['1', '4', '9', '16', '25', '36', '1+5', '1+7'] as const satisfies LayoutName[];
export type PresetName = (typeof presetNames)[number];

/** `side` × `side` equal tiles, in reading order. */
function even(name: PresetName, side: number): Layout {
  const cells = Array.from({ length: side * side }, (_, index) => ({
    column: index % side,
    row: Math.floor(index / side),
    columns: 1,
    rows: 1,
  }));
  return { name, columns: side, rows: side, cells };
}

/** One large tile where reading starts, small ones along the two other edges of a `side` × `side` grid. */
function oneLarge(name: PresetName, side: number): Layout {
  const large: Cell = { column: 0, row: 0, columns: side - 1, rows: side - 1 };
  const beside = Array.from({ length: side - 1 }, (_, row) => one(side - 1, row));
  const below = Array.from({ length: side }, (_, column) => one(column, side - 1));
  return { name, columns: side, rows: side, cells: [large, ...beside, ...below] };
}

function one(column: number, row: number): Cell {
  return { column, row, columns: 1, rows: 1 };
}

/** The named layouts as data. Every grid is square, so that tiles of a 16:9 wall are 16:9 as well. */
export const presets: Readonly<Record<PresetName, Layout>> = {
  '1': even('1', 1),
  '4': even('4', 2),
  '9': even('9', 3),
  '16': even('16', 4),
  '25': even('25', 5),
  '36': even('36', 6),
  '1+5': oneLarge('1+5', 3),
  '1+7': oneLarge('1+7', 4),
};

/** The smallest even layout with room for `count` cameras; the largest there is when none has. */
export function smallestFor(count: number): Layout {
  const roomy = (['1', '4', '9', '16', '25', '36'] as const).find(
    (name) => presets[name].cells.length >= count,
  );
  return presets[roomy ?? '36'];
}

/** Where a tile lies on the wall, as fractions of its width and height: for styles and for measuring. */
export interface Place {
  readonly start: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The place of a cell within its layout. */
export function placeOf(cell: Cell, layout: Layout): Place {
  return {
    start: cell.column / layout.columns,
    top: cell.row / layout.rows,
    width: cell.columns / layout.columns,
    height: cell.rows / layout.rows,
  };
}

/**
 * The tile a layout is made around: the one of at least four times the area of any other. Undefined in even layouts,
 * where no tile is more than the others.
 */
export function spotOf({ cells }: Pick<Layout, 'cells'>): number | undefined {
  const area = ({ columns, rows }: Cell) => columns * rows;
  const [largest, next] = cells.map(area).toSorted((a, b) => b - a);
  if (largest === undefined || next === undefined || largest < 4 * next) return undefined;
  return cells.findIndex((cell) => area(cell) === largest);
}
