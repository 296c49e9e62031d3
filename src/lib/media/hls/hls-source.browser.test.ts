import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MediaSession } from '../media-source.ts';
import { HlsSource } from './hls-source.ts';
import { film, PretendPlaylist } from './testing/pretend-playlist.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  cleanups.splice(0).forEach((cleanup) => cleanup());
});

let material: Awaited<ReturnType<typeof film>>;
beforeAll(async () => {
  material = await film();
}, 30_000);

function stage() {
  const server = new PretendPlaylist(material);
  const source = new HlsSource('/api/hls/r1/index.m3u8', server.options);
  return { server, source };
}

const soon = () => AbortSignal.timeout(10_000);

function element(): HTMLVideoElement {
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true });
  document.body.append(video);
  cleanups.push(() => video.remove());
  return video;
}

/** Shows the session; resolves with the width of the first picture. */
function firstPicture(session: MediaSession, video = element()): Promise<number> {
  cleanups.push(session.attach(video));
  const shown = new Promise<number>((resolve) =>
    video.requestVideoFrameCallback((_, frame) => resolve(frame.width)),
  );
  video.play().catch(() => undefined);
  return shown;
}

/** The mean brightness of what an element shows, 0 for a black or empty one. */
function brightness(video: HTMLVideoElement): number {
  const brush = new OffscreenCanvas(16, 9).getContext('2d', { willReadFrequently: true })!;
  brush.drawImage(video, 0, 0, 16, 9);
  const { data } = brush.getImageData(0, 0, 16, 9);
  return data.reduce((sum, value, index) => sum + (index % 4 === 3 ? 0 : value), 0) / (16 * 9 * 3);
}

async function open(staged: ReturnType<typeof stage>): Promise<MediaSession> {
  const session = await staged.source.open(soon());
  cleanups.unshift(() => session.close());
  return session;
}

describe('pictures by HLS', () => {
  it('are shown, counted, and keep coming', async () => {
    const session = await open(stage());
    const video = element();
    expect(await firstPicture(session, video)).toBe(320);
    expect(session.way).toBe('hls');
    await expect
      .poll(async () => (await session.vitals())?.framesDecoded ?? 0, { timeout: 8000 })
      .toBeGreaterThan(10);
    expect(await session.vitals()).toMatchObject({ codec: 'VP9', width: 320, height: 180 });
    const { bytesReceived = 0, arrivals = 0, latencyMs = 0 } = (await session.vitals()) ?? {};
    expect([bytesReceived > 1000, arrivals > 3]).toEqual([true, true]);
    expect(latencyMs).toBeGreaterThan(500);
    expect(latencyMs).toBeLessThan(4000);
  });

  it('know when they were taken, by the server’s clock', async () => {
    const staged = stage();
    const session = await open(staged);
    const video = element();
    expect(session.captureTimeOf(video)).toBeUndefined();
    await firstPicture(session, video);
    const taken = session.captureTimeOf(video) ?? 0;
    const expected = staged.server.epoch + video.currentTime * 1000;
    expect(Math.abs(taken - expected)).toBeLessThan(150);
    expect(session.captureTimeOf(element())).toBeUndefined();
  });

  it.each([
    [401, 'signed-out'],
    [403, 'not-permitted'],
    [409, 'camera-offline'],
    [410, 'reservation-ended'],
    [503, 'overloaded'],
  ])('are refused with %i as %s', async (status, code) => {
    const staged = stage();
    staged.server.quirks.status = status;
    await expect(staged.source.open(soon())).rejects.toMatchObject({ name: 'StreamError', code });
    expect(staged.server.running).toBe(0);
  });

  it('end when the reservation does', async () => {
    const staged = stage();
    const session = await open(staged);
    await firstPicture(session);
    staged.server.quirks.status = 410;
    await expect(session.ended).rejects.toMatchObject({ code: 'reservation-ended' });
  });

  it('that no decoder takes are mended twice and then given up', async () => {
    const staged = stage();
    staged.server.quirks.isGarbled = true;
    const session = await open(staged);
    session.attach(element());
    await expect(session.ended).rejects.toMatchObject({ name: 'StreamError' });
  }, 20_000);

  it('that no decoder takes any more leave the last one there until the element has said so', async () => {
    const staged = stage();
    const session = await open(staged);
    const video = element();
    const left: number[] = [];
    video.addEventListener('error', () => left.push(brightness(video)));
    cleanups.push(session.attach(video));
    await video.play();
    await expect.poll(() => video.currentTime).toBeGreaterThan(0.5);
    staged.server.quirks.isDamaged = true;
    await expect.poll(() => left.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(left[0]).toBeGreaterThan(10);
    staged.server.quirks.isDamaged = false;
    await expect.poll(() => brightness(video), { timeout: 10_000 }).toBeGreaterThan(10);
  }, 25_000);

  it('are said to vanish before they are taken off for a fault that is no decoder’s', async () => {
    const staged = stage();
    const session = await open(staged);
    const video = element();
    const left: string[] = [];
    cleanups.push(session.attach(video, () => left.push(video.src)));
    staged.server.quirks.isGarbled = true;
    await expect.poll(() => left.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(left[0]).toMatch(/^blob:/);
  }, 20_000);

  it('do not begin for who gave up before', async () => {
    const staged = stage();
    const given = new Error('given up');
    await expect(staged.source.open(AbortSignal.abort(given))).rejects.toBe(given);
    expect(staged.server.asked).toEqual([]);
  });
});

describe('closing', () => {
  it('leaves the element empty and nothing on its way, and may be done twice', async () => {
    const staged = stage();
    const session = await open(staged);
    const video = element();
    await firstPicture(session, video);
    expect(video.src).not.toBe('');
    session.close();
    session.close();
    await session.ended;
    expect([video.hasAttribute('src'), video.readyState]).toEqual([false, 0]);
    expect(await session.vitals()).toBeUndefined();
    await expect.poll(() => staged.server.running).toBe(0);
  });

  it('takes the pictures from one element to another', async () => {
    const session = await open(stage());
    const [first, second] = [element(), element()];
    const detach = session.attach(first);
    await firstPicture(session, second);
    expect([first.hasAttribute('src'), second.hasAttribute('src')]).toEqual([false, true]);
    // The way to let go of an element that was left is harmless.
    detach();
    expect(second.hasAttribute('src')).toBe(true);
  });

  it('leaks nothing in two hundred rounds on one element', async () => {
    const made = vi.spyOn(URL, 'createObjectURL');
    const revoked = vi.spyOn(URL, 'revokeObjectURL');
    const listeners = vi.spyOn(HTMLMediaElement.prototype, 'addEventListener');
    const unlistened = vi.spyOn(HTMLMediaElement.prototype, 'removeEventListener');
    const staged = stage();
    const video = element();
    for (let round = 0; round < 200; round += 1) {
      const session = await staged.source.open(soon());
      const detach = session.attach(video);
      if (round % 20 === 0) await firstPicture(session, video);
      if (round % 2 === 0) detach();
      session.close();
    }
    expect(made.mock.calls.length).toBeGreaterThanOrEqual(200);
    expect(revoked.mock.calls.length).toBe(made.mock.calls.length);
    expect(unlistened.mock.calls.length).toBeGreaterThanOrEqual(listeners.mock.calls.length);
    expect(video.hasAttribute('src')).toBe(false);
    await expect.poll(() => staged.server.running).toBe(0);
  }, 30_000);
});
