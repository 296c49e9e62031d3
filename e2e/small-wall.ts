import type { Page } from '@playwright/test';
import type { Directory } from '#contract/camera.ts';

/**
 * Saves a wall of the first `count` cameras for whoever is signed in, and opens it: for what is measured in time, where
 * sixteen decoders would measure the machine. Gives the numbers of the cameras.
 */
export async function openSmallWall(page: Page, count: number): Promise<number[]> {
  const { cameras } = (await (await page.request.get('/api/directory')).json()) as Directory;
  const chosen = cameras.toSorted((a, b) => a.number - b.number).slice(0, count);
  const side = Math.ceil(Math.sqrt(count));
  const cells = chosen.map((_, i) => ({ column: i % side, row: Math.floor(i / side), columns: 1, rows: 1 }));
  const answer = await page.request.post('/api/walls', {
    headers: { origin: new URL(page.url()).origin },
    data: {
      name: `small ${String(count)} ${String(Date.now())}`,
      isShared: false,
      content: {
        layout: { name: 'free', columns: side, rows: side, cells },
        cameraIds: chosen.map(({ id }) => id),
      },
    },
  });
  if (!answer.ok()) throw new Error(`The wall could not be saved: ${await answer.text()}`);
  const { id } = (await answer.json()) as { id: string };
  await page.goto(`/?wall=${id}`);
  return chosen.map(({ number }) => number);
}
