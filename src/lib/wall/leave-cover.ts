/** Where the page's start script (app.html) finds what to lay over the wall until it stands again. */
const storedAs = 'parapet.cover';
/** Wide enough to recognise, small enough that thirty-six fit into the storage of a tab. */
const stillWidth = 480;

/** One picture of the cover: which tile it is of, and where that is on the page, CSS pixels. */
interface Patch {
  readonly tile: string;
  readonly source: string;
  readonly box: readonly [left: number, top: number, width: number, height: number];
  /** When it was left, epoch ms. */
  readonly at: number;
  /** What is said on it: that it is of the past. */
  readonly words: string;
}

/**
 * Copies the pictures of all tiles for the page that takes the place of this one. It lays them where they were, dimmed,
 * before its first paint, with these `words` on each. Nothing is left where the browser has no room.
 */
export function leaveCover(wall: ParentNode, words: string): void {
  const at = Date.now();
  const patches = [...wall.querySelectorAll<HTMLElement>('figure[data-tile]')].flatMap((figure): Patch[] => {
    const source = stillOf(figure);
    if (source === undefined) return [];
    const { left, top, width, height } = figure.getBoundingClientRect();
    return [{ tile: figure.dataset['tile'] ?? '', source, box: [left, top, width, height], at, words }];
  });
  try {
    sessionStorage.setItem(storedAs, JSON.stringify(patches));
  } catch {
    sessionStorage.removeItem(storedAs);
  }
}

function stillOf(figure: HTMLElement): string | undefined {
  const shown = [...figure.querySelectorAll('video')].find(
    (video) => video.videoWidth > 0 && getComputedStyle(video).opacity !== '0',
  );
  if (!shown) return undefined;
  const width = Math.min(stillWidth, shown.videoWidth);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, Math.round((width * shown.videoHeight) / shown.videoWidth)];
  canvas.getContext('2d', { alpha: false })?.drawImage(shown, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/jpeg', 0.7);
}
