/** What is in each cell of a wall: a camera or nothing. */
export type Cells = readonly (string | null)[];

/** The cells as somebody may see them: what is hidden from them looks empty. */
export const shownTo = (cells: Cells, mayShow: (cameraId: string) => boolean): (string | null)[] =>
  cells.map((cameraId) => (cameraId !== null && mayShow(cameraId) ? cameraId : null));

/**
 * What to store when somebody saves a wall of which they may not see everything. To them a hidden camera is an empty
 * cell; they must be able neither to see it nor to lose it for others by saving. So each hidden camera stays where it
 * was if that cell is still empty, and otherwise moves to another empty cell: the tile was dragged away from under
 * it. Only where no cell is left is it gone, as any tile is when a wall shrinks.
 */
export function keepHidden(
  stored: Cells,
  saved: Cells,
  mayShow: (cameraId: string) => boolean,
): (string | null)[] {
  const merged = [...saved];
  const displaced: string[] = [];
  stored.forEach((cameraId, i) => {
    if (cameraId === null || mayShow(cameraId)) return;
    if (i < merged.length && merged[i] === null) merged[i] = cameraId;
    else displaced.push(cameraId);
  });
  for (const cameraId of displaced) {
    const free = merged.indexOf(null);
    if (free >= 0) merged[free] = cameraId;
  }
  return merged;
}
