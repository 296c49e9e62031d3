import { afterEach, describe, expect, it, vi } from 'vitest';
import { FrameWatch } from './watchdog.ts';

const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

/** A canvas that is painted on while `isRunning`, shown by a video element. */
async function stage() {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [64, 36];
  const brush = canvas.getContext('2d')!;
  const scene = { isRunning: true };
  let shade = 0;
  const timer = setInterval(() => {
    if (!scene.isRunning) return;
    shade = (shade + 16) % 256;
    brush.fillStyle = `rgb(${shade} ${shade} ${shade})`;
    brush.fillRect(0, 0, 64, 36);
  }, 40);
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = canvas.captureStream(25);
  document.body.append(video);
  cleanups.push(() => {
    clearInterval(timer);
    video.srcObject = null;
    video.remove();
  });
  await video.play();
  return { video, scene };
}

const now = () => performance.now();

describe('watching an element', () => {
  it('knows when the last picture was shown, and how often they come', async () => {
    const { video } = await stage();
    const onFrame = vi.fn();
    const watch = new FrameWatch(now, onFrame);
    cleanups.push(() => watch.unwatch());
    watch.watch(video);
    await expect.poll(() => onFrame.mock.calls.length).toBeGreaterThan(9);
    const intervals = onFrame.mock.calls.slice(1).map(([, intervalMs]) => intervalMs as number);
    const median = intervals.toSorted((a, b) => a - b)[Math.floor(intervals.length / 2)];
    expect(median).toBeGreaterThan(20);
    expect(median).toBeLessThan(120);
    expect(now() - watch.lastFrameAt!).toBeLessThan(200);
    expect(onFrame.mock.calls.map(([isFirst]) => isFirst as boolean).slice(0, 3)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('grows old with a picture that stands, though the element looks healthy', async () => {
    const { video, scene } = await stage();
    const watch = new FrameWatch(now, () => undefined);
    cleanups.push(() => watch.unwatch());
    watch.watch(video);
    await expect.poll(() => watch.lastFrameAt).toBeDefined();
    scene.isRunning = false;
    await expect.poll(() => now() - watch.lastFrameAt!, { timeout: 3000 }).toBeGreaterThan(1000);
    expect([video.readyState, video.paused, video.ended]).toEqual([4, false, false]);
    scene.isRunning = true;
    await expect.poll(() => now() - watch.lastFrameAt!).toBeLessThan(200);
  });

  it('is over when it is stopped', async () => {
    const { video } = await stage();
    const onFrame = vi.fn();
    const watch = new FrameWatch(now, onFrame);
    watch.watch(video);
    await expect.poll(() => onFrame.mock.calls.length).toBeGreaterThan(0);
    watch.unwatch();
    watch.unwatch();
    const seen = onFrame.mock.calls.length;
    await new Promise((resolve) =>
      video.requestVideoFrameCallback(() => video.requestVideoFrameCallback(resolve)),
    );
    expect(onFrame).toHaveBeenCalledTimes(seen);
  });
});

describe('counting decoded pictures', () => {
  it('counts as seeing where nothing is painted, and only there', () => {
    let at = 100;
    const watch = new FrameWatch(
      () => at,
      () => undefined,
    );
    watch.count(10, true);
    expect(watch.lastFrameAt).toBeUndefined();
    at = 200;
    watch.count(20, false);
    expect(watch.lastFrameAt).toBe(200);
    at = 300;
    watch.count(20, false);
    expect(watch.lastFrameAt).toBe(200);
    at = 400;
    watch.count(30, true);
    expect(watch.lastFrameAt).toBe(200);
  });
});
