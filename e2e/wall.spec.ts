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

test('a tile in full screen shows its main stream, and has a picture all the while', async ({
  openWallAs,
  page,
}) => {
  const wall = await openWallAs('operator');
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 10_000 });
  const tile = wall.tiles.nth(5);
  const width = () =>
    tile
      .locator('.feed:not(.behind) video.front')
      .evaluate((video) => (video as HTMLVideoElement).videoWidth);
  expect(await width()).toBe(640);
  await tile.click();
  // Notes, at every paint, when the tile shows nothing, or something of the past.
  await page.evaluate(() => {
    const notes = { bare: 0, paints: 0 };
    Object.assign(globalThis, { tileNotes: notes });
    const look = () => {
      const figure = document.querySelectorAll('figure[data-tile]')[5];
      const video = figure?.querySelector<HTMLVideoElement>('.feed:not(.behind) video.front:not(.blank)');
      notes.paints += 1;
      if (!video || video.videoWidth === 0) notes.bare += 1;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.keyboard.press('f');
  await expect.poll(width, { timeout: 10_000 }).toBe(1280);
  await expect(tile).toHaveAttribute('data-way', 'whep');
  await page.keyboard.press('f');
  // Back in its place it keeps the main stream for the three seconds that tell a look from a change.
  await expect.poll(width, { timeout: 15_000 }).toBe(640);
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 10_000 });
  const notes = await page.evaluate(
    () => (globalThis as unknown as { tileNotes: { bare: number; paints: number } }).tileNotes,
  );
  expect(notes.paints).toBeGreaterThan(30);
  expect(notes.bare).toBe(0);
});
