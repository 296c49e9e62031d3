/*
 * Run in the page. Each is self-contained, because Playwright sends its source text. They look at what the tiles tell
 * outside tools: `data-shown` (epoch ms), `data-exact`; scrubbing is judged by the pixels themselves.
 */

/** Types a moment and sends it; how long until every tile shows its very frame, ms. NaN where that did not happen in 10 s. */
export async function untilExact(moment: number): Promise<number> {
  const input = document.querySelector<HTMLInputElement>('input[aria-label="Go to time"]');
  if (!input?.form) return NaN;
  // With an offset of its own it means the same in every zone.
  input.value = new Date(moment).toISOString();
  input.dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const began = performance.now();
  input.form.requestSubmit();
  for (;;) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const took = performance.now() - began;
    const tiles = [...document.querySelectorAll<HTMLElement>('figure[data-status]')];
    const areThere = tiles.every((tile) => {
      const off = moment - Number(tile.dataset['shown']);
      return tile.dataset['exact'] === 'true' && off >= 0 && off < 200;
    });
    if (areThere) return took;
    if (took > 10_000) return NaN;
  }
}

/**
 * From now on looks after each move of the pointer how long it takes until the pixels of every tile say, by the strip burned
 * into them, that they are of that tile's camera and near the moment the hand is at. Needs the strip reader in the page.
 */
export function watchHand(): void {
  interface Strip {
    readonly number: number;
    readonly timeMs: number;
  }
  const { readStrip } = globalThis as unknown as { readStrip: (picture: ImageData) => Strip | undefined };
  const notes: { followed: Promise<number> } = { followed: Promise.resolve(NaN) };
  Object.assign(globalThis, { scrubNotes: notes });
  const slider = document.querySelector('[role="slider"]');
  // As near as a preview has to be: ten seconds, or a keyframe's distance at the edge of it.
  const toleranceMs = 12_000;
  const [width, height] = [320, 45];
  const paper = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });

  /** Whether the tile's picture is right, and it says so itself. The strip is the picture's lowest forty-fifth. */
  function isRight(tile: HTMLElement, time: number): boolean {
    if (tile.dataset['status'] === 'gap') return true;
    const shown = Number(tile.dataset['shown']);
    if (tile.dataset['status'] !== 'shown' || Math.abs(shown - time) > toleranceMs) return false;
    const canvas = tile.querySelector('canvas');
    if (canvas === null || paper === null || canvas.height < 45) return false;
    paper.drawImage(
      canvas,
      0,
      (canvas.height * 44) / 45,
      canvas.width,
      canvas.height / 45,
      0,
      0,
      width,
      height,
    );
    const strip = readStrip(paper.getImageData(0, 0, width, height));
    const number = Number(tile.querySelector('.number')?.textContent);
    return strip?.number === number && Math.abs(strip.timeMs - shown) <= 1;
  }

  addEventListener(
    'pointermove',
    ({ timeStamp }) => {
      const { promise, resolve } = Promise.withResolvers<number>();
      notes.followed = promise;
      // Reading a picture's pixels costs a millisecond: none is read again once it was right.
      const right = new Set<HTMLElement>();
      const look = (): void => {
        // After the page's own turn in this picture of the screen: what it has drawn by now will be seen.
        const took = performance.now() - timeStamp;
        const time = Number(slider?.getAttribute('aria-valuenow')) * 1000;
        const tiles = [...document.querySelectorAll<HTMLElement>('figure[data-status]')];
        for (const tile of tiles) if (!right.has(tile) && isRight(tile, time)) right.add(tile);
        if (tiles.every((tile) => right.has(tile))) resolve(took);
        else if (took > 3000) resolve(NaN);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    },
    { capture: true },
  );
}

/** How long after the last move every tile showed a picture near the playhead, ms. NaN where that took more than 3 s. */
export async function untilFollowed(): Promise<number> {
  return await (globalThis as unknown as { scrubNotes: { followed: Promise<number> } }).scrubNotes.followed;
}

/** Notes from now on when a key was pressed last. */
export function watchKeys(): void {
  const notes = { pressedAt: NaN };
  Object.assign(globalThis, { keyNotes: notes });
  addEventListener('keydown', (event) => (notes.pressedAt = event.timeStamp), { capture: true });
}

/** How long after the last key the timeline had drawn all that it shows, ms. NaN where that took more than 10 s. */
export async function untilDrawn(): Promise<number> {
  const { pressedAt } = (globalThis as unknown as { keyNotes: { pressedAt: number } }).keyNotes;
  const slider = document.querySelector<HTMLElement>('[role="slider"]');
  for (;;) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const took = performance.now() - pressedAt;
    if (slider?.dataset['lacking'] === '0') return took;
    if (took > 10_000) return NaN;
  }
}

/** How far apart the tiles' pictures are, at each picture of the screen for that long, ms. */
export async function skews(forMs: number): Promise<number[]> {
  const samples: number[] = [];
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const times = [...document.querySelectorAll<HTMLElement>('figure[data-status="shown"]')].map((tile) =>
      Number(tile.dataset['shown']),
    );
    if (times.length > 1) samples.push(Math.max(...times) - Math.min(...times));
  }
  return samples;
}

/** The time from each picture of the screen to the next for that long, ms. */
export async function frameTimes(forMs: number): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + forMs;
  let before = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
  while (before < until) {
    const now = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
    times.push(now - before);
    before = now;
  }
  return times;
}
