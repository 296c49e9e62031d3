import { chromium, type Browser, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startRtspCameras, type RtspCameras } from '#mocks/camera/rtsp/server.ts';
import { openPictures, type Pictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { SiteSession, streamOf } from '#mocks/xprotect/testing/site-session.ts';
import { startXProtect, type DemoXProtect } from '#mocks/xprotect/xprotect.ts';
import { chromiumFlags, needChromium } from '../../.ci/machine.ts';
import { startEngine, type EngineChild } from './testing/engine-child.ts';
import { startLossyRelay } from './testing/lossy-relay.ts';
import {
  serveViewerPage,
  type TileVitals,
  type ViewerGlobals,
  type ViewerPage,
} from './testing/viewer-page.ts';

/** What only a real browser can tell: pictures, whose they are, and how late. */

const numbers = [1, 2, 3];
let pictures: Pictures;
let cameras: RtspCameras;
let engine: EngineChild;
let browser: Browser;
let site: ViewerPage;
let page: Page;

beforeAll(async () => {
  pictures = await openPictures();
  const subjects = siteCameras.filter(({ number }) => numbers.includes(number));
  // Packets far above the media MTU, and a stream that does not begin with a keyframe: what cameras do.
  cameras = await startRtspCameras({ subjects, pictures, maxPacketLength: 20_000, startsAt: 'now' });
  [engine, browser] = await Promise.all([
    startEngine({ PARAPET_LOG_LEVEL: 'warn' }),
    chromium.launch({ executablePath: needChromium(), args: chromiumFlags }),
  ]);
  site = await serveViewerPage(() => engine);
  page = await browser.newPage();
  await page.goto(site.url);
  await page.waitForFunction(() => (globalThis as unknown as ViewerGlobals).ready);
  await Promise.all(
    numbers.map((number) => configure(`cam${String(number)}/sub`, cameras.url(number, 'sub'))),
  );
  await configure('cam1/main', cameras.url(1, 'main'));
}, 30_000);
afterAll(async () => {
  engine.kill('SIGTERM');
  await Promise.all([browser.close(), site.close(), cameras.close(), engine.gone]);
});
afterEach(closeTiles);

/** Ends all pictures of the page, which serves all tests: a new one costs half a second. */
async function closeTiles(): Promise<void> {
  await page.evaluate(() => {
    (globalThis as unknown as ViewerGlobals).closeAll();
  });
}

async function configure(name: string, source: string): Promise<void> {
  await engine.fetch(`/v3/config/paths/replace/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'rtsp', source }),
  });
}
const isRunning = async (name: string): Promise<boolean> => {
  const { items } = (await (await engine.fetch('/v3/paths/list')).json()) as {
    items: { name: string; state: string }[];
  };
  return items.some((item) => item.name === name && item.state === 'running');
};
const view = (path: string, options: Parameters<ViewerGlobals['view']>[1] = {}): Promise<number> =>
  page.evaluate(([p, o]) => (globalThis as unknown as ViewerGlobals).view(p, o), [path, options] as const);
const vitals = async (): Promise<TileVitals> => {
  const [tile] = await page.evaluate(() => (globalThis as unknown as ViewerGlobals).vitals());
  if (tile === undefined) throw new Error('no tile is open');
  return tile;
};
/** How late pictures were. Of a machine that is busy with other things single ones are later. */
const median = (seen: TileVitals['readings']): number =>
  seen.map(({ latencyMs }) => latencyMs ?? Infinity).sort((a, b) => a - b)[seen.length >> 1] ?? Infinity;
const readings = async (count: number): Promise<TileVitals['readings']> => {
  await expect
    .poll(async () => (await vitals()).readings.length, { timeout: 6000, interval: 50 })
    .toBeGreaterThanOrEqual(count);
  return (await vitals()).readings;
};

describe('a viewer', () => {
  it('sees the newest picture at once, of the right camera, and no old pictures played slowly', async () => {
    await expect.poll(() => isRunning('cam1/sub'), { timeout: 4000 }).toBe(true);
    expect(await view('cam1/sub', { readings: 20 })).toBe(201);
    const seen = await readings(20);
    // The GOP is two seconds long and begun at any point of it.
    expect((await vitals()).firstFrameMs).toBeLessThan(1000);
    expect(new Set(seen.map(({ number }) => number))).toEqual(new Set([1]));
    // A third of a second after the first frame the picture is live, and stays so.
    const first = seen[0]?.at ?? 0;
    expect(median(seen.filter(({ at }) => at > first + 300))).toBeLessThan(300);
    // The age of each is told, of the old ones it begins with too: those would else be told two seconds too young at the most.
    // How late a camera sends is the machine's business.
    const told = seen.filter(({ isAhead }) => !isAhead).map(({ toldLateMs }) => toldLateMs ?? Infinity);
    expect(told.length).toBeGreaterThan(10);
    expect(told.filter((ms) => ms < 0 || ms > 500)).toEqual([]);
  });

  it('gets a main stream whose packets are many times the media MTU', async () => {
    await expect.poll(() => isRunning('cam1/main'), { timeout: 4000 }).toBe(true);
    await view('cam1/main', { readings: 25 });
    const seen = await readings(25);
    expect(seen.every(({ number }) => number === 1)).toBe(true);
    expect(await vitals()).toMatchObject({ width: 1280, pliCount: 0 });
  });

  it('gets media over TCP when that is the only way', async () => {
    await view('cam2/sub', { readings: 10, only: 'tcp' });
    const seen = await readings(10);
    expect(seen.every(({ number }) => number === 2)).toBe(true);
    expect((await vitals()).remote).toMatch(/\/tcp$/);
  });
});

it('a viewer on a bad network gets again what was lost, and sees every picture whole', async () => {
  const relay = await startLossyRelay(engine.mediaPort, 15);
  onTestFinished(() => {
    relay.close();
  });
  await view('cam2/sub', { readings: 30, only: 'udp', port: relay.port });
  const seen = await readings(30);
  expect(relay.dropped).toBeGreaterThan(3);
  expect(seen.every(({ number }) => number === 2)).toBe(true);
  // NACK repairs it; the GOP is not needed again.
  expect(await vitals()).toMatchObject({
    nackCount: expect.any(Number) as number,
    pliCount: 0,
    packetsLost: 0,
  });
  expect((await vitals()).nackCount).toBeGreaterThan(0);
});

it('a viewer that leaves is gone at once', async () => {
  const readers = async (): Promise<number> => {
    const { items } = (await (await engine.fetch('/v3/paths/list')).json()) as {
      items: { name: string; readers: number }[];
    };
    return items.find(({ name }) => name === 'cam2/sub')?.readers ?? -1;
  };
  await expect.poll(readers).toBe(0);
  await view('cam2/sub', { readings: 1 });
  await readings(1);
  expect(await readers()).toBe(1);
  await closeTiles();
  await expect.poll(readers).toBe(0);
});

describe('when the camera', () => {
  const seesFresh = async (): Promise<void> => {
    await expect
      .poll(async () => (await vitals()).readings.at(-1)?.latencyMs ?? Infinity, {
        timeout: 6000,
        interval: 50,
      })
      .toBeLessThan(300);
  };

  it('restarts its encoder, the viewer sees a short pause and never a broken picture', async () => {
    await view('cam3/sub', { readings: 500 });
    await readings(5);
    cameras.faults.reboot(3);
    const before = (await vitals()).readings.length;
    await readings(before + 10);
    await seesFresh();
    const { readings: seen, state } = await vitals();
    expect(state).toBe('connected');
    expect(seen.every(({ number }) => number === 3)).toBe(true);
  });

  it('is unplugged for a moment, the same session goes on', async () => {
    await view('cam3/sub', { readings: 500 });
    await readings(5);
    cameras.faults.cut(3);
    const before = (await vitals()).readings.length;
    await readings(before + 10);
    await seesFresh();
    const { readings: seen, state } = await vitals();
    expect(state).toBe('connected');
    expect(seen.every(({ number }) => number === 3)).toBe(true);
  });

  it('loses packets, the viewer sees whole pictures or none', async () => {
    await view('cam3/sub', { readings: 500 });
    await readings(5);
    cameras.faults.set(3, { dropRtpEvery: 20 });
    const before = (await vitals()).readings.length;
    await readings(before + 8);
    cameras.faults.clear(3);
    const { readings: seen } = await vitals();
    expect(seen.every(({ number }) => number === 3)).toBe(true);
  });
});

describe('when the engine', () => {
  it('is killed, its successor gives pictures under the same address', async () => {
    expect(await view('cam2/sub', { readings: 5 })).toBe(201);
    await readings(5);
    const { url, mediaPort } = engine;
    engine.kill('SIGKILL');
    await engine.gone;
    engine = await startEngine({
      PARAPET_LOG_LEVEL: 'warn',
      PARAPET_ENGINE_PORT: new URL(url).port,
      PARAPET_MEDIA_PORT: String(mediaPort),
    });
    await closeTiles();
    expect(await view('cam2/sub')).toBe(404);
    await configure('cam2/sub', cameras.url(2, 'sub'));
    await closeTiles();
    expect(await view('cam2/sub', { readings: 5 })).toBe(201);
    expect((await readings(5)).every(({ number }) => number === 2)).toBe(true);
  });
});

describe('from an XProtect recorder', () => {
  let xprotect: DemoXProtect | undefined;
  afterEach(() => xprotect?.close());

  it('the picture is the camera’s own, live, and outlives its tokens', { timeout: 10_000 }, async () => {
    const camera = siteCameras[6];
    if (camera === undefined) throw new Error('the site has too few cameras');
    xprotect = await startXProtect({
      username: 'u',
      password: 'p',
      pictures,
      cameras: siteCameras.slice(0, 20),
      vmsTokenLifeMs: 1500,
    });
    const session = new SiteSession(xprotect.url);
    await session.logIn('u', 'p');
    await session.soap('Login');
    const port = await session.recorderPort(camera.number);
    const ensure = (): Promise<Response> =>
      engine.fetch('/v3/config/paths/replace/recorded/sub', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          type: 'image-server',
          source: `imageserver://127.0.0.1:${String(port)}/${camera.id}/${streamOf(camera.number, 'sub')}`,
          token: session.vmsToken,
        }),
      });
    await ensure();
    expect(await view('recorded/sub', { readings: 45 })).toBe(201);
    // Twice as long as a token lives.
    for (let count = 1; count <= 45; count += 8) {
      await readings(count);
      await session.soap('Login', { currentToken: session.vmsToken });
      await ensure();
    }
    const seen = await readings(45);
    expect(seen.every(({ number }) => number === camera.number)).toBe(true);
    const first = seen[0]?.at ?? 0;
    expect(median(seen.filter(({ at }) => at > first + 300))).toBeLessThan(300);
    const { items } = (await (await engine.fetch('/v3/paths/list')).json()) as {
      items: { name: string; restarts: number }[];
    };
    expect(items.find(({ name }) => name === 'recorded/sub')?.restarts).toBe(0);
  });
});
