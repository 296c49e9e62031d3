import type { Page } from '@playwright/test';
import { chromiumFlags, needChromium } from '../.ci/machine.ts';
import { expect, test } from './fixtures.ts';
import { openSmallWall } from './small-wall.ts';
import type { TileReading } from './strip-in-page.ts';

// Playwright turns the back-forward cache off.
test.use({
  launchOptions: {
    executablePath: needChromium(),
    args: chromiumFlags,
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

const live = (page: Page) => page.locator('figure[data-camera-number][data-state="live"]');

/** The oldest of the pictures, ms, by what their pixels say; Infinity where a tile shows none of its own camera. */
const oldest = (tiles: readonly TileReading[]): number =>
  Math.max(
    ...tiles.map(({ strip, cameraNumber, readAt }) =>
      strip?.number === cameraNumber ? readAt - strip.timeMs : Infinity,
    ),
  );

/** What the page says of itself: Chromium paints it all the same, so nothing but the page's own rules is tried. */
const say = (page: Page, state: DocumentVisibilityState) =>
  page.evaluate((now) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => now });
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => now === 'hidden' });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

test.beforeEach(async ({ openWallAs, page }) => {
  await openWallAs('operator');
  await openSmallWall(page, 2);
  await expect(live(page)).toHaveCount(2, { timeout: 20_000 });
});

test('a page that was hidden for long receives nothing meanwhile, and is live again when it is seen', async ({
  page,
  readTiles,
}) => {
  await say(page, 'hidden');
  await expect(page.locator('figure[data-camera-number][data-state="suspended"]')).toHaveCount(2, {
    timeout: 20_000,
  });
  await page.waitForTimeout(2000);
  const seenAt = Date.now();
  await say(page, 'visible');
  await expect(live(page)).toHaveCount(2, { timeout: 10_000 });
  const tiles = await readTiles();
  expect(Math.min(...tiles.map(({ strip }) => strip?.timeMs ?? 0))).toBeGreaterThan(seenAt - 2000);
  await expect.poll(async () => oldest(await readTiles()), { timeout: 10_000 }).toBeLessThan(1500);
});

test('a page that was frozen never calls what it shows live until it is of now', async ({
  page,
  readTiles,
}) => {
  await readTiles();
  const cdp = await page.context().newCDPSession(page);
  // As a browser does to save power, or a machine that sleeps does to everything: no timer, no callback.
  await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  await cdp.send('Page.setWebLifecycleState', { state: 'active' });
  await expect.poll(async () => oldest(await readTiles()), { timeout: 20_000 }).toBeLessThan(1500);
  await expect(live(page)).toHaveCount(2, { timeout: 10_000 });
  const tiles = await readTiles();
  expect(Math.max(...tiles.map(({ frameAgeMs }) => frameAgeMs))).toBeLessThan(1500);
});

test('a page that is left and come back to is kept by the browser, has let go of its streams, and is live again', async ({
  page,
  parapet,
  readTiles,
}) => {
  await page.evaluate(() => {
    const kept: { isBack?: boolean; states: string[]; goodbyes: string[] } = { states: [], goodbyes: [] };
    Object.assign(globalThis, { kept });
    const send = fetch;
    globalThis.fetch = (input, init) => {
      if (init?.keepalive) kept.goodbyes.push(init.method ?? '');
      return send(input, init);
    };
    addEventListener('pageshow', (event) => {
      kept.isBack = event.persisted;
      kept.states = [...document.querySelectorAll<HTMLElement>('figure[data-camera-number]')].map(
        ({ dataset }) => dataset['state'] ?? '',
      );
    });
  });
  await page.goto(new URL('/readyz', parapet.url).href);
  await page.waitForTimeout(1000);
  // A page from the cache loads nothing: there is no event to wait for but its own.
  await page.goBack({ waitUntil: 'commit' });
  const kept = await page.evaluate(
    () =>
      (globalThis as unknown as { kept?: { isBack?: boolean; states: string[]; goodbyes: string[] } }).kept,
  );
  // Undefined: the browser did not keep the page, something of ours was open.
  expect(kept).toMatchObject({ isBack: true });
  expect(kept?.states).toHaveLength(2);
  expect(kept?.states).not.toContain('live');
  expect(kept?.goodbyes.filter((method) => method === 'DELETE')).toHaveLength(2);
  await expect(live(page)).toHaveCount(2, { timeout: 15_000 });
  await expect.poll(async () => oldest(await readTiles()), { timeout: 10_000 }).toBeLessThan(1500);
});
