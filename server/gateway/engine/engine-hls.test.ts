import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startRtspCameras, type RtspCameras } from '#mocks/camera/rtsp/server.ts';
import { numberedPictures } from '#mocks/camera/rtsp/testing/numbered-pictures.ts';
import { startEngine, type EngineChild } from '#server/engine/testing/engine-child.ts';
import type { Gateway, HlsAnswer } from '#server/gateway/gateway.ts';
import { createEngineGateway } from './engine-gateway.ts';

const never = new AbortController().signal;
const nothing = new URLSearchParams();
const text = (answer: HlsAnswer): Promise<string> => new Response(answer.body as BodyInit).text();

describe('LL-HLS through the gateway', () => {
  let engine: EngineChild;
  let cameras: RtspCameras;
  let gateway: Gateway;
  beforeAll(async () => {
    const subjects = [{ number: 1, caption: 'Gate', scene: 'gate' }];
    cameras = await startRtspCameras({ subjects, pictures: numberedPictures() });
    engine = await startEngine();
    gateway = createEngineGateway(engine);
    await gateway.ensurePath('gate/sub', { kind: 'rtsp', url: cameras.url(1, 'sub') }, never);
  });
  afterAll(async () => {
    engine.kill('SIGTERM');
    await Promise.all([engine.gone, cameras.close()]);
  });

  it('is warmed, then played: playlists, the piece they name, and a viewer in the report', async () => {
    const warm = await gateway.hls('gate/sub', 'index.m3u8', new URLSearchParams({ warm: '' }), never);
    expect(warm).toMatchObject({ status: 204 });
    const index = await gateway.hls('gate/sub', 'index.m3u8', nothing, never);
    expect(index).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'no-store' },
    });
    expect(await text(index)).toContain('media.m3u8');
    const media = await text(await gateway.hls('gate/sub', 'media.m3u8', nothing, never));
    const init = /init-\d+\.mp4/.exec(media)?.[0] ?? '';
    const piece = await gateway.hls('gate/sub', init, nothing, never);
    expect(piece.headers).toMatchObject({ 'content-type': 'video/mp4' });
    expect((await text(piece)).slice(4, 12)).toBe('ftypiso6');
    expect(await gateway.paths(never)).toMatchObject([{ path: 'gate/sub', viewers: 1 }]);
  });

  it('passes on what the protocol says no with, and nothing that is not its own', async () => {
    const far = new URLSearchParams({ _HLS_msn: '999999999999', token: 'secret' });
    const answer = await gateway.hls('gate/sub', 'media.m3u8', far, never);
    expect({ ...answer, body: await text(answer) }).toEqual({ status: 400, headers: {}, body: '' });
  });

  it.each([
    ['gate/sub', 'seg-1.mp4'],
    ['gate/sub', '../whep'],
    ['gate/sub', 'media.m3u8?x'],
    ['other/sub', 'index.m3u8'],
  ])('knows no %s %s', async (path, file) => {
    await expect(gateway.hls(path, file, nothing, never)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('says that the camera is not there as an offer would', async () => {
    const gone = createServer();
    gone.listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await gateway.ensurePath('gone/sub', { kind: 'rtsp', url: `rtsp://127.0.0.1:${String(port)}/x` }, never);
    await expect(gateway.hls('gone/sub', 'index.m3u8', nothing, never)).rejects.toMatchObject({
      code: 'camera-offline',
      retryAfterS: 2,
    });
  });

  it('gives up with its caller, which is no error of the gateway’s', async () => {
    const leaving = new AbortController();
    const blocked = gateway.hls('gate/sub', 'part-99999999999-0.mp4', nothing, leaving.signal);
    leaving.abort();
    await expect(blocked).rejects.toMatchObject({ name: 'AbortError' });
  });
});

it.each<[string, RequestListener]>([
  [
    'a 503 of somebody else',
    (_request, response) => {
      response.statusCode = 503;
      response.end('<html>');
    },
  ],
  [
    'no answer',
    (request) => {
      request.socket.destroy();
    },
  ],
])('takes %s for an engine that is not there', async (_what, listener) => {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const gateway = createEngineGateway({ url, secret: 'a-secret-for-this-test-only' });
  await expect(gateway.hls('gate/sub', 'media.m3u8', nothing, never)).rejects.toMatchObject({
    code: 'gateway-unavailable',
  });
});
