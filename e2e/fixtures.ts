import { expect, test as base } from '@playwright/test';
import { WallPage } from './pages/wall-page.ts';
import { SignInPage } from './pages/sign-in-page.ts';
import { type Parapet, password, startParapet } from './parapet.ts';
import { installStripReader, readTiles, type TileReading } from './strip-in-page.ts';

interface Fixtures {
  /** Signs in through the form and gives the wall that comes up. */
  openWallAs: (name: string) => Promise<WallPage>;
  /** Reads camera number and capture time from the pixels of every tile. */
  readTiles: () => Promise<TileReading[]>;
  /** Errors the page printed. Every test ends with none that it did not announce here. */
  expectedErrors: RegExp[];
}

/** One Parapet for a whole spec file; a page that must not print an error. */
export const test = base.extend<Fixtures, { parapet: Parapet }>({
  parapet: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads what a fixture needs from this pattern.
    async ({}, use) => {
      const parapet = await startParapet();
      await use(parapet);
      await parapet.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  baseURL: async ({ parapet }, use) => use(parapet.url),
  expectedErrors: async ({ page }, use) => {
    const expected: RegExp[] = [];
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    // What breaks the page's Content-Security-Policy and is caught there is no console message of Chromium's.
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
        reportError(new Error(`the policy forbids: ${violatedDirective} ${blockedURI} of ${sourceFile}`));
      });
    });
    page.on('console', (message) => {
      // Chromium prints one for every answer with an error status; those are the app's business, judged by what it shows.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        errors.push(message.text());
    });
    await use(expected);
    expect(errors.filter((error) => !expected.some((pattern) => pattern.test(error)))).toEqual([]);
  },
  openWallAs: async ({ page, expectedErrors: _ }, use) => {
    await use(async (name) => {
      await page.goto('/');
      await new SignInPage(page).signIn(name, password);
      const wall = new WallPage(page);
      await expect(wall.tiles.first()).toBeVisible();
      return wall;
    });
  },
  readTiles: async ({ page }, use) => {
    await use(async () => {
      const isInstalled = await page.evaluate(() => 'readStrip' in globalThis);
      if (!isInstalled) await installStripReader(page);
      return readTiles(page);
    });
  },
});

export { expect };
