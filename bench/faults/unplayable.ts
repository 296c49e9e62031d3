import type { FaultNetwork } from './network.ts';
import { makeWall, openBrowser, openSite } from './site.ts';

/** How a tile answers to a camera that cannot be shown. */
export interface Explained {
  readonly camera: string;
  readonly state: string;
  /** How it is shown after all, where it is. */
  readonly way: string;
  readonly words: string;
  /** From opening the wall until the tile said why, or showed a picture after all. */
  readonly afterMs: number | undefined;
}

const patienceMs = 30_000;

/** Opens a wall of cameras that WebRTC or the browser cannot show, and tells what their tiles say, and when. */
export async function unplayable(network: FaultNetwork): Promise<readonly Explained[]> {
  const site = await openSite('unplayable', network, 1);
  if ('skipped' in site) return [];
  const browser = await openBrowser(network, [site.url]);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    const { id, numbers } = await makeWall(page, site);
    const openedAt = Date.now();
    await page.goto(`${site.url}/?wall=${id}`);
    const told = numbers.map(async (number): Promise<Explained> => {
      const tile = page.locator(`figure[data-camera-number="${number}"]`);
      const settled = page.locator(
        `figure[data-camera-number="${number}"]:is([data-state="live"], [data-state="refused"], [data-state="offline"])`,
      );
      const afterMs = await settled.waitFor({ timeout: patienceMs }).then(
        () => Date.now() - openedAt,
        () => undefined,
      );
      return {
        camera: (await tile.getAttribute('aria-label')) ?? '',
        state: (await tile.getAttribute('data-state')) ?? '',
        way: (await tile.getAttribute('data-way')) ?? '',
        words: (await tile.locator('.said').allInnerTexts()).join(' ').replace(/\s+/g, ' '),
        afterMs,
      };
    });
    return await Promise.all(told);
  } finally {
    await browser.close();
    await site.close();
  }
}
