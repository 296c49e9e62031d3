import process from 'node:process';
import { expect, test } from './fixtures.ts';

test('a camera that stops sending is told as such, and its picture comes back by itself', async ({
  openWallAs,
  parapet,
}) => {
  const wall = await openWallAs('operator');
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 10_000 });
  const number = Number(await wall.tiles.nth(5).getAttribute('data-camera-number'));
  const tile = wall.tiles.nth(5);

  await parapet.control(`cameras/${number}`, { state: 'silent' });
  await expect(tile).not.toHaveAttribute('data-state', 'live', { timeout: 3000 });
  await expect(tile).toContainText(/no (new )?picture|reconnecting/i, { timeout: 10_000 });
  await expect(wall.inState('live')).toHaveCount(15);

  await parapet.control(`cameras/${number}`, { state: 'online' });
  await expect(tile).toHaveAttribute('data-state', 'live', { timeout: 20_000 });
});

test('killing the engine costs a short pause, not the wall', async ({ openWallAs, parapet, readTiles }) => {
  const wall = await openWallAs('operator');
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 10_000 });
  const before = parapet.pid('engine');
  expect(before).toBeDefined();
  process.kill(before ?? 0, 'SIGKILL');
  await expect(wall.inState('live')).not.toHaveCount(16, { timeout: 4000 });
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 20_000 });
  expect(parapet.pid('engine')).not.toBe(before);
  const tiles = await readTiles();
  expect(tiles.map((tile) => tile.strip?.number)).toEqual(tiles.map((tile) => tile.cameraNumber));
});

test('a restarted BFF leaves the pictures running and everybody signed in', async ({
  openWallAs,
  parapet,
  page,
  readTiles,
}) => {
  const wall = await openWallAs('operator');
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 10_000 });
  const before = parapet.pid('bff');
  process.kill(before ?? 0, 'SIGKILL');
  await expect.poll(() => parapet.pid('bff'), { timeout: 10_000 }).not.toBe(before);

  // Pictures move on while it is away and after it is back, for longer than a reservation lives unrenewed.
  for (let second = 0; second < 36; second += 4) {
    await expect(wall.inState('live')).toHaveCount(16, { timeout: 1500 });
    const tiles = await readTiles();
    expect(Math.max(...tiles.map((tile) => tile.readAt - (tile.strip?.timeMs ?? 0)))).toBeLessThan(2000);
    await page.waitForTimeout(4000);
  }
  await page.reload();
  await expect(wall.inState('live')).toHaveCount(16, { timeout: 10_000 });
});
