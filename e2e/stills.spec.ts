import type { Page } from '@playwright/test';
import type { Directory } from '#contract/camera.ts';
import type { ReserveAnswer } from '#contract/reservation.ts';
import { expect, test } from './fixtures.ts';
import { installStripReader } from './strip-in-page.ts';

interface Seen {
  readonly status: number;
  readonly captured: string | null;
  readonly width: number;
  readonly strip: { readonly number: number; readonly timeMs: number } | undefined;
  readonly tookMs: number;
  readonly readAt: number;
}

/** Fetches a JPEG in the page and reads what its pixels say. */
const look = (page: Page, url: string): Promise<Seen> =>
  page.evaluate(async (address) => {
    type Reader = (picture: ImageData) => { number: number; timeMs: number } | undefined;
    const { readStrip } = globalThis as unknown as { readStrip: Reader };
    const from = performance.now();
    const response = await fetch(address);
    const blob = await response.blob();
    const tookMs = performance.now() - from;
    const seen = {
      status: response.status,
      captured: response.headers.get('parapet-captured'),
      tookMs,
      readAt: Date.now(),
    };
    if (response.status !== 200) return { ...seen, width: 0, strip: undefined };
    const bitmap = await createImageBitmap(blob);
    const brush = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    if (brush === null) throw new Error('no canvas');
    brush.drawImage(bitmap, 0, 0);
    const strip = readStrip(brush.getImageData(0, 0, bitmap.width, bitmap.height));
    return { ...seen, width: bitmap.width, strip };
  }, url);

const directoryOf = async (page: Page): Promise<Directory> =>
  (await (await page.request.get('/api/directory')).json()) as Directory;

test('stills of a reservation show the camera as it is now, one after the other', async ({
  openWallAs,
  page,
  baseURL,
}) => {
  await openWallAs('operator');
  await installStripReader(page);
  const [camera] = (await directoryOf(page)).cameras;
  if (camera === undefined) throw new Error('no cameras');
  const answer = await page.request.post('/api/reservations', {
    data: { wanted: [{ cameraId: camera.id, stream: 'sub' }] },
    headers: { origin: baseURL ?? '' },
  });
  const [outcome] = ((await answer.json()) as ReserveAnswer).outcomes;
  if (outcome?.status !== 'reserved') throw new Error(JSON.stringify(outcome));
  const offer = outcome.reservation.ways.at(-1);
  expect(offer?.way).toBe('stills');
  let url = offer?.url ?? '';
  const times: number[] = [];
  while (times.length < 4) {
    const seen = await look(page, url);
    expect(seen).toMatchObject({ status: 200, width: 640, strip: { number: camera.number } });
    const timeMs = seen.strip?.timeMs ?? NaN;
    expect(seen.captured).toBe(new Date(timeMs).toISOString());
    // Both clocks are this machine's. The first may be of before anybody asked.
    expect(seen.readAt - timeMs).toBeLessThan(1500);
    times.push(timeMs);
    url = `${offer?.url ?? ''}?after=${encodeURIComponent(seen.captured ?? '')}`;
  }
  expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
});

test('the last still of a camera is there without a reservation', async ({ openWallAs, page }) => {
  await openWallAs('operator');
  await installStripReader(page);
  const camera = (await directoryOf(page)).cameras.at(-1);
  if (camera === undefined) throw new Error('no cameras');
  // A busy machine may need longer than a tile waits for the first one; what was found is remembered.
  const url = `/api/cameras/${camera.id}/last-still?width=320`;
  await expect.poll(async () => (await look(page, url)).status).toBe(200);
  const seen = await look(page, url);
  expect(seen.strip?.number).toBe(camera.number);
  expect(seen.captured).toBe(new Date(seen.strip?.timeMs ?? NaN).toISOString());
});

test('tiles are watched by stills where the browser can go no other way', async ({
  openWallAs,
  page,
  readTiles,
}) => {
  // As a policy may have it: neither WebRTC nor buffers to play from.
  await page.addInitScript(() => {
    for (const name of ['RTCPeerConnection', 'MediaSource', 'ManagedMediaSource'])
      Reflect.deleteProperty(globalThis, name);
  });
  const wall = await openWallAs('operator');
  await expect(wall.tiles.first()).toHaveAttribute('data-way', 'stills', { timeout: 60_000 });
  await expect
    .poll(
      async () => {
        const [tile] = await readTiles();
        return tile?.way === 'stills' && tile.strip?.number === tile.cameraNumber
          ? tile.readAt - tile.strip.timeMs
          : Infinity;
      },
      { timeout: 30_000 },
    )
    // A second by design, and the time between two; ways.spec.ts holds it to that for longer.
    .toBeLessThan(1500);
});

test('hovering over the timeline shows the moment pointed at', async ({ openWallAs, page }) => {
  await openWallAs('operator');
  const [camera] = (await directoryOf(page)).cameras;
  if (camera === undefined) throw new Error('no cameras');
  const at = new Date(Date.now() - 3_600_000).toISOString();
  await page.goto(`/investigate?cameras=${camera.id}&at=${encodeURIComponent(at)}`);
  await expect(page.locator('figure[data-status="shown"]')).toHaveCount(1);
  await installStripReader(page);
  const timeline = page.locator('.time canvas').first();
  const box = await timeline.boundingBox();
  if (box === null) throw new Error('no timeline');
  for (const share of [0.3, 0.45]) {
    const answered = page.waitForResponse((response) => response.url().includes('/still?'));
    await page.mouse.move(box.x + box.width * share, box.y + box.height / 2, { steps: 3 });
    const asked = new URL((await answered).url());
    const wanted = Date.parse(asked.searchParams.get('at') ?? '');
    const shown = (): Promise<{ number: number; timeMs: number } | undefined> =>
      page.evaluate(() => {
        type Reader = (picture: ImageData) => { number: number; timeMs: number } | undefined;
        const { readStrip } = globalThis as unknown as { readStrip: Reader };
        const canvas = document.querySelector<HTMLCanvasElement>('canvas[data-preview]');
        const brush = canvas?.getContext('2d');
        return canvas && brush ? readStrip(brush.getImageData(0, 0, canvas.width, canvas.height)) : undefined;
      });
    await expect.poll(async () => wanted - ((await shown())?.timeMs ?? NaN)).toBeGreaterThanOrEqual(0);
    const strip = await shown();
    expect(strip?.number).toBe(camera.number);
    // The picture at or before the moment: the camera takes one every 40 ms.
    expect(wanted - (strip?.timeMs ?? NaN)).toBeLessThanOrEqual(40);
  }
});
