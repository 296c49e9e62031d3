import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRtspCameras, type RtspCameras } from '#mocks/camera/rtsp/server.ts';
import { numberedPictures } from '#mocks/camera/rtsp/testing/numbered-pictures.ts';
import { startEngine, type EngineChild } from '#server/engine/testing/engine-child.ts';
import { startEndpoint, type Endpoint } from '#server/engine/whip/testing/endpoint.ts';
import { createEngineGateway } from './engine-gateway.ts';
import { createEnginePublisher } from './engine-publisher.ts';

const never = new AbortController().signal;
let engine: EngineChild;
let cameras: RtspCameras;
let endpoint: Endpoint;

beforeAll(async () => {
  cameras = await startRtspCameras({
    subjects: [{ number: 1, caption: 'Gate', scene: 'gate' }],
    pictures: numberedPictures(),
  });
  endpoint = await startEndpoint();
  engine = await startEngine({ PARAPET_LINGER_MS: '0' });
});
afterAll(async () => {
  engine.kill('SIGTERM');
  await Promise.all([engine.gone, cameras.close()]);
  endpoint.close();
});

const publication = { path: 'p1_sub', room: 'camera_p1', identity: 'IN_1' };
const post = async (path: string, body: unknown, type = 'application/json'): Promise<number> =>
  (
    await engine.fetch(path, {
      method: 'POST',
      headers: { 'content-type': type },
      body: JSON.stringify(body),
    })
  ).status;

it('publishes through the engine, tells how it goes, and ends it', async () => {
  const publisher = createEnginePublisher(engine);
  const to = { url: endpoint.url, token: 'a-token-nobody-may-see' };
  await expect(publisher.publish(publication, to, never)).rejects.toMatchObject({ code: 'not-found' });
  await createEngineGateway(engine).ensurePath('p1_sub', { kind: 'rtsp', url: cameras.url(1, 'sub') }, never);
  await publisher.publish(publication, to, never);
  await expect
    .poll(() => publisher.publications(never), { timeout: 20_000 })
    .toEqual([{ path: 'p1_sub', name: 'camera_p1 IN_1', state: 'running' }]);
  expect(endpoint.sessions[0]?.token).toBe('Bearer a-token-nobody-may-see');
  await publisher.unpublish('p1_sub', never);
  await publisher.unpublish('p1_sub', never);
  expect(await publisher.publications(never)).toEqual([]);
  await expect.poll(() => endpoint.sessions[0]?.isEnded, { timeout: 20_000 }).toBe(true);
  expect(engine.output()).not.toContain('nobody-may-see');
});

it('is refused targets that are none, without hearing them again', async () => {
  const at = '/v3/config/whip/replace/p1_sub';
  const right = { url: endpoint.url, token: 'a-token-nobody-may-see', name: 'x' };
  expect(await post(at, { ...right, url: 'ftp://x' })).toBe(400);
  expect(await post(at, right, 'text/plain')).toBe(415);
  expect(await post('/v3/config/whip/replace/..%2fx', right)).toBe(400);
  expect((await engine.fetch(at)).status).toBe(405);
  const refused = await engine.fetch(at, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...right, url: 'ftp://secret-place' }),
  });
  expect(await refused.text()).not.toMatch(/secret-place|nobody-may-see/);
});
