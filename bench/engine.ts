import { chromium, type Page } from 'playwright';
import { startRtspCameras } from '#mocks/camera/rtsp/server.ts';
import { openPictures, type Pictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { SiteSession, streamOf } from '#mocks/xprotect/testing/site-session.ts';
import { startXProtect } from '#mocks/xprotect/xprotect.ts';
import { startEngine, type EngineChild } from '#server/engine/testing/engine-child.ts';
import { serveViewerPage, type TileVitals, type ViewerGlobals } from '#server/engine/testing/viewer-page.ts';
import { chromiumFlags, needChromium } from '../.ci/machine.ts';
import { watchCost } from './process-cost.ts';
import { spread } from './statistics.ts';

/** The strips of so many tiles are read; reading those of all would measure the reading. */
const readTiles = 4;
const readingsEach = 60;

/** Where pictures come from, and how a path is told so. */
interface Cameras {
  request(number: number): Promise<object>;
  close(): Promise<void>;
}

/**
 * The engine alone, in real Chromium, without BFF and app: first frame, latency (from the strip), frames and cost.
 * Options: `tiles` (a list, default 16,36), `from` (rtsp or image-server, default both), `seconds` of steady state
 * (default 10), `starts` (keyframe, or now: RTSP cameras that make no keyframe on demand; default keyframe).
 * Each is measured cold (offers follow as soon as the paths are configured) and warm (three seconds later).
 */
export async function run(options: Record<string, string> = {}): Promise<object> {
  const pictures = await openPictures();
  const counts = (options['tiles'] ?? '16,36').split(',').map(Number);
  const kinds = options['from'] === undefined ? ['rtsp', 'image-server'] : [options['from']];
  const seconds = Number(options['seconds'] ?? '10');
  const runs: object[] = [];
  for (const kind of kinds)
    for (const tiles of counts) {
      const cameras =
        kind === 'rtsp' ? await overRtsp(pictures, options['starts']) : await fromRecorder(pictures);
      try {
        for (const start of ['cold', 'warm'] as const)
          runs.push({ from: kind, tiles, start, ...(await measure(cameras, tiles, start, seconds)) });
      } finally {
        await cameras.close();
      }
    }
  return { runs };
}

async function overRtsp(pictures: Pictures, starts: string | undefined): Promise<Cameras> {
  const startsAt = starts === 'now' ? 'now' : 'keyframe';
  const cameras = await startRtspCameras({ subjects: siteCameras, pictures, startsAt });
  return {
    request: (number) => Promise.resolve({ type: 'rtsp', source: cameras.url(number, 'sub') }),
    close: () => cameras.close(),
  };
}

async function fromRecorder(pictures: Pictures): Promise<Cameras> {
  const xprotect = await startXProtect({ username: 'u', password: 'p', pictures });
  const session = new SiteSession(xprotect.url);
  await session.logIn('u', 'p');
  await session.soap('Login');
  return {
    async request(number) {
      const port = await session.recorderPort(number);
      const device = siteCameras[number - 1]?.id ?? '';
      const source = `imageserver://127.0.0.1:${String(port)}/${device}/${streamOf(number, 'sub')}`;
      return { type: 'image-server', source, token: session.vmsToken };
    },
    close: () => xprotect.close(),
  };
}

async function measure(
  cameras: Cameras,
  tiles: number,
  start: 'cold' | 'warm',
  seconds: number,
): Promise<object> {
  const numbers = Array.from({ length: tiles }, (_, i) => i + 1);
  const requests = await Promise.all(numbers.map((number) => cameras.request(number)));
  const engine = await startEngine({ PARAPET_LOG_LEVEL: 'warn' });
  const site = await serveViewerPage(() => engine);
  const browser = await chromium.launch({ executablePath: needChromium(), args: chromiumFlags });
  try {
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
    await page.goto(site.url);
    await page.waitForFunction(() => (globalThis as unknown as ViewerGlobals).ready);
    const began = performance.now();
    await Promise.all(requests.map((request, i) => configure(engine, i + 1, request)));
    const configureMs = Math.round(performance.now() - began);
    if (start === 'warm') await sleep(3000);
    await openAll(page, tiles);
    await sleep(5000);
    const before = await vitalsOf(page);
    const cost = watchCost({ engine: engine.pid });
    const from = performance.now();
    await sleep(seconds * 1000);
    const after = await vitalsOf(page);
    const elapsedS = (performance.now() - from) / 1000;
    return { configureMs, ...summary(before, after, elapsedS), engine: cost()['engine'] };
  } finally {
    await browser.close();
    await site.close();
    engine.kill('SIGTERM');
    await engine.gone;
  }
}

function summary(before: readonly TileVitals[], after: readonly TileVitals[], elapsedS: number): object {
  const sum = (of: (tile: TileVitals) => number | undefined): number =>
    after.reduce((total, tile) => total + (of(tile) ?? 0), 0);
  const live = after.flatMap(({ readings }) => readings.filter((r) => r.at > (readings[0]?.at ?? 0) + 1000));
  const wrong = after.flatMap(({ path, readings }) =>
    readings.filter((r) => `cam${String(r.number)}/sub` !== path),
  );
  const fps = after.map(
    (tile, i) => ((tile.framesDecoded ?? 0) - (before[i]?.framesDecoded ?? 0)) / elapsedS,
  );
  return {
    moving: after.filter(({ ageMs }) => (ageMs ?? Infinity) < 1000).length,
    firstFrameMs: spread(after.map(({ firstFrameMs }) => firstFrameMs ?? Infinity)),
    answerMs: spread(after.map(({ answerMs }) => answerMs ?? Infinity)),
    latencyMs: spread(live.map(({ latencyMs }) => latencyMs ?? Infinity)),
    unreadOrWrongStrips: wrong.length,
    jitterBufferMs: spread(
      after.map((t) => (1000 * (t.jitterBufferDelay ?? 0)) / Math.max(1, t.jitterBufferEmittedCount ?? 0)),
    ),
    decodedFps: {
      min: Number(Math.min(...fps).toFixed(1)),
      mean: Number((fps.reduce((a, b) => a + b, 0) / fps.length).toFixed(1)),
    },
    dropped: sum((t) => t.framesDropped),
    packetsLost: sum((t) => t.packetsLost),
    nack: sum((t) => t.nackCount),
    pli: sum((t) => t.pliCount),
  };
}

async function configure(engine: EngineChild, number: number, request: object): Promise<void> {
  const response = await engine.fetch(`/v3/config/paths/replace/cam${String(number)}/sub`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  if (!response.ok)
    throw new Error(`The engine does not take camera ${String(number)}: ${String(response.status)}`);
}

const openAll = (page: Page, tiles: number): Promise<number[]> =>
  page.evaluate(
    ([count, readFirst, readings]) =>
      Promise.all(
        Array.from({ length: count }, (_, i) =>
          (globalThis as unknown as ViewerGlobals).view(`cam${String(i + 1)}/sub`, {
            readings: i < readFirst ? readings : 0,
          }),
        ),
      ),
    [tiles, readTiles, readingsEach] as const,
  );

const vitalsOf = (page: Page): Promise<TileVitals[]> =>
  page.evaluate(() => (globalThis as unknown as ViewerGlobals).vitals());

async function sleep(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  setTimeout(resolve, ms, undefined);
  await promise;
}
