/**
 * Pixels across and down that are looked at. Enough that a burned-in second of a sub stream, 8 × 14 pixels of 640 × 360,
 * is hit at least once.
 */
export const grid = { columns: 96, rows: 54 } as const;

/** Formats of WebCodecs whose first plane is the brightness, one byte for each pixel. */
const planar = new Set<VideoPixelFormat | null>(['I420', 'I420A', 'I422', 'I444', 'NV12']);

/** What planes are copied into, one picture after the other. */
let copy = new Uint8Array(0);
let turn: Promise<unknown> = Promise.resolve();

/**
 * The brightness of pixels of what the element shows, row by row; undefined while it shows nothing. Single pixels: the mean of
 * many hides the noise that tells a living picture. Read from the decoded planes, where there are any: drawing a picture to a
 * canvas turns all of it into colours first, which takes a busy machine some milliseconds, and 36 tiles are looked at twice a
 * second each.
 */
export async function lumaOf(video: HTMLVideoElement): Promise<Uint8Array | undefined> {
  if (video.videoWidth === 0 || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return undefined;
  if (typeof VideoFrame === 'undefined') return drawn(video);
  const frame = new VideoFrame(video);
  if (!planar.has(frame.format)) {
    frame.close();
    return drawn(video);
  }
  const looked = turn.then(() => planeOf(frame)).finally(() => frame.close());
  turn = looked.catch(() => undefined);
  return looked;
}

async function planeOf(frame: VideoFrame): Promise<Uint8Array> {
  const size = frame.allocationSize();
  if (copy.length < size) copy = new Uint8Array(size);
  const [plane] = await frame.copyTo(copy);
  const { width, height } = frame.visibleRect ?? { width: frame.codedWidth, height: frame.codedHeight };
  return sampled(width, height, (x, y) => copy[(plane?.offset ?? 0) + y * (plane?.stride ?? width) + x] ?? 0);
}

let shared: CanvasRenderingContext2D | null | undefined;

/** One canvas for all tiles of the page, in main memory: what is drawn is read at once. */
function brush(): CanvasRenderingContext2D | null {
  if (shared === undefined) {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [grid.columns, grid.rows];
    shared = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    if (shared) shared.imageSmoothingEnabled = false;
  }
  return shared;
}

/** As {@link lumaOf}, for browsers without WebCodecs and pictures that stay on the graphics card. */
function drawn(video: HTMLVideoElement): Uint8Array | undefined {
  const context = brush();
  if (!context) return undefined;
  const { columns, rows } = grid;
  context.drawImage(video, 0, 0, columns, rows);
  const { data } = context.getImageData(0, 0, columns, rows);
  return sampled(columns, rows, (x, y) => {
    const at = (y * columns + x) * 4;
    // ITU-R BT.601 weights in 256ths: which ones does not matter, as long as they stay.
    return (77 * (data[at] ?? 0) + 150 * (data[at + 1] ?? 0) + 29 * (data[at + 2] ?? 0)) >> 8;
  });
}

/** The pixels in the middle of each cell of the grid. */
function sampled(width: number, height: number, lumaAt: (x: number, y: number) => number): Uint8Array {
  const { columns, rows } = grid;
  const luma = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      luma[row * columns + column] = lumaAt(
        Math.floor(((column + 0.5) * width) / columns),
        Math.floor(((row + 0.5) * height) / rows),
      );
  return luma;
}
