import { afterEach, describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { TestCardSource } from '#lib/media/test-card/test-card-source.ts';
import { LastPictures } from './last-pictures.ts';
import { dataOf } from './player-data.ts';
import { Player, type PlayerOptions } from './player.svelte.ts';
import PlayerView from './Player.svelte';

const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

/** A JPEG of one colour. */
async function jpeg(colour: string): Promise<Blob> {
  const canvas = new OffscreenCanvas(320, 180);
  const brush = canvas.getContext('2d')!;
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 320, 180);
  return canvas.convertToBlob({ type: 'image/jpeg' });
}

/** What answers for the server: its still of any camera, `ageMs` old; asked for by these addresses. */
async function server({ ageMs = 9000, status = 200, afterMs = 0 } = {}) {
  const asked: string[] = [];
  const aborted: string[] = [];
  const body = await jpeg('rgb(200, 30, 30)');
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const url = input instanceof Request ? input.url : input.toString();
    asked.push(url);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, afterMs);
      init?.signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        aborted.push(url);
        reject(init.signal?.reason as Error);
      });
    });
    if (status !== 200) return new Response(null, { status });
    const captured = new Date(Date.now() - ageMs).toISOString();
    return new Response(body, { headers: { 'content-type': 'image/jpeg', 'Parapet-Captured': captured } });
  };
  return { fetch, asked, aborted };
}

async function stage(pictures: LastPictures, more: Partial<PlayerOptions> = {}, frozen = true) {
  const card = new TestCardSource({ number: 14, name: 'Gate 3' });
  // Agreed on, and no picture yet.
  card.freeze(frozen);
  const player = new Player({
    open: (signal) => card.open(signal),
    stills: pictures.of('c14'),
    random: () => 0,
    ...more,
  });
  const box = document.createElement('div');
  box.style.cssText = 'inline-size: 480px; block-size: 270px';
  document.body.append(box);
  const view = await render(PlayerView, { target: box, props: { player } });
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    player.stop();
    void view.unmount();
    box.remove();
  };
  cleanups.push(end);
  return { card, player, box, end };
}

const said = (words: string | RegExp) => expect.element(page.getByText(words));
const canvasOf = (box: HTMLElement) => box.querySelector('canvas')!;
/** The colour in the middle of the canvas. */
function colourOf(canvas: HTMLCanvasElement): number[] {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!;
  copy.drawImage(canvas, 0, 0);
  return [...copy.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data].slice(0, 3);
}
const isSeen = (element: Element) => getComputedStyle(element).opacity !== '0';

describe('while a tile connects', () => {
  it('it shows the server’s last still, dimmed and with its age, and never as a live one', async () => {
    const { fetch, asked } = await server();
    const { player, box } = await stage(new LastPictures(fetch));
    player.start();
    await expect.poll(() => canvasOf(box).width, { interval: 5 }).toBe(320);
    expect(colourOf(canvasOf(box))[0]).toBeGreaterThan(150);
    expect(isSeen(canvasOf(box))).toBe(true);
    expect(getComputedStyle(canvasOf(box)).filter).toMatch(/grayscale.*brightness/);
    await said('Connecting').toBeVisible();
    await said(/^Picture is (9|1\d) s old$/).toBeVisible();
    expect(dataOf(player)).toMatchObject({ 'data-state': 'connecting', 'data-frame-age-ms': undefined });
    expect(player.hasPicture).toBe(false);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^\/api\/cameras\/c14\/last-still\?width=(640|1280)$/);
  });

  it('the live picture replaces it without a moment of black', async () => {
    const { fetch } = await server();
    const { player, card, box } = await stage(new LastPictures(fetch));
    player.start();
    await expect.poll(() => player.isHeld).toBe(true);
    const blank: string[] = [];
    let isOver = false;
    cleanups.push(() => (isOver = true));
    const look = () => {
      const seen = [...box.querySelectorAll<HTMLVideoElement | HTMLCanvasElement>('.picture')].filter(isSeen);
      const hasPixels = seen.some((one) =>
        one instanceof HTMLCanvasElement ? one.width > 0 : one.videoWidth > 0 && one.readyState >= 2,
      );
      if (!hasPixels) blank.push(player.state.status);
      if (!isOver) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    card.freeze(false);
    await expect.poll(() => player.state.status, { timeout: 4000 }).toBe('live');
    await new Promise((resolve) => requestAnimationFrame(resolve));
    expect(blank).toEqual([]);
    expect(player.isHeld).toBe(false);
    // It lies beneath the live one until that is painted.
    await expect.poll(() => [canvasOf(box).width, canvasOf(box).height]).toEqual([0, 0]);
  });

  it('the question is withdrawn when the live picture comes first', async () => {
    const { fetch, asked, aborted } = await server({ afterMs: 60_000 });
    const { player } = await stage(new LastPictures(fetch), {}, false);
    player.start();
    await expect.poll(() => player.state.status, { timeout: 4000 }).toBe('live');
    expect(asked).toHaveLength(1);
    expect(aborted).toEqual(asked);
  });

  it('it says so when there is none', async () => {
    const { fetch } = await server({ status: 404 });
    const { player, box } = await stage(new LastPictures(fetch));
    player.start();
    await said('No earlier picture').toBeVisible();
    expect(isSeen(canvasOf(box))).toBe(false);
  });

  it('a stream that will take over asks for nothing', async () => {
    const { fetch, asked } = await server();
    const { player } = await stage(new LastPictures(fetch), { isSuccessor: true }, false);
    player.start();
    await expect.poll(() => player.state.status, { timeout: 4000 }).toBe('live');
    expect(asked).toEqual([]);
  });
});

describe('what the page has seen of a camera', () => {
  it('is what its next tile begins with, without asking the server', async () => {
    const { fetch, asked } = await server({ status: 404 });
    const pictures = new LastPictures(fetch);
    const before = await stage(pictures, {}, false);
    before.player.start();
    await expect.poll(() => before.player.state.status, { timeout: 4000 }).toBe('live');
    before.end();
    expect(pictures.size).toBe(1);
    asked.length = 0;
    const after = await stage(pictures);
    after.player.start();
    expect(after.player.standIn.shown?.from).toBe('page');
    expect(canvasOf(after.box).width).toBe(320);
    expect(asked).toEqual([]);
  });

  it('is the picture of now where another tile plays it', async () => {
    const { fetch } = await server({ status: 404 });
    const pictures = new LastPictures(fetch);
    const first = await stage(pictures, {}, false);
    first.player.start();
    await expect.poll(() => first.player.state.status, { timeout: 4000 }).toBe('live');
    const second = await stage(pictures);
    second.player.start();
    expect(canvasOf(second.box).width).toBe(640);
    expect(second.player.standInAgeMs).toBeLessThan(1500);
  });

  it('is forgotten when it may no longer be seen', async () => {
    const { fetch } = await server({ status: 404 });
    const pictures = new LastPictures(fetch);
    const before = await stage(pictures, {}, false);
    before.player.start();
    await expect.poll(() => before.player.state.status, { timeout: 4000 }).toBe('live');
    before.end();
    const after = await stage(pictures);
    after.card.kill('not-permitted');
    after.player.start();
    await expect.poll(() => after.player.state.status).toBe('refused');
    expect([after.player.isHeld, pictures.size]).toEqual([false, 0]);
  });

  it('is one person’s, and no more than sixty-four cameras', () => {
    const pictures = new LastPictures();
    const video = document.createElement('video');
    Object.defineProperties(video, { videoWidth: { value: 64 }, videoHeight: { value: 36 } });
    pictures.belongTo('olga');
    for (let n = 0; n < 70; n += 1) pictures.of(`c${n}`).keep(video, n);
    expect(pictures.size).toBe(64);
    expect([pictures.of('c5').kept(), pictures.of('c69').kept()?.takenAt]).toEqual([undefined, 69]);
    pictures.belongTo('olga');
    expect(pictures.size).toBe(64);
    pictures.belongTo('otto');
    expect(pictures.size).toBe(0);
  });
});

describe('a tile that nobody sees', () => {
  it('receives nothing, and keeps its last picture, dimmed and with its age', async () => {
    const { fetch } = await server({ status: 404 });
    const { player, card, box } = await stage(new LastPictures(fetch), {}, false);
    player.start();
    await expect.poll(() => player.state.status, { timeout: 4000 }).toBe('live');
    player.suspend();
    player.suspend();
    expect([player.state.status, card.openSessions]).toEqual(['suspended', 0]);
    await said('Paused out of sight').toBeVisible();
    await said(/^Picture is \d s old$/).toBeVisible();
    expect(canvasOf(box).width).toBe(640);
    expect(getComputedStyle(canvasOf(box)).filter).toMatch(/grayscale/);
    player.start();
    player.hurry();
    expect(player.state.status).toBe('suspended');
    player.resume();
    await expect.poll(() => player.state.status, { timeout: 4000 }).toBe('live');
    expect([card.openSessions, player.isHeld]).toEqual([1, false]);
  });

  it('is still suspended when the page comes back from the cache of pages', async () => {
    const { fetch } = await server({ status: 404 });
    const { player, card } = await stage(new LastPictures(fetch), {}, false);
    player.suspend();
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    expect(player.state.status).toBe('idle');
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    expect([player.state.status, card.timesOpened]).toEqual(['suspended', 0]);
  });
});
