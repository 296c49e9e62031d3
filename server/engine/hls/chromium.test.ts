import { chromium } from 'playwright';
import { expect, it, onTestFinished } from 'vitest';
import { startRtspCameras } from '#mocks/camera/rtsp/server.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { chromiumFlags, needChromium } from '../../../.ci/machine.ts';
import { startEngine } from '../testing/engine-child.ts';
import { servePlayerPage, type PlayerGlobals, type PlayerVitals } from './testing/player-page.ts';

it('hls.js in Chromium shows the camera within 2.5 s of life, through its reboot and the loss of its connection', async () => {
  const subjects = siteCameras.filter(({ number }) => number === 1);
  const [pictures, engine, browser] = await Promise.all([
    openPictures(),
    startEngine({ PARAPET_LOG_LEVEL: 'warn' }),
    chromium.launch({ executablePath: needChromium(), args: chromiumFlags }),
  ]);
  const cameras = await startRtspCameras({ subjects, pictures });
  const site = await servePlayerPage(() => engine);
  onTestFinished(async () => {
    engine.kill('SIGTERM');
    await Promise.all([browser.close(), site.close(), cameras.close(), engine.gone]);
  });
  await engine.fetch('/v3/config/paths/replace/cam1/sub', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'rtsp', source: cameras.url(1, 'sub') }),
  });
  const page = await browser.newPage();
  await page.goto(site.url);
  await page.waitForFunction(() => (globalThis as unknown as PlayerGlobals).isReady);
  await page.evaluate(() => {
    (globalThis as unknown as PlayerGlobals).play('cam1/sub');
  });
  const vitals = async (): Promise<PlayerVitals> => {
    const [tile] = await page.evaluate(() => (globalThis as unknown as PlayerGlobals).vitals());
    if (tile === undefined) throw new Error('nothing plays');
    return tile;
  };
  /** Waits until the strip has been read so many times more; gives the latencies of those readings. */
  const watch = async (count: number): Promise<readonly number[]> => {
    const from = (await vitals()).latencies.length;
    await expect
      .poll(async () => (await vitals()).latencies.length, { timeout: 15_000 })
      .toBeGreaterThanOrEqual(from + count);
    return (await vitals()).latencies.slice(from);
  };

  // The first readings are of the leap to the live edge.
  await watch(3);
  await expect
    .poll(async () => Math.max(...(await watch(8))), { timeout: 25_000, interval: 100 })
    .toBeLessThan(2500);
  const { number, clockErrorMs, errors } = await vitals();
  expect(number).toBe(1);
  expect(Math.abs(clockErrorMs ?? Infinity)).toBeLessThan(300);
  expect(errors).toEqual([]);

  cameras.faults.reboot(1);
  await expect
    .poll(async () => Math.max(...(await watch(8))), { timeout: 25_000, interval: 100 })
    .toBeLessThan(2500);

  cameras.faults.cut(1);
  // What was buffered is shown to its end; then the new connection's pictures, as fresh as before.
  await expect
    .poll(async () => Math.max(...(await watch(6))), { timeout: 25_000, interval: 100 })
    .toBeLessThan(2500);
  expect((await vitals()).errors.filter(({ fatal }) => fatal)).toEqual([]);
}, 90_000);
