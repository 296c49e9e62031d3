import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { openSmallWall } from './small-wall.ts';
import type { TileReading } from './strip-in-page.ts';

/** WebRTC is there, is agreed on, and never connects: as behind a firewall that lets only the web through. */
async function blockWebRtc(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const Free = RTCPeerConnection;
    // Only relays may be used, and there are none.
    const bound = (configuration?: RTCConfiguration): RTCConfiguration => ({
      ...configuration,
      iceServers: [],
      iceTransportPolicy: 'relay',
    });
    globalThis.RTCPeerConnection = class extends Free {
      constructor(configuration?: RTCConfiguration) {
        super(bound(configuration));
      }
      override setConfiguration(configuration?: RTCConfiguration): void {
        super.setConfiguration(bound(configuration));
      }
    };
  });
}

/** How old the picture of each tile is, ms; Infinity where it is not the camera's own, or not live by this way. */
const agesBy = (way: string, tiles: readonly TileReading[]): number[] =>
  tiles.map(({ way: by, state, strip, cameraNumber, readAt }) =>
    by === way && state === 'live' && strip?.number === cameraNumber ? readAt - strip.timeMs : Infinity,
  );

/** Waits until the pictures come by this way and are no older than `limitMs`, ten times in a row. */
async function expectFresh(
  page: Page,
  read: () => Promise<TileReading[]>,
  way: string,
  limitMs: number,
): Promise<void> {
  await expect(async () => {
    for (let look = 0; look < 10; look += 1) {
      expect(Math.max(...agesBy(way, await read()))).toBeLessThanOrEqual(limitMs);
      await page.waitForTimeout(250);
    }
  }).toPass({ timeout: 40_000 });
}

test('tiles whose WebRTC never connects are watched by HLS, say why, and are two and a half seconds old at most', async ({
  openWallAs,
  page,
  readTiles,
}) => {
  await openWallAs('operator');
  await blockWebRtc(page);
  await openSmallWall(page, 2);
  const tiles = page.locator('figure[data-camera-number]');
  await expect(tiles).toHaveCount(2);
  for (const tile of await tiles.all()) {
    await expect(tile).toHaveAttribute('data-way', 'hls', { timeout: 20_000 });
    await expect(tile).toContainText('HLS, UDP blocked', { timeout: 10_000 });
  }
  await expectFresh(page, readTiles, 'hls', 2500);
});

test('stills are no older than they are said to be: a second and a half with the time between two', async ({
  openWallAs,
  page,
  readTiles,
}) => {
  await openWallAs('operator');
  await page.addInitScript(() => {
    for (const name of ['RTCPeerConnection', 'MediaSource', 'ManagedMediaSource'])
      Reflect.deleteProperty(globalThis, name);
  });
  await openSmallWall(page, 2);
  await expect(page.locator('figure[data-camera-number][data-way="stills"]')).toHaveCount(2, {
    timeout: 30_000,
  });
  await expectFresh(page, readTiles, 'stills', 1500);
});
