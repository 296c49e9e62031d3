/*
 * Run in the page. Each is self-contained, because Playwright sends its source text. They look at what the tiles tell
 * outside tools: `data-shown` (epoch ms), `data-exact`.
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

/** Notes when the pointer moved last. */
export function watchMoves(): void {
  const notes = { movedAt: 0 };
  Object.assign(globalThis, { scrubNotes: notes });
  addEventListener('pointermove', (event) => (notes.movedAt = event.timeStamp), { capture: true });
}

/** How long after the last move every tile showed a picture near the playhead, ms. NaN where that took more than 3 s. */
export async function untilFollowed(): Promise<number> {
  const { movedAt } = (globalThis as unknown as { scrubNotes: { movedAt: number } }).scrubNotes;
  const slider = document.querySelector('[role="slider"]');
  // As near as a preview has to be: ten seconds, or a keyframe's distance at the edge of it.
  const toleranceMs = 12_000;
  for (;;) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const time = Number(slider?.getAttribute('aria-valuenow')) * 1000;
    const took = performance.now() - movedAt;
    const tiles = [...document.querySelectorAll<HTMLElement>('figure[data-status]')];
    const haveFollowed = tiles.every(
      (tile) =>
        tile.dataset['status'] === 'gap' || Math.abs(Number(tile.dataset['shown']) - time) <= toleranceMs,
    );
    if (haveFollowed) return took;
    if (took > 3000) return NaN;
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
