/** The engine's WHIP push into the real LiveKit. */
import { AccessToken, RoomServiceClient, TrackType } from 'livekit-server-sdk';
import { afterEach, beforeAll, expect, it, vi, type TestContext } from 'vitest';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { startRtspCameras } from '#mocks/camera/rtsp/server.ts';
// What the engine says to a stranger is the question: it runs as the process that it is.
// eslint-disable-next-line house/lean-only-on
import { startEngine, type EngineChild } from '#server/engine/testing/engine-child.ts';
import { realServer, type RealServer } from './build.ts';
import { startLiveKit, type LiveKit } from './livekit.ts';

let server: RealServer;
const open: { close(): Promise<unknown> }[] = [];
const patience = { timeout: 30_000, interval: 100 };

beforeAll(async () => {
  server = await realServer('livekit');
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function started(context: TestContext) {
  if ('skipped' in server) context.skip(server.skipped);
  const livekit = await startLiveKit();
  if ('skipped' in livekit) context.skip(livekit.skipped);
  open.push(livekit);
  const cameras = await startRtspCameras({
    subjects: [{ number: 7, caption: 'Corniche Road', scene: 'junction' }],
    pictures: await openPictures(),
  });
  open.push(cameras);
  const engine = await startEngine({ PARAPET_LINGER_MS: '100' });
  open.push({
    close: () => {
      engine.kill('SIGTERM');
      return engine.gone;
    },
  });
  const rooms = new RoomServiceClient(livekit.apiUrl, livekit.apiKey, livekit.apiSecret);
  await post(engine, '/v3/config/paths/replace/p7_sub', { type: 'rtsp', source: cameras.url(7, 'sub') });
  return { livekit, engine, rooms };
}

async function post(engine: EngineChild, path: string, body: object): Promise<void> {
  const response = await engine.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect([response.status, await response.text()]).toEqual([200, '{"status":"ok"}']);
}

async function target(livekit: LiveKit, identity = 'IN_7') {
  const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity, ttl: 600 });
  token.addGrant({ roomJoin: true, room: 'camera_p7', canPublish: true, canSubscribe: false });
  return { url: `${livekit.apiUrl}/whip/v1`, token: await token.toJwt(), name: `camera_p7 ${identity}` };
}

async function pushOf(engine: EngineChild) {
  const list = (await (await engine.fetch('/v3/paths/list')).json()) as {
    items: { name: string; whip?: { state: string; code?: string; packets: number; connections: number } }[];
  };
  return list.items.find(({ name }) => name === 'p7_sub')?.whip;
}

/** The video that LiveKit has of the camera. */
async function published(rooms: RoomServiceClient) {
  const participants = await rooms.listParticipants('camera_p7').catch(() => []);
  return participants.flatMap(({ identity, tracks }) =>
    tracks
      .filter(({ type }) => type === TrackType.VIDEO)
      .map(({ mimeType }) => ({ identity, mimeType: mimeType.toLowerCase() })),
  );
}

it('publishes H.264 into a room, and leaves it when it is told to', async (context) => {
  const { livekit, engine, rooms } = await started(context);
  await rooms.createRoom({ name: 'camera_p7' });
  await post(engine, '/v3/config/whip/replace/p7_sub', await target(livekit));
  await vi.waitFor(async () => {
    expect(await pushOf(engine)).toMatchObject({ state: 'running', connections: 1 });
    expect(await published(rooms)).toEqual([{ identity: 'IN_7', mimeType: 'video/h264' }]);
  }, patience);
  // It tells what it receives, so the connection lives; a fresh token leaves it alone.
  await post(engine, '/v3/config/whip/replace/p7_sub', await target(livekit));
  await vi.waitFor(() => expect(engine.output()).toMatch(/WHIP push sends at \d/), patience);
  expect(await pushOf(engine)).toMatchObject({ state: 'running', connections: 1 });

  const response = await engine.fetch('/v3/config/whip/delete/p7_sub', { method: 'DELETE' });
  expect(response.status).toBe(200);
  await vi.waitFor(async () => expect(await published(rooms)).toEqual([]), patience);
  expect(engine.output()).toMatch(/"msg":"WHIP push is connected"/);
  expect(engine.output()).not.toContain('eyJ');
});

it('makes the room where there is none: WHIP does, whatever LiveKit is told about joining', async (context) => {
  const { livekit, engine, rooms } = await started(context);
  await post(engine, '/v3/config/whip/replace/p7_sub', await target(livekit));
  await vi.waitFor(async () => expect(await published(rooms)).toHaveLength(1), patience);
});

it('says that the token is refused, and goes on with a better one', async (context) => {
  const { livekit, engine, rooms } = await started(context);
  await rooms.createRoom({ name: 'camera_p7' });
  const right = await target(livekit);
  const wrong = await target({ ...livekit, apiSecret: 'another-secret-that-livekit-has-never-heard-of' });
  await post(engine, '/v3/config/whip/replace/p7_sub', wrong);
  await vi.waitFor(
    async () => expect(await pushOf(engine)).toMatchObject({ state: 'error', code: 'target-refused' }),
    patience,
  );
  await post(engine, '/v3/config/whip/replace/p7_sub', right);
  await vi.waitFor(async () => expect(await published(rooms)).toHaveLength(1), patience);
});

it('comes back by itself after LiveKit was killed', async (context) => {
  const { livekit, engine, rooms } = await started(context);
  await rooms.createRoom({ name: 'camera_p7' });
  await post(engine, '/v3/config/whip/replace/p7_sub', await target(livekit));
  await vi.waitFor(async () => expect(await published(rooms)).toHaveLength(1), patience);
  await livekit.kill();
  await vi.waitFor(
    async () => expect(await pushOf(engine)).toMatchObject({ state: 'error', code: 'target-unavailable' }),
    patience,
  );
  await livekit.start();
  await rooms.createRoom({ name: 'camera_p7' });
  await vi.waitFor(async () => {
    expect(await published(rooms)).toHaveLength(1);
    expect(await pushOf(engine)).toMatchObject({ state: 'running', connections: 2 });
  }, patience);
});
