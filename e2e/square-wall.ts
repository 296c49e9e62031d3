import type { Page } from '@playwright/test';

/**
 * Saves a wall of these cameras in a square, for whoever is signed in to the Parapet at `origin`; null is an empty tile.
 * Gives the id of the wall. Rejects, with what the answer says, when it cannot be saved.
 */
export async function saveSquareWall(
  page: Page,
  origin: string,
  name: string,
  cameraIds: readonly (string | null)[],
): Promise<string> {
  const count = cameraIds.length;
  const side = Math.ceil(Math.sqrt(count));
  const cells = cameraIds.map((_, i) => ({
    column: i % side,
    row: Math.floor(i / side),
    columns: 1,
    rows: 1,
  }));
  // Squares have names up to six by six.
  const layout = side * side === count && side <= 6 ? String(count) : 'free';
  const answer = await page.request.post(`${origin}/api/walls`, {
    headers: { origin },
    data: {
      name,
      isShared: false,
      content: { layout: { name: layout, columns: side, rows: side, cells }, cameraIds },
    },
  });
  if (!answer.ok()) throw new Error(`The wall could not be saved: ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}
