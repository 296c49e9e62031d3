import type { Page } from '@playwright/test';

/** A moment at which something about a tile changed. */
export interface Change {
  /** Epoch ms. */
  readonly at: number;
  readonly state: string;
  readonly way: string;
  /** What the tile says in words. */
  readonly words: string;
}

/** What the watch saw of one tile. */
export interface Watched {
  readonly cameraNumber: number;
  readonly changes: readonly Change[];
  /**
   * When the tile was painted black although it had shown a picture before and said nothing of having none, epoch ms.
   */
  readonly blackAt: readonly number[];
  /** Paints that were looked at. */
  readonly frames: number;
}

/**
 * Looks at every tile of the page at each of its paints, from the outside: state, way and words as the tile tells them, and
 * whether what is to be seen is black. Self-contained, because Playwright sends its source text.
 */
function watchTiles(): void {
  interface Notes {
    cameraNumber: number;
    changes: { at: number; state: string; way: string; words: string }[];
    blackAt: number[];
    frames: number;
    hasShown: boolean;
  }
  const known = new Map<HTMLElement, Notes>();
  Object.assign(globalThis, {
    tileWatch: {
      /** What was seen since the last call. */
      take: () =>
        [...known.values()].map((notes) => {
          const { hasShown: _hasShown, ...seen } = notes;
          notes.changes = notes.changes.slice(-1);
          notes.blackAt = [];
          notes.frames = 0;
          return structuredClone(seen);
        }),
    },
  });
  const width = 32;
  const height = 18;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('no canvas');

  /** The brightest of what is to be seen, 0…255; captions and words lie outside what is drawn here. */
  const brightest = (figure: HTMLElement): number => {
    context.fillStyle = 'black';
    context.fillRect(0, 0, width, height);
    const layers = [
      ...figure.querySelectorAll<HTMLVideoElement | HTMLCanvasElement | HTMLImageElement>(
        'video, canvas, img',
      ),
    ]
      .map((element, order) => ({ element, order, style: getComputedStyle(element) }))
      .filter(
        ({ element, style }) =>
          style.visibility !== 'hidden' &&
          style.display !== 'none' &&
          Number(style.opacity) > 0.05 &&
          element.clientWidth > figure.clientWidth / 2,
      )
      .sort((a, b) => (Number(a.style.zIndex) || 0) - (Number(b.style.zIndex) || 0) || a.order - b.order);
    for (const { element } of layers) {
      // Not by `readyState`: an element that seeks keeps its picture on the screen, and gives it to be drawn.
      const isReady =
        element instanceof HTMLVideoElement
          ? element.videoWidth > 0
          : element instanceof HTMLImageElement
            ? element.complete && element.naturalWidth > 0
            : element.width > 0;
      if (isReady) context.drawImage(element, 0, 0, width, height);
    }
    const { data } = context.getImageData(0, 0, width, height);
    let most = 0;
    for (let i = 0; i < data.length; i += 4) most = Math.max(most, data[i] ?? 0, data[i + 1] ?? 0);
    return most;
  };

  const look = (): void => {
    requestAnimationFrame(look);
    for (const figure of document.querySelectorAll<HTMLElement>('figure[data-camera-number]')) {
      let notes = known.get(figure);
      if (notes === undefined) {
        const cameraNumber = Number(figure.dataset['cameraNumber']);
        notes = { cameraNumber, changes: [], blackAt: [], frames: 0, hasShown: false };
        known.set(figure, notes);
      }
      const state = figure.dataset['state'] ?? '';
      const way = figure.dataset['way'] ?? '';
      const words = (figure.querySelector<HTMLElement>('.said')?.innerText ?? '').replace(/\s+/g, ' ').trim();
      const last = notes.changes.at(-1);
      // Counters in the words go on by themselves.
      const gist = (text: string): string => text.replace(/\d+/g, '#');
      if (last?.state !== state || last.way !== way || gist(last.words) !== gist(words))
        notes.changes.push({ at: Date.now(), state, way, words });
      const isBlack = brightest(figure) < 16;
      notes.hasShown ||= !isBlack;
      notes.frames += 1;
      // Who says in words that there is no picture need not show one.
      const claimsPicture = ['live', 'delayed', 'stalled', 'reconnecting'].includes(state);
      if (isBlack && notes.hasShown && claimsPicture) notes.blackAt.push(Date.now());
    }
    for (const figure of known.keys()) if (!figure.isConnected) known.delete(figure);
  };
  requestAnimationFrame(look);
}

/** Starts the watch; to be called once a page is open. */
export async function startWatch(page: Page): Promise<void> {
  await page.evaluate(watchTiles);
}

/** What was seen since the last call, per tile in the order in which they came. */
export async function takeWatched(page: Page): Promise<Watched[]> {
  return page.evaluate(() =>
    (globalThis as unknown as { tileWatch: { take(): Watched[] } }).tileWatch.take(),
  );
}
