import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import type { Page } from '@playwright/test';

/** What one tile showed when it was looked at. */
export interface TileReading {
  /** The figure's accessible name. */
  readonly name: string;
  /** The number the tile says its camera has. */
  readonly cameraNumber: number;
  readonly state: string | undefined;
  readonly way: string | undefined;
  /** What it says in words over the picture; empty while there is nothing to say. */
  readonly says: string;
  readonly frameAgeMs: number;
  /** What the pixels say; undefined when no valid strip is in them. */
  readonly strip: { readonly number: number; readonly timeMs: number } | undefined;
  /** When the pixels were taken, epoch ms. */
  readonly readAt: number;
}

/**
 * Puts the strip reader of the synthetic cameras into the page, beside the app and untouched by it. `readTiles` there
 * draws each tile's video to a canvas and reads camera number and capture time from its pixels.
 */
export async function installStripReader(page: Page): Promise<void> {
  const source = readFileSync(new URL('../mocks/camera/strip.ts', import.meta.url), 'utf8');
  const plain = stripTypeScriptTypes(source)
    .replace(/^import .*$/gm, '')
    .replace(/^export /gm, '');
  await page.evaluate(`globalThis.readStrip = (() => { ${plain}; return readStrip; })(); undefined`);
}

/** Reads every tile that has a camera, in the order of the page. */
export async function readTiles(page: Page): Promise<TileReading[]> {
  return page.evaluate(() => {
    type Reader = (picture: ImageData) => { number: number; timeMs: number } | undefined;
    const { readStrip } = globalThis as unknown as { readStrip: Reader };
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('no canvas');
    return [...document.querySelectorAll<HTMLElement>('figure[data-camera-number]')].map((figure) => {
      // The one on top: after a hand-over the one before goes on beneath it for a while.
      const [video] = [...figure.querySelectorAll('video')]
        .filter((candidate) => candidate.videoWidth > 0)
        .map((candidate) => ({ candidate, style: getComputedStyle(candidate) }))
        .sort(
          (a, b) =>
            Number(b.style.opacity) - Number(a.style.opacity) ||
            (Number(b.style.zIndex) || 0) - (Number(a.style.zIndex) || 0),
        )
        .map(({ candidate }) => candidate);
      let strip: ReturnType<Reader>;
      if (video !== undefined) {
        canvas.width = video.videoWidth;
        canvas.height = video.videoHeight;
        context.drawImage(video, 0, 0);
        strip = readStrip(context.getImageData(0, 0, canvas.width, canvas.height));
      }
      return {
        name: figure.getAttribute('aria-label') ?? '',
        cameraNumber: Number(figure.dataset['cameraNumber']),
        state: figure.dataset['state'],
        way: figure.dataset['way'],
        says: figure.querySelector<HTMLElement>('.said:not(.clock)')?.innerText.trim() ?? '',
        frameAgeMs: Number(figure.dataset['frameAgeMs']),
        strip,
        readAt: Date.now(),
      };
    });
  });
}
