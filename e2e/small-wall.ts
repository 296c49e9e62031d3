import type { Page } from '@playwright/test';
import type { Directory } from '#contract/camera.ts';
import { saveSquareWall } from './square-wall.ts';

/**
 * Saves a wall of the first `count` cameras for whoever is signed in, and opens it: for what is measured in time, where
 * sixteen decoders would measure the machine. Gives the numbers of the cameras.
 */
export async function openSmallWall(page: Page, count: number): Promise<number[]> {
  const { cameras } = (await (await page.request.get('/api/directory')).json()) as Directory;
  const chosen = cameras.toSorted((a, b) => a.number - b.number).slice(0, count);
  const { origin } = new URL(page.url());
  const id = await saveSquareWall(
    page,
    origin,
    `small ${count}`,
    chosen.map((camera) => camera.id),
  );
  await page.goto(`/?wall=${id}`);
  return chosen.map(({ number }) => number);
}
