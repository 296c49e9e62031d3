import { type Browser, chromium } from '@playwright/test';
import { chromiumFlags, needChromium } from '../.ci/machine.ts';
import { openStills } from '#mocks/camera/stills/stills.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import type { Directory } from '#contract/camera.ts';
import type { ReserveAnswer } from '#contract/reservation.ts';
import { stillHeaders } from '#contract/routes.ts';
import { type Parapet, password, startParapet } from '../e2e/parapet.ts';
import { watchCost } from './process-cost.ts';
import { quantile, spread } from './statistics.ts';
import { openWall, saveWall } from './wall.ts';
import { stillsSeen, watchStills, watchWall } from './wall-in-page.ts';

/**
 * Stills: what one costs the demo to draw (µs); how soon the last one known is there for a wall that starts, the first time
 * and again (ms, and how many of the tiles got one); how old live ones are when they arrive and how many come (ms, per
 * second), with what that costs the processes; how soon a picture stands on each tile of a wall that is opened again, of 16
 * and of 36 (ms after the wall asked for its cameras: 95 % within 300 are wanted). Options: `--tiles 36`, `--seconds 10`.
 */
export async function run(options: Record<string, string>): Promise<object> {
  const tiles = Number(options['tiles'] ?? 36);
  const seconds = Number(options['seconds'] ?? 10);
  const drawnMicros = await measureDrawing();
  const parapet = await startParapet();
  try {
    const api = await signIn(parapet);
    const { cameras } = (await (await api('/api/directory')).json()) as Directory;
    const step = Math.floor(cameras.length / tiles);
    const ids = Array.from({ length: tiles }, (_, i) => cameras[i * step]?.id ?? '');
    // The recorders have been asked what they can do by then, as they are when the first operator comes.
    await reserve(api, ids.slice(0, 1));
    const first = await measureLast(api, ids);
    const again = await measureLast(api, ids);
    const cost = watchCost({ bff: parapet.pid('bff') ?? 0, site: parapet.pid('site') ?? 0 });
    const live = await measureLive(api, await reserve(api, ids), seconds * 1000);
    const costs = cost();
    const browser = await chromium.launch({ executablePath: needChromium(), args: chromiumFlags });
    try {
      const walls = {
        16: await measureWall(browser, parapet, 16),
        36: await measureWall(browser, parapet, 36),
      };
      return { tiles, drawnMicros, last: { first, again }, live, cost: costs, standsMs: walls };
    } finally {
      await browser.close();
    }
  } finally {
    await parapet.stop();
  }
}

type Api = (path: string, body?: unknown) => Promise<Response>;

async function measureDrawing(): Promise<object> {
  const stills = await openStills();
  const measured: Record<string, object> = {};
  const start = Date.now();
  for (const width of [160, 320, 640]) {
    const micros: number[] = [];
    const time = (at: number): void => {
      const from = performance.now();
      stills.draw(siteCameras[0]!, at, { width });
      micros.push((performance.now() - from) * 1000);
    };
    for (let second = 0; second < 16; second++) time(start + second * 1000);
    const cold = spread(micros.splice(0));
    for (let i = 0; i < 200; i++) time(start + i * 137);
    measured[width] = { newScene: cold, knownScene: spread(micros) };
  }
  return measured;
}

async function signIn(parapet: Parapet): Promise<Api> {
  const headers = { origin: parapet.url, 'content-type': 'application/json' };
  const response = await fetch(`${parapet.url}/api/session`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name: 'operator', password }),
  });
  const cookie = response.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  return (path, body) =>
    fetch(parapet.url + path, {
      headers: { ...headers, cookie },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
}

async function reserve(api: Api, ids: readonly string[]): Promise<string[]> {
  const wanted = ids.map((cameraId) => ({ cameraId, stream: 'sub' }));
  const { outcomes } = (await (await api('/api/reservations', { wanted })).json()) as ReserveAnswer;
  return outcomes.flatMap((outcome) =>
    outcome.status === 'reserved'
      ? outcome.reservation.ways.flatMap(({ way, url }) => (way === 'stills' ? [url] : []))
      : [],
  );
}

async function measureLast(api: Api, ids: readonly string[]): Promise<object> {
  const found = await Promise.all(
    ids.map(async (id) => {
      const from = performance.now();
      const response = await api(`/api/cameras/${id}/last-still?width=320`);
      await response.arrayBuffer();
      return { ms: performance.now() - from, isThere: response.status === 200 };
    }),
  );
  return {
    ms: spread(found.map(({ ms }) => ms)),
    found: found.filter(({ isThere }) => isThere).length,
  };
}

/** A wall that was open, and is opened again in another page of the same browser. */
async function measureWall(browser: Browser, parapet: Parapet, tiles: number): Promise<object> {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(watchWall);
    await page.addInitScript(watchStills);
    const wallId = await saveWall(page, parapet, tiles);
    await openWall(page, parapet, wallId, tiles);
    await page.goto('about:blank');
    await openWall(page, parapet, wallId, tiles);
    return spread(await page.evaluate(stillsSeen));
  } finally {
    await context.close();
  }
}

async function measureLive(api: Api, urls: readonly string[], forMs: number): Promise<object> {
  const until = performance.now() + forMs;
  const ages: number[] = [];
  const gaps: number[] = [];
  let bytes = 0;
  await Promise.all(
    urls.map(async (url) => {
      let after = '';
      let before: number | undefined;
      while (performance.now() < until) {
        const response = await api(after === '' ? url : `${url}?after=${encodeURIComponent(after)}`);
        const { byteLength } = await response.arrayBuffer();
        if (response.status !== 200) continue;
        const now = Date.now();
        bytes += byteLength;
        after = response.headers.get(stillHeaders.captured) ?? '';
        ages.push(now - Date.parse(after));
        if (before !== undefined) gaps.push(now - before);
        before = now;
      }
    }),
  );
  return {
    watched: urls.length,
    ageMs: spread(ages),
    betweenMs: spread(gaps),
    perSecond: Math.round(10_000 / quantile(gaps, 0.5)) / 10,
    megabytesPerSecond: Math.round(bytes / forMs / 100) / 10,
  };
}
