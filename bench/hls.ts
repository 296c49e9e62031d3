import { chromium } from '@playwright/test';
import { chromiumFlags, needChromium } from '../.ci/machine.ts';
import { startRtspCameras } from '#mocks/camera/rtsp/server.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { servePlayerPage, type PlayerGlobals } from '#server/engine/hls/testing/player-page.ts';
import { startEngine } from '#server/engine/testing/engine-child.ts';
import { watchCost } from './process-cost.ts';
import { spread } from './statistics.ts';

/**
 * LL-HLS from the engine in Chromium with hls.js: how soon the first frame comes, how old the pictures are, and what
 * the engine costs, beside what it costs with the same cameras and no viewer.
 * Options: `--viewers 4`, each of a camera of its own; `--seconds 20`; `--format sub`. With `--tiles 16` a wall of the whole
 * product instead, see hls-wall.ts.
 */
export async function run(options: Record<string, string>): Promise<object> {
  if (options['tiles'] !== undefined) return await (await import('./hls-wall.ts')).run(options);
  if (options['players'] !== undefined) return await (await import('./hls-line.ts')).run(options);
  const viewers = Number(options['viewers'] ?? 4);
  const seconds = Number(options['seconds'] ?? 20);
  const format = options['format'] === 'main' ? 'main' : 'sub';
  const subjects = siteCameras.slice(0, viewers);
  const cameras = await startRtspCameras({ subjects, pictures: await openPictures() });
  const engine = await startEngine({ PARAPET_LOG_LEVEL: 'warn' });
  const site = await servePlayerPage(() => engine);
  const browser = await chromium.launch({ executablePath: needChromium(), args: chromiumFlags });
  try {
    for (const { number } of subjects)
      await engine.fetch(`/v3/config/paths/replace/cam${String(number)}/${format}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'rtsp', source: cameras.url(number, format) }),
      });
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const idle = watchCost({ engine: engine.pid });
    await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / 2));
    const withoutViewers = idle();

    const page = await browser.newPage();
    await page.goto(site.url);
    await page.waitForFunction(() => (globalThis as unknown as PlayerGlobals).isReady);
    for (const { number } of subjects)
      await page.evaluate(
        (path) => {
          (globalThis as unknown as PlayerGlobals).play(path);
        },
        `cam${String(number)}/${format}`,
      );
    // The leap to the live edge, and what players do to get there, are not counted.
    await page.waitForTimeout(5000);
    const vitals = () => page.evaluate(() => (globalThis as unknown as PlayerGlobals).vitals());
    const before = await vitals();
    const cost = watchCost({ engine: engine.pid });
    await page.waitForTimeout(seconds * 1000);
    const withViewers = cost();
    const after = await vitals();
    const latencies = after.flatMap((tile, i) => tile.latencies.slice(before[i]?.latencies.length ?? 0));
    return {
      viewers,
      format,
      firstFrameMs: spread(after.flatMap(({ firstFrameMs }) => firstFrameMs ?? [])),
      latencyMs: spread(latencies),
      presentedFps: spread(after.map((tile, i) => (tile.frames - (before[i]?.frames ?? 0)) / seconds)),
      clockErrorMs: spread(after.flatMap(({ clockErrorMs }) => clockErrorMs ?? [])),
      errors: after.flatMap(({ path, errors }) => errors.map((error) => ({ path, ...error }))),
      engine: { withoutViewers: withoutViewers['engine'], withViewers: withViewers['engine'] },
    };
  } finally {
    engine.kill('SIGTERM');
    await Promise.all([browser.close(), site.close(), cameras.close(), engine.gone]);
  }
}
