/**
 * Pixels across and down that are looked at. Enough that a burned-in second of a sub stream, 8 × 14 pixels of 640 × 360,
 * is hit at least once. A look costs 0.1 ms, at worst 0.2 (640 × 360, two busy cores without a GPU, Chromium 156): 36 tiles, each
 * looked at twice a second, a hundredth of a core.
 */
export const grid = { columns: 96, rows: 54 } as const;

let shared: CanvasRenderingContext2D | null | undefined;

/** One canvas for all tiles of the page, in main memory: what is drawn is read at once. */
function brush(): CanvasRenderingContext2D | null {
  if (shared === undefined) {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [grid.columns, grid.rows];
    shared = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    // Single pixels: the mean of many hides the noise that tells a living picture.
    if (shared) shared.imageSmoothingEnabled = false;
  }
  return shared;
}

/** The brightness of pixels of what the element shows, row by row; undefined while it shows nothing. */
export function lumaOf(video: HTMLVideoElement): Uint8Array | undefined {
  const context = brush();
  if (!context || video.videoWidth === 0) return undefined;
  const { columns, rows } = grid;
  context.drawImage(video, 0, 0, columns, rows);
  const { data } = context.getImageData(0, 0, columns, rows);
  const luma = new Uint8Array(columns * rows);
  for (let index = 0; index < luma.length; index += 1) {
    const at = index * 4;
    // ITU-R BT.601 weights in 256ths: which ones does not matter, as long as they stay.
    luma[index] = (77 * (data[at] ?? 0) + 150 * (data[at + 1] ?? 0) + 29 * (data[at + 2] ?? 0)) >> 8;
  }
  return luma;
}
