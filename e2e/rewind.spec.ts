import type { Page } from '@playwright/test';
import type { Directory } from '#contract/camera.ts';
import { expect, test } from './fixtures.ts';
import { saveSquareWall } from './square-wall.ts';
import { installStripReader } from './strip-in-page.ts';

interface PastTile {
  readonly said: string;
  readonly cameraNumber: number;
  readonly past: string | undefined;
  /** How long ago its pixels were taken, ms; undefined where no strip is in them. */
  readonly ageMs: number | undefined;
  /** How long ago it says that they were taken. */
  readonly saidAgeMs: number | undefined;
  readonly number: number | undefined;
}

/** Reads each tile's layer of the past: what it says, and what its pixels say. */
function readPast(page: Page): Promise<PastTile[]> {
  return page.evaluate(() => {
    type Reader = (picture: ImageData) => { number: number; timeMs: number } | undefined;
    const { readStrip } = globalThis as unknown as { readStrip: Reader };
    return [...document.querySelectorAll<HTMLElement>('figure[data-camera-number]')].map((figure) => {
      const layer = figure.querySelector<HTMLElement>('[data-past]');
      const canvas = layer?.querySelector('canvas');
      const isSeen = canvas && canvas.width >= 160 && getComputedStyle(canvas).visibility === 'visible';
      const now = Date.now();
      const saidAt = layer?.dataset['pastShown'];
      const strip = isSeen
        ? readStrip(canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height))
        : undefined;
      return {
        said: layer?.textContent ?? '',
        cameraNumber: Number(figure.dataset['cameraNumber']),
        past: layer?.dataset['past'],
        ageMs: strip && now - strip.timeMs,
        saidAgeMs: saidAt === undefined ? undefined : now - Number(saidAt),
        number: strip?.number,
      };
    });
  });
}

/** Nine cameras that record all the time, on a wall of their own: live and past together are what two cores can carry. */
async function saveWall(page: Page, origin: string): Promise<string> {
  const { cameras } = (await (await page.request.get('/api/directory')).json()) as Directory;
  const always = cameras.filter(
    ({ number, rights }) =>
      rights.includes('playback') &&
      number % 5 !== 2 &&
      number % 5 !== 4 &&
      number % 16 !== 9 &&
      number % 47 !== 11,
  );
  return saveSquareWall(
    page,
    origin,
    'Rewound',
    always.slice(0, 9).map(({ id }) => id),
  );
}

test('one key shows the whole wall ten seconds ago, by its pixels; one key is live again at once', async ({
  openWallAs,
  page,
  readTiles,
  baseURL,
}) => {
  test.setTimeout(240_000);
  const wall = await openWallAs('operator');
  await page.goto(`/?wall=${await saveWall(page, baseURL ?? '')}`);
  await expect(wall.tiles).toHaveCount(9);
  await expect(wall.inState('live')).toHaveCount(9, { timeout: 30_000 });
  await installStripReader(page);

  for (const [backMs, words] of [
    [10_000, '−10 s'],
    [30_000, '−30 s'],
  ] as const) {
    await page.keyboard.press(',');
    // Every tile says that it is past before anything else.
    await expect(page.locator('figure[data-camera-number] [data-past]')).toHaveCount(9);
    // A machine that is short of time shows older keyframes in between, and says so: never a younger picture, and never
    // another one than it says. Each tile is to be seen within a second of the moment.
    const nearest = new Map<number, number>();
    const look = async (): Promise<number> => {
      for (const { past, said, ageMs, saidAgeMs, number, cameraNumber } of await readPast(page)) {
        expect(said).toContain(words);
        if (ageMs === undefined || saidAgeMs === undefined) continue;
        expect(number).toBe(cameraNumber);
        expect(Math.abs(ageMs - saidAgeMs)).toBeLessThanOrEqual(1);
        if (past === 'there') expect(Math.abs(ageMs - backMs)).toBeLessThan(2500);
        nearest.set(cameraNumber, Math.min(nearest.get(cameraNumber) ?? Infinity, Math.abs(ageMs - backMs)));
      }
      return [...nearest.values()].filter((offMs) => offMs <= 1000).length;
    };
    await expect.poll(look, { timeout: 60_000 }).toBe(9);
  }

  await page.keyboard.press('.');
  await expect(page.locator('[data-past]')).toHaveCount(0);
  const tiles = await readTiles();
  expect(tiles.filter(({ state }) => state === 'live').length).toBeGreaterThanOrEqual(8);
  await expect
    .poll(async () => {
      const now = await readTiles();
      return Math.max(...now.map((tile) => tile.readAt - (tile.strip?.timeMs ?? 0)));
    })
    .toBeLessThan(2000);
});

test('who may not play back is told so, and the wall stays live', async ({ openWallAs, page }) => {
  const wall = await openWallAs('kiosk');
  await expect(wall.tiles.first()).toBeVisible();
  await page.keyboard.press(',');
  await expect(page.getByText('You may not play back any camera on this wall')).toBeVisible();
  await expect(page.locator('[data-past]')).toHaveCount(0);
});
