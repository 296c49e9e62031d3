import process from 'node:process';
import { type Browser, chromium, type Page } from '@playwright/test';
import { chromiumFlags, needChromium } from '../.ci/machine.ts';
import { type Parapet, password, startParapet } from '../e2e/parapet.ts';
import { saveSquareWall } from '../e2e/square-wall.ts';
import { installStripReader } from '../e2e/strip-in-page.ts';
import { missesOf } from './limits.ts';
import { watchCost } from './process-cost.ts';
import { spread } from './statistics.ts';
import { decoded, firstFrames, latencies, longTasks, watchWall } from './wall-in-page.ts';

/** Longer than the engine keeps a source that nobody watches, so that the next wall finds it cold. */
const coolDownMs = 1500;
/** Nobody feels a click that waits for so long. */
const longestTaskMs = 100;

/** Opens a saved wall, and resolves when all its tiles are live. */
export async function openWall(page: Page, parapet: Parapet, wallId: string, tiles: number): Promise<void> {
  await page.goto(`${parapet.url}/?wall=${wallId}`);
  await page.waitForFunction(
    (count) => document.querySelectorAll('figure[data-state="live"]').length === count,
    tiles,
    {
      timeout: 30_000,
    },
  );
}

/** A wall of `tiles` cameras, of different scenes and agencies, saved on the server. */
export async function saveWall(page: Page, parapet: Parapet, tiles: number): Promise<string> {
  const headers = { origin: parapet.url };
  await page.request.post(`${parapet.url}/api/session`, { data: { name: 'operator', password }, headers });
  const directory = (await (await page.request.get(`${parapet.url}/api/directory`)).json()) as {
    cameras: { id: string; number: number }[];
  };
  const cameras = directory.cameras.toSorted((a, b) => a.number - b.number);
  const step = Math.floor(cameras.length / tiles);
  const cameraIds = Array.from({ length: tiles }, (_, i) => cameras[i * step]?.id ?? null);
  return saveSquareWall(page, parapet.url, `bench ${tiles}`, cameraIds);
}

async function rounds(browser: Browser, parapet: Parapet, tiles: number, count: number, pauseMs: number) {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
  const page = await context.newPage();
  await page.addInitScript(watchWall);
  const wallId = await saveWall(page, parapet, tiles);
  const perTile: number[] = [];
  const allMoving: number[] = [];
  for (let round = 0; round < count; round += 1) {
    await openWall(page, parapet, wallId, tiles);
    const times = await page.evaluate(firstFrames);
    perTile.push(...times);
    allMoving.push(Math.max(...times));
    await page.goto('about:blank');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  await context.close();
  return { firstFrameMs: spread(perTile), allMovingMs: spread(allMoving) };
}

/**
 * The live wall from `npm start`'s demo site in Chromium: how soon pictures come from cold and from warm sources, how
 * old they are, how many are decoded, and what the server's processes cost meanwhile.
 * Options: `--tiles 16`, `--rounds 5`, `--seconds 20`.
 */
export async function run(options: Record<string, string>): Promise<object> {
  const tiles = Number(options['tiles'] ?? 16);
  const count = Number(options['rounds'] ?? 5);
  const seconds = Number(options['seconds'] ?? 20);
  const cold = await startParapet({ PARAPET_MEDIA_LINGER_MS: '0' });
  const browser = await chromium.launch({ executablePath: needChromium(), args: chromiumFlags });
  try {
    const coldStart = await rounds(browser, cold, tiles, count, coolDownMs);
    await cold.stop();
    const parapet = await startParapet({ PARAPET_MEDIA_LINGER_MS: '30000' });
    try {
      // The first round warms the sources and is not counted.
      await rounds(browser, parapet, tiles, 1, 200);
      const warmStart = await rounds(browser, parapet, tiles, count, 200);

      const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
      const page = await context.newPage();
      await page.addInitScript(watchWall);
      const wallId = await saveWall(page, parapet, tiles);
      await openWall(page, parapet, wallId, tiles);
      await page.waitForTimeout(3000);
      const pids = Object.fromEntries(
        (['bff', 'engine', 'site'] as const).flatMap((part) => {
          const pid = parapet.pid(part);
          return pid === undefined ? [] : [[part, pid]];
        }),
      );
      // Cost and rate first, with nothing in the page but the app; reading pixels costs the browser a lot.
      const cost = watchCost(pids);
      const before = await page.evaluate(decoded);
      await page.waitForTimeout(seconds * 1000);
      const after = await page.evaluate(decoded);
      const processes = cost();
      const perSecond = after.frames.map(
        (frames, i) => ((frames - (before.frames[i] ?? 0)) / (after.at - before.at)) * 1000,
      );
      // What would have kept somebody's click waiting: none of more than 100 ms once the wall stands.
      const tasks = await page.evaluate(longTasks, before.at);
      await installStripReader(page);
      const latency = await page.evaluate(latencies, seconds * 500);
      await context.close();
      const most = Math.max(0, ...tasks);
      return {
        tiles,
        cold: coldStart,
        warm: warmStart,
        latencyMs: spread(latency),
        decodedFps: { min: Number(Math.min(...perSecond).toFixed(2)), streams: perSecond.length },
        longTasksMs: { most, count: tasks.length },
        droppedFrames: after.dropped - before.dropped,
        processes,
        misses: missesOf({ 'longest task, ms': [most, longestTaskMs] }),
      };
    } finally {
      await parapet.stop();
    }
  } finally {
    await browser.close();
    if (process.env['CI'] !== 'true') await cold.stop();
  }
}
