import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openPictures, type Pictures } from '#mocks/camera/synthesis.ts';
import { type DemoRta, startRta } from '#mocks/rta/rta.ts';
import { rtaId } from '#mocks/rta/site.ts';
import { steadyMoment } from '#mocks/rta/testing/steady-moment.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { type EngineChild, startEngine } from '#server/engine/testing/engine-child.ts';
import { createEnginePlayback } from './engine-playback.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const camera = siteCameras[0]!;
const at = steadyMoment(camera, 7_200_000);
const never = new AbortController().signal;
let engine: EngineChild;
let pictures: Pictures;
let rta: DemoRta;

beforeAll(async () => {
  pictures = await openPictures();
  rta = await startRta({ username: 'u', password: 'p', pictures, cameras: [camera] });
  engine = await startEngine();
});
afterEach(() => rta.faults.reset());
afterAll(async () => {
  engine.kill('SIGTERM');
  await Promise.all([engine.gone, rta.close()]);
});

const windowOf = (seconds: number, more: object = {}) => ({
  url: `${rta.rtspUrl}/playback/${rtaId(camera)}?start=${new Date(at).toISOString()}&duration=${String(seconds)}`,
  username: 'u',
  password: 'p',
  start: at,
  end: at + seconds * 1000,
  ...more,
});

describe('recordings through the engine', () => {
  it('are the recorder’s pictures, with their times', async () => {
    const times: number[] = [];
    const feed = createEnginePlayback(engine);
    for await (const { timeMs, codec, isKeyframe, units } of await feed.open(windowOf(6), never)) {
      const known = pictures.at(camera, 'main', pictures.indexAt(camera, 'main', timeMs));
      expect({ codec, isKeyframe, units: Buffer.concat(units) }).toEqual({
        codec: 'H264',
        isKeyframe: known.isKeyframe,
        units: Buffer.concat(known.nalUnits),
      });
      times.push(timeMs);
    }
    expect(times[0]).toBeLessThanOrEqual(at);
    expect(times.at(-1)).toBe(at + 6000 - 40);
    expect(times.every((time, i) => i === 0 || time - (times[i - 1] ?? 0) === 40)).toBe(true);
  });

  it('hold the recorder back while nobody reads, and end with the reader, up to the recorder', async () => {
    const playing = await createEnginePlayback(engine).open(windowOf(3000), never);
    await playing.next();
    expect(rta.streamCount).toBe(1);
    await playing.return();
    await expect.poll(() => rta.streamCount).toBe(0);
  });

  it('end with their signal', async () => {
    const ending = new AbortController();
    const playing = await createEnginePlayback(engine).open(windowOf(3000), ending.signal);
    await playing.next();
    ending.abort(new Error('looked elsewhere'));
    await expect(
      (async () => {
        for await (const picture of playing) expect(picture.units.length).toBeGreaterThan(0);
      })(),
    ).rejects.toThrow('looked elsewhere');
    await expect.poll(() => rta.streamCount).toBe(0);
  });

  it.each([
    ['no-such-stream', {}, { playback: 404 }],
    ['refused', { password: 'wrong' }, {}],
    ['refused', {}, { playback: 403 }],
    ['unavailable', {}, { rtsp: 503 }],
  ] as const)('are %s where the recorder says no', async (code, window, fault) => {
    rta.faults.setCamera(camera.number, fault);
    const error: unknown = await createEnginePlayback(engine)
      .open(windowOf(6, window), never)
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'VmsError', code });
    expect((error as Error).message).not.toMatch(/127|rtsp|wrong/);
  });

  it('are unavailable when they break off, when the engine is not there, and with another secret', async () => {
    rta.faults.setCamera(camera.number, { cutAfterPictures: 30 });
    const playing = await createEnginePlayback(engine).open(windowOf(60), never);
    let count = 0;
    await expect(
      (async () => {
        for await (const picture of playing) count += picture.units.length > 0 ? 1 : 0;
      })(),
    ).rejects.toMatchObject({ code: 'unavailable' });
    expect(count).toBe(30);
    for (const options of [
      { url: () => undefined, secret: 'x' },
      { url: 'http://127.0.0.1:9', secret: 'x' },
      { url: engine.url, secret: 'not the secret' },
    ])
      await expect(createEnginePlayback(options).open(windowOf(6), never)).rejects.toMatchObject({
        code: 'unavailable',
      });
  });

  it('are asked for with a body the engine checks', async () => {
    for (const body of [
      {},
      { source: 'http://x/', start: 1, end: 2 },
      { source: 'rtsp://x/', start: 2, end: 1 },
    ]) {
      const response = await engine.fetch('/v3/playback', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(400);
    }
    expect((await engine.fetch('/v3/playback')).status).toBe(405);
    expect(engine.output()).not.toMatch(/wrong|playback\/cam/);
  });
});
