import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startRtspCameras, type RtspCameras } from '#mocks/camera/rtsp/server.ts';
import { numberedPictures } from '#mocks/camera/rtsp/testing/numbered-pictures.ts';
import { startEngine, type EngineChild } from '#server/engine/testing/engine-child.ts';
import { chromiumOffer } from '#server/engine/testing/offers.ts';
import type { Gateway } from '#server/gateway/gateway.ts';
import type { LiveSource } from '#server/vms/vms.ts';
import { createEngineGateway } from './engine-gateway.ts';

const never = new AbortController().signal;
const vp8 = chromiumOffer.replaceAll('H264/90000', 'VP8/90000');
const fragment =
  'a=ice-ufrag:Z4RH\r\na=ice-pwd:o7oImzPzulbCROGpurgJbc2G\r\na=candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host\r\n';

describe('with an engine', () => {
  let engine: EngineChild;
  let cameras: RtspCameras;
  let gateway: Gateway;
  const source = (): LiveSource => ({ kind: 'rtsp', url: cameras.url(1, 'sub') });

  beforeAll(async () => {
    const subjects = [{ number: 1, caption: 'Gate', scene: 'gate' }];
    const auth = { kind: 'digest', username: 'viewer', password: 'correct horse' } as const;
    cameras = await startRtspCameras({ subjects, pictures: numberedPictures(), auth });
    engine = await startEngine({ PARAPET_LINGER_MS: '0' });
    gateway = createEngineGateway(engine);
  });
  afterAll(async () => {
    engine.kill('SIGTERM');
    await Promise.all([engine.gone, cameras.close()]);
  });
  const welcome = (): LiveSource =>
    ({ ...source(), username: 'viewer', password: 'correct horse' }) as LiveSource;

  it('a picture is had, trickled to, and given back', async () => {
    await gateway.ensurePath('gate/sub', welcome(), never);
    const answer = await gateway.offer('gate/sub', chromiumOffer, never);
    expect(answer.sdp).toContain('a=sendonly');
    expect(answer.etag).toMatch(/^".+"$/);
    await expect(gateway.patch(answer.session, fragment, answer.etag, never)).resolves.toBeUndefined();
    expect(await gateway.paths(never)).toEqual([
      {
        path: 'gate/sub',
        state: expect.stringMatching(/connecting|running/),
        since: expect.any(Number),
        viewers: 1,
      },
    ]);
    await gateway.closeSession(answer.session, never);
    await gateway.closeSession(answer.session, never);
    await gateway.dropPath('gate/sub', never);
    await gateway.dropPath('gate/sub', never);
    await expect.poll(() => gateway.paths(never)).toEqual([]);
  });

  it('the camera’s refusal is told apart, with the time to wait', async () => {
    await gateway.ensurePath(
      'locked/sub',
      { ...source(), username: 'viewer', password: 'wrong' } as LiveSource,
      never,
    );
    await expect(gateway.offer('locked/sub', chromiumOffer, never)).rejects.toMatchObject({
      name: 'GatewayError',
      code: 'source-refused',
      retryAfterS: 10,
    });
    await expect
      .poll(() => gateway.paths(never))
      .toContainEqual(
        expect.objectContaining({ path: 'locked/sub', state: 'error', code: 'source-refused' }),
      );
    await gateway.dropPath('locked/sub', never);
  });

  it.each<[string, string, (g: Gateway) => Promise<unknown>]>([
    ['an offer that is none', 'bad-offer', (g) => g.offer('open/sub', 'hello', never)],
    ['an offer without the codec', 'codec-unsupported', (g) => g.offer('open/sub', vp8, never)],
    ['a path not known', 'not-found', (g) => g.offer('nothing/sub', chromiumOffer, never)],
    ['a session not known', 'not-found', (g) => g.patch('/open/sub/whep/x', fragment, undefined, never)],
    [
      'a session that would leave the engine',
      'not-found',
      (g) => g.patch('@192.0.2.1/', fragment, undefined, never),
    ],
    ['a camera that is off', 'camera-offline', (g) => g.offer('off/sub', chromiumOffer, never)],
  ])('%s is %s', async (_what, code, ask) => {
    await gateway.ensurePath('open/sub', welcome(), never);
    await gateway.ensurePath('off/sub', { kind: 'rtsp', url: 'rtsp://127.0.0.1:1/' }, never);
    const error: unknown = await ask(gateway).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'GatewayError', code });
    expect(String(error)).not.toMatch(/127\.0\.0\.1|rtsp:|http:/);
  });

  it('an ICE restart, which it cannot do, is a bad offer', async () => {
    await gateway.ensurePath('open/sub', welcome(), never);
    const { session } = await gateway.offer('open/sub', chromiumOffer, never);
    const restart = gateway.patch(session, fragment.replace('Z4RH', 'New1'), '*', never);
    await expect(restart).rejects.toMatchObject({ code: 'bad-offer' });
  });

  it('a recorder’s source reaches it with everything in it', async () => {
    await gateway.ensurePath(
      'recorded/main',
      {
        kind: 'image-server',
        host: '::1',
        port: 1,
        tls: false,
        deviceId: 'd-1',
        streamId: 's 2',
        token: 'TOKEN#t',
        tokenExpiresAt: 0,
      },
      never,
    );
    await expect
      .poll(() => gateway.paths(never))
      .toContainEqual(
        expect.objectContaining({ path: 'recorded/main', state: 'error', code: 'camera-offline' }),
      );
  });

  it('its incarnation stays the same while it lives', async () => {
    expect(await gateway.incarnation(never)).toBe(await gateway.incarnation(never));
  });

  it('the wrong secret is as good as no engine', async () => {
    const stranger = createEngineGateway({ url: engine.url, secret: 'not the secret' });
    await expect(stranger.paths(never)).rejects.toMatchObject({ code: 'gateway-unavailable' });
  });
});

describe('without an engine', () => {
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }

  it.each<[string, RequestListener]>([
    ['nobody answers', () => undefined],
    ['somebody else answers', (_request, response) => response.end('<html>nginx</html>')],
    ['it is another engine', (_request, response) => response.end('{"version":1}')],
    ['it fails', (_request, response) => response.writeHead(500).end('at /srv/secret.ts:1')],
    [
      'it redirects',
      (_request, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
    ],
  ])('%s: it is unavailable, in words that give nothing away', async (_what, listener) => {
    const url = await serve(listener);
    const gateway = createEngineGateway({ url, secret: 's', timeoutMs: 100 });
    const error: unknown = await gateway.incarnation(never).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'GatewayError', code: 'gateway-unavailable' });
    expect(String(error)).not.toMatch(/127\.0\.0\.1|secret|nginx/);
  });

  it('it is unavailable while its address is not known, or nothing listens there', async () => {
    for (const url of [() => undefined, 'http://127.0.0.1:1'])
      await expect(createEngineGateway({ url, secret: 's' }).paths(never)).rejects.toMatchObject({
        code: 'gateway-unavailable',
      });
  });

  it('giving up is no error of the gateway', async () => {
    const url = await serve(() => undefined);
    const gaveUp = new AbortController();
    const asking = createEngineGateway({ url, secret: 's' }).offer('a/sub', 'v=0', gaveUp.signal);
    gaveUp.abort(new Error('changed my mind'));
    await expect(asking).rejects.toThrow('changed my mind');
    await expect(
      createEngineGateway({ url, secret: 's' }).paths(AbortSignal.abort(new Error('before'))),
    ).rejects.toThrow('before');
  });
});
