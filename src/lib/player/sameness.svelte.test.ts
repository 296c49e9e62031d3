import { afterEach, describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import type { MediaSession } from '#lib/media/media-source.ts';
import { attachStream } from '#lib/media/attach-stream.ts';
import { lumaOf } from './luma-grid.ts';
import { Player } from './player.svelte.ts';
import { Pulse } from './pulse.ts';
import { drawPlayer } from './testing/drawn-player.ts';

const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

/** A camera at night: a dark scene that does not change, and noise. `hang` makes it send one picture again and again. */
function nightCamera() {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [320, 180];
  const brush = canvas.getContext('2d')!;
  const picture = brush.createImageData(320, 180);
  let isHung = false;
  let frames = 0;
  const paint = (): void => {
    for (let index = 0; !isHung && index < picture.data.length; index += 4) {
      const value = 24 + ((index / 4) % 320) / 16 + (Math.random() - 0.5) * 24;
      picture.data.set([value, value, value, 255], index);
    }
    // Painted anew even when it is the same: the stream sends it again.
    brush.putImageData(picture, 0, 0);
    frames += 1;
  };
  paint();
  const stream = canvas.captureStream(20);
  const timer = setInterval(paint, 50);
  const close = (): void => clearInterval(timer);
  cleanups.push(close);
  const session: MediaSession = {
    way: 'test-card',
    hasConnected: true,
    attach: (video) => attachStream(video, stream),
    captureTimeOf: () => undefined,
    ended: new Promise(() => undefined),
    vitals: async () => ({ framesDecoded: frames, width: 320, height: 180 }),
    close,
  };
  return { session, hang: () => (isHung = true) };
}

async function stage() {
  const camera = nightCamera();
  let aheadMs = 0;
  const pulse = new Pulse({
    monotonicNow: () => performance.now() + aheadMs,
    epochNow: () => performance.timeOrigin + performance.now() + aheadMs,
  });
  const player = new Player({ open: async () => camera.session, pulse, random: () => 0 });
  await drawPlayer(player, cleanups);
  player.start();
  await expect.poll(() => player.state.status, { timeout: 4000 }).toBe('live');
  /** Seconds of the pulse, each with pictures in it. */
  const pass = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds * 4; n += 1) {
      aheadMs += 210;
      await new Promise((resolve) => setTimeout(resolve, 40));
      pulse.beat();
    }
  };
  return { ...camera, player, pass };
}

describe('a camera at night', () => {
  it('whose picture is nothing but noise is left alone', async () => {
    const { player, pass } = await stage();
    await pass(24);
    expect([player.state.status, player.standsForMs]).toEqual(['live', undefined]);
  }, 30_000);

  it('that sends one picture again and again is told as such, as a notice, while it counts as live', async () => {
    const { player, pass, hang } = await stage();
    await pass(20);
    hang();
    await pass(10);
    expect(player.state.status).toBe('live');
    await expect.element(page.getByText(/^Picture has not changed for \d+ s$/)).toBeVisible();
    expect(player.standsForMs).toBeGreaterThan(6000);
  }, 30_000);
});

describe('looking at a picture', () => {
  /** A player of a picture whose left half is white, the right one black. */
  async function halves(): Promise<HTMLVideoElement> {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [960, 540];
    const brush = canvas.getContext('2d')!;
    const stream = canvas.captureStream(20);
    const paint = (): void => {
      brush.fillStyle = 'rgb(0, 0, 0)';
      brush.fillRect(0, 0, 960, 540);
      brush.fillStyle = 'rgb(255, 255, 255)';
      brush.fillRect(0, 0, 480, 540);
    };
    const timer = setInterval(paint, 50);
    const video = Object.assign(document.createElement('video'), { muted: true, srcObject: stream });
    document.body.append(video);
    cleanups.push(() => {
      clearInterval(timer);
      for (const track of stream.getTracks()) track.stop();
      video.remove();
    });
    await video.play();
    return video;
  }

  it('gives the brightness of single pixels', async () => {
    const luma = (await lumaOf(await halves()))!;
    expect(luma.length).toBe(96 * 54);
    // Planes of video end at 16 and 235 where colours end at 0 and 255.
    for (const at of [0, 46, 96 * 53]) expect(luma[at]).toBeGreaterThan(225);
    for (const at of [49, 95, 96 * 54 - 1]) expect(luma[at]).toBeLessThan(25);
  });

  it('gives the same to a browser without WebCodecs', async () => {
    const video = await halves();
    const native = globalThis.VideoFrame;
    Reflect.deleteProperty(globalThis, 'VideoFrame');
    cleanups.push(() => Object.assign(globalThis, { VideoFrame: native }));
    const luma = (await lumaOf(video))!;
    expect([luma[0], luma[46], luma[49], luma[95]]).toEqual([255, 255, 0, 0]);
  });

  it('gives nothing while there is none', async () => {
    expect(await lumaOf(document.createElement('video'))).toBeUndefined();
  });
});
