import { expect, test } from './fixtures.ts';

test('sixteen tiles move within three seconds of signing in, each showing its own camera', async ({
  openWallAs,
  readTiles,
}) => {
  const wall = await openWallAs('operator');
  const signedInAt = performance.now();
  await expect(wall.tiles).toHaveCount(16);
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 10_000 });
  const allLiveMs = performance.now() - signedInAt;

  const first = await readTiles();
  await expect
    .poll(async () => {
      const later = await readTiles();
      return later.filter((tile, i) => (tile.strip?.timeMs ?? 0) > (first[i]?.strip?.timeMs ?? Infinity))
        .length;
    })
    .toBe(16);

  const tiles = await readTiles();
  expect(tiles.map((tile) => tile.strip?.number)).toEqual(tiles.map((tile) => tile.cameraNumber));
  expect(new Set(tiles.map((tile) => tile.cameraNumber)).size).toBe(16);
  expect(allLiveMs).toBeLessThan(3000);
});

test('every picture is fresh by the clock burned into it', async ({ openWallAs, readTiles }) => {
  const wall = await openWallAs('operator');
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 10_000 });
  await expect
    .poll(async () => {
      const tiles = await readTiles();
      return Math.max(...tiles.map((tile) => tile.readAt - (tile.strip?.timeMs ?? 0)));
    })
    .toBeLessThan(1000);
});

test('tiles tell outside tools what they show and how old it is', async ({ openWallAs, page }) => {
  const wall = await openWallAs('operator');
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 10_000 });
  const figure = wall.tiles.first();
  await expect(figure).toHaveAttribute('data-way', 'whep');
  await expect(figure).toHaveAttribute('aria-label', /\S/);
  const ages = await page
    .locator('figure[data-camera-number]')
    .evaluateAll((figures) =>
      figures.map((element) => Number((element as HTMLElement).dataset['frameAgeMs'])),
    );
  expect(Math.max(...ages)).toBeLessThan(1500);
});
