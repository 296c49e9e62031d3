import type { Cell, Layout } from '#contract/wall.ts';

/** A direction on the wall as it is read: `start` is left in English and right in Arabic. */
export type Direction = 'start' | 'end' | 'up' | 'down';

/**
 * The tile that lies next in a direction: nearest edge first, then the one that faces `cell` the most, then reading
 * order. The same tile at the edge of the wall, where a person feels the end instead of landing elsewhere.
 */
export function neighbour(layout: Layout, from: number, direction: Direction): number {
  const cell = layout.cells[from];
  if (cell === undefined) return layout.cells.length > 0 ? 0 : from;
  let best = { index: from, distance: Infinity, facing: 0 };
  layout.cells.forEach((other, index) => {
    const distance = gap(cell, other, direction);
    const facing = isAcross(direction)
      ? overlap(cell.row, cell.rows, other.row, other.rows)
      : overlap(cell.column, cell.columns, other.column, other.columns);
    if (index === from || distance < 0 || facing <= 0) return;
    if (distance < best.distance || (distance === best.distance && facing > best.facing))
      best = { index, distance, facing };
  });
  return best.index;
}

function isAcross(direction: Direction): boolean {
  return direction === 'start' || direction === 'end';
}

/** Cells between the facing edges; negative when `other` does not lie that way. */
function gap(cell: Cell, other: Cell, direction: Direction): number {
  switch (direction) {
    case 'start':
      return cell.column - (other.column + other.columns);
    case 'end':
      return other.column - (cell.column + cell.columns);
    case 'up':
      return cell.row - (other.row + other.rows);
    case 'down':
      return other.row - (cell.row + cell.rows);
  }
}

function overlap(a: number, aSpan: number, b: number, bSpan: number): number {
  return Math.min(a + aSpan, b + bSpan) - Math.max(a, b);
}
