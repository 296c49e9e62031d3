import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRtspCameras } from '#mocks/camera/rtsp/server.ts';
import { numberedPictures } from '#mocks/camera/rtsp/testing/numbered-pictures.ts';
import { readSettings } from './settings.ts';
import { startEngine, type EngineChild } from './testing/engine-child.ts';
import { chromiumOffer } from './testing/offers.ts';

async function engineWith(env: Record<string, string> = {}): Promise<EngineChild> {
  const engine = await startEngine(env);
  onTestFinished(() => {
    engine.kill('SIGKILL');
  });
  return engine;
}
async function oneCamera() {
  const subjects = [{ number: 1, caption: 'Gate', scene: 'gate' }];
  const cameras = await startRtspCameras({ subjects, pictures: numberedPictures() });
  onTestFinished(() => cameras.close());
  return cameras;
}
const configure = (engine: EngineChild, source: string): Promise<Response> =>
  engine.fetch('/v3/config/paths/replace/gate/sub', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'rtsp', source }),
  });
const drop = (engine: EngineChild): Promise<Response> =>
  engine.fetch('/v3/config/paths/delete/gate/sub', { method: 'DELETE' });
const offer = (engine: EngineChild): Promise<Response> =>
  engine.fetch('/gate/sub/whep', {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: chromiumOffer,
  });
const names = async (engine: EngineChild): Promise<string[]> =>
  ((await (await engine.fetch('/v3/paths/list')).json()) as { items: { name: string }[] }).items.map(
    ({ name }) => name,
  );

describe('the engine ends', () => {
  it.each<[string, (engine: EngineChild) => void]>([
    [
      'on SIGTERM',
      (engine) => {
        engine.kill('SIGTERM');
      },
    ],
    [
      'on SIGINT',
      (engine) => {
        engine.kill('SIGINT');
      },
    ],
    [
      'when its supervisor is gone',
      (engine) => {
        engine.disconnect();
      },
    ],
  ])('%s within a second, and takes leave of its cameras', async (_how, end) => {
    const cameras = await oneCamera();
    const engine = await engineWith();
    await configure(engine, cameras.url(1, 'sub'));
    expect((await offer(engine)).status).toBe(201);
    await expect.poll(() => cameras.sessions().length).toBe(1);
    const asked = performance.now();
    end(engine);
    expect(await engine.gone).toBe(0);
    expect(performance.now() - asked).toBeLessThan(1000);
    expect(cameras.sessions()).toEqual([]);
  });

  it('and another one begins, with nothing of the old in it', async () => {
    const first = await engineWith();
    await configure(first, 'rtsp://127.0.0.1:1/x');
    const started = async (engine: EngineChild): Promise<string> =>
      ((await (await engine.fetch('/v3/info')).json()) as { started: string }).started;
    const before = await started(first);
    first.kill('SIGKILL');
    await first.gone;
    const second = await engineWith({
      PARAPET_MEDIA_PORT: String(first.mediaPort),
      PARAPET_ENGINE_PORT: new URL(first.url).port,
    });
    expect([second.url, second.mediaPort]).toEqual([first.url, first.mediaPort]);
    expect(await started(second)).not.toBe(before);
    expect(await names(second)).toEqual([]);
  });
});

describe('a path', () => {
  it('that is dropped closes after the linger, when nobody watches', async () => {
    const cameras = await oneCamera();
    const engine = await engineWith({ PARAPET_LINGER_MS: '150' });
    await configure(engine, cameras.url(1, 'sub'));
    await expect.poll(() => cameras.sessions().length).toBe(1);
    await drop(engine);
    expect(await names(engine)).toEqual(['gate/sub']);
    expect((await offer(engine)).status).toBe(404);
    await expect.poll(() => names(engine)).toEqual([]);
    await expect.poll(() => cameras.sessions()).toEqual([]);
  });

  it('that is wanted again in time has never been away', async () => {
    const cameras = await oneCamera();
    const engine = await engineWith({ PARAPET_LINGER_MS: '300' });
    await configure(engine, cameras.url(1, 'sub'));
    await expect.poll(() => cameras.sessions().length).toBe(1);
    const id = cameras.sessions()[0]?.id;
    await drop(engine);
    await configure(engine, cameras.url(1, 'sub'));
    const wait = performance.now();
    await expect.poll(() => performance.now() - wait).toBeGreaterThan(500);
    expect(cameras.sessions().map((session) => session.id)).toEqual([id]);
  });

  it('stays for its last viewer', async () => {
    const cameras = await oneCamera();
    const engine = await engineWith({ PARAPET_LINGER_MS: '0' });
    await configure(engine, cameras.url(1, 'sub'));
    const opened = await offer(engine);
    expect(opened.status).toBe(201);
    const location = opened.headers.get('location') ?? '';
    await drop(engine);
    const wait = performance.now();
    await expect.poll(() => performance.now() - wait).toBeGreaterThan(200);
    expect(await names(engine)).toEqual(['gate/sub']);
    await engine.fetch(location, { method: 'DELETE' });
    await expect.poll(() => names(engine)).toEqual([]);
  });
});

describe('a start', () => {
  it('with the media port taken names the port', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    onTestFinished(() => {
      socket.close();
    });
    const { port } = socket.address();
    await expect(
      startEngine({ PARAPET_MEDIA_PORT: String(port), PARAPET_MEDIA_HOST: '127.0.0.1' }),
    ).rejects.toThrow(`The media port ${String(port)}/udp is taken by another program.`);
  });

  it('with its own port taken names that one', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    await expect(startEngine({ PARAPET_ENGINE_PORT: String(port) })).rejects.toThrow(
      `port ${String(port)} cannot be opened`,
    );
  });

  it('with wrong settings names them all, and none of their values', () => {
    const wrong = {
      PARAPET_ENGINE_SECRET: 'short',
      PARAPET_MEDIA_MTU: '9000',
      PARAPET_MEDIA_ADDRESSES: '192.0.2.1, nowhere',
    };
    expect(() => readSettings(wrong)).toThrow(
      /PARAPET_ENGINE_SECRET, .*PARAPET_MEDIA_ADDRESSES, PARAPET_MEDIA_MTU/,
    );
    expect(() => readSettings(wrong)).not.toThrow(/short|nowhere|9000/);
  });

  it('with nothing but a secret has defaults for the rest', () => {
    expect(
      readSettings({
        PARAPET_ENGINE_SECRET: 'x'.repeat(16),
        PARAPET_MEDIA_ADDRESSES: '',
        PARAPET_MEDIA_HOST: '',
      }),
    ).toMatchObject({
      PARAPET_MEDIA_MTU: 1200,
      PARAPET_LINGER_MS: 10_000,
      PARAPET_MEDIA_ADDRESSES: [],
      PARAPET_MEDIA_PORT: 0,
    });
  });
});
