/** Which rows of a long list have to be drawn: `from` included, `to` excluded. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Rows drawn beyond the edges, so that scrolling shows no gap before the next frame. */
const beyond = 6;

/** The rows in sight of a list of `count` rows of `rowHeight` px, scrolled by `top` in a box of `height` px. */
export function visibleRows(count: number, rowHeight: number, top: number, height: number): Window {
  const from = Math.max(0, Math.floor(top / rowHeight) - beyond);
  const to = Math.min(count, Math.ceil((top + height) / rowHeight) + beyond);
  return { from: Math.min(from, to), to };
}

/** Where to scroll so that row `index` is in sight, moving as little as possible. */
export function scrollTo(index: number, rowHeight: number, top: number, height: number): number {
  const start = index * rowHeight;
  if (start < top) return start;
  return Math.max(top, start + rowHeight - height);
}
