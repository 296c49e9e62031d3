/**
 * Parapet with the real LiveKit, seen with the real client in Chromium: the reservation API as the requirements test it
 * ("Testing WHIP with Milestone Cameras"), and what LiveKit is to people at a wall.
 */
import { RoomServiceClient, TrackType } from 'livekit-server-sdk';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { type Parapet, password, startParapet } from '../parapet.ts';
import { realServer } from './build.ts';
import { freeTcpPort, startLiveKit, type LiveKit } from './livekit.ts';
import { openRoomPage, type RoomPage } from './room-page.ts';

const patience = { timeout: 40_000, interval: 100 };
const serviceToken = 'service-token-of-the-real-tests';
let skipped: string | undefined;
let livekit: LiveKit;
let parapet: Parapet;
let rooms: RoomServiceClient;
let page: RoomPage;
const open: { close(): Promise<unknown> }[] = [];

vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  const server = await realServer('livekit');
  if ('skipped' in server) {
    skipped = server.skipped;
    return;
  }
  const port = await freeTcpPort();
  const started = await startLiveKit({
    webhookUrl: `http://127.0.0.1:${String(port)}/api/webhooks/livekit`,
  });
  if ('skipped' in started) throw new Error(started.skipped);
  livekit = started;
  open.push(livekit);
  rooms = new RoomServiceClient(livekit.apiUrl, livekit.apiKey, livekit.apiSecret);
  const opened = await openRoomPage();
  if (opened === undefined) {
    skipped = 'this needs Chromium, which this machine does not have';
    return;
  }
  page = opened;
  open.push(page);
  parapet = await startParapet({
    PORT: String(port),
    PARAPET_LIVEKIT_URL: livekit.url,
    PARAPET_LIVEKIT_API_KEY: livekit.apiKey,
    PARAPET_LIVEKIT_API_SECRET: livekit.apiSecret,
    PARAPET_LIVEKIT_LINGER_MS: '1000',
    PARAPET_MEDIA_LINGER_MS: '1000',
    PARAPET_RESERVATIONS_TOKEN: serviceToken,
    PARAPET_LOG_LEVEL: 'info',
  });
  open.push({ close: () => parapet.stop() });
});
afterAll(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
beforeEach((context) => {
  if (skipped !== undefined) context.skip(skipped);
});

interface Reservation {
  reservation_id: string;
  ingress_id: string;
  whip_url: string;
  livekit_token: string;
  room_name: string;
  expires_at: string;
}

/** A request as the requirements' examples make it, with the service token. */
const machine = (method: string, path: string, body?: object, token = serviceToken): Promise<Response> =>
  fetch(parapet.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function reserve(cameraId: string, userId = 'test-user', quality = 'medium'): Promise<Reservation> {
  const response = await machine('POST', '/api/v1/stream/reserve', {
    camera_id: cameraId,
    user_id: userId,
    quality,
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Reservation;
}
const release = (id: string): Promise<Response> => machine('DELETE', `/api/v1/stream/release/${id}`);

/** Who publishes video in a room. */
async function publishers(room: string): Promise<string[]> {
  const participants = await rooms.listParticipants(room).catch(() => []);
  return participants
    .filter(({ tracks }) => tracks.some(({ type }) => type === TrackType.VIDEO))
    .map(({ identity }) => identity);
}
const ticketOf = ({ livekit_token, ingress_id }: Reservation) => ({
  url: livekit.url,
  token: livekit_token,
  publisher: ingress_id,
});
const cameraOf = (number: number) => siteCameras.find((camera) => camera.number === number)!;

/** The lines that the engine logged of pushing a camera. */
const pushLog = (cameraId: string): string[] =>
  parapet
    .output()
    .split('\n')
    .filter((line) => line.includes('WHIP push') && line.includes(`${cameraId}_`));

/** A person at a wall, without a page. */
async function operator(name = 'operator') {
  let cookie = '';
  const send = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(parapet.url + path, {
      method,
      headers: { origin: parapet.url, cookie, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    return response;
  };
  expect((await send('POST', '/api/session', { name, password })).status).toBe(200);
  return {
    send,
    async reserve(number: number) {
      const response = await send('POST', '/api/reservations', {
        wanted: [{ cameraId: cameraOf(number).id, stream: 'sub' }],
      });
      const { outcomes } = (await response.json()) as {
        outcomes: { reservation: { id: string; ways: { way: string; url: string }[] } }[];
      };
      return outcomes[0]!.reservation;
    },
    async enter(reservationId: string) {
      const response = await send('POST', `/api/livekit/${reservationId}`);
      expect(response.status).toBe(200);
      return (await response.json()) as { url: string; token: string; room: string; publisher: string };
    },
  };
}

it('reserves a stream with the fields of the requirements, and lets in nobody without the token', async () => {
  const reserved = await reserve('1');
  expect(Object.keys(reserved).sort()).toEqual(
    ['expires_at', 'ingress_id', 'livekit_token', 'reservation_id', 'room_name', 'whip_url'].sort(),
  );
  expect(reserved).toMatchObject({
    ingress_id: expect.stringMatching(/^IN_\w{12}$/) as string,
    whip_url: `${livekit.apiUrl}/whip/v1`,
    room_name: `camera_${cameraOf(1).id}`,
  });
  expect(Date.parse(reserved.expires_at)).toBeGreaterThan(Date.now());
  const [, claims = ''] = reserved.livekit_token.split('.');
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    video: {
      roomJoin: true,
      room: reserved.room_name,
      canSubscribe: true,
      canPublish: false,
      canPublishData: false,
      hidden: true,
    },
  });
  // The same again is the same lease, with a ticket of its own.
  const again = await reserve('cam-001-whatever-it-is-called');
  expect(again.reservation_id).toBe(reserved.reservation_id);
  expect(again.livekit_token).not.toBe(reserved.livekit_token);

  const wish = { camera_id: '1', user_id: 'x', quality: 'medium' };
  const problems = await Promise.all(
    [
      machine('POST', '/api/v1/stream/reserve', wish, 'not-the-right-token-at-all'),
      machine('POST', '/api/v1/stream/reserve', { ...wish, camera_id: 'nowhere' }),
      machine('POST', '/api/v1/stream/reserve', { ...wish, quality: 'best' }),
      release('11111111-1111-4111-8111-111111111111'),
    ].map(async (asked) => ((await (await asked).json()) as { code: string }).code),
  );
  expect(problems).toEqual(['signed-out', 'not-found', 'invalid-request', 'not-found']);
  expect((await release(reserved.reservation_id)).status).toBe(204);
});

it('runs a pusher for a reserved camera, which says in its log what it does', async () => {
  const { id } = cameraOf(2);
  const reserved = await reserve('2');
  await vi.waitFor(
    async () => expect(await publishers(reserved.room_name)).toEqual([reserved.ingress_id]),
    patience,
  );
  await vi.waitFor(() => {
    const log = pushLog(id);
    expect(log.some((line) => line.includes('WHIP push begins'))).toBe(true);
    expect(log.some((line) => line.includes('WHIP push is connected'))).toBe(true);
    expect(log.some((line) => /WHIP push sends at \d+(\.\d+)? Mbps/.test(line))).toBe(true);
  }, patience);
  // Nothing that opens a door is in there.
  expect(parapet.output()).not.toMatch(/eyJ|of-tests-that-is-long/);
  await release(reserved.reservation_id);
});

it('shows two cameras as two different pictures', async () => {
  const both = await Promise.all([reserve('3', 'user1'), reserve('60', 'user2')]);
  expect(new Set(both.map(({ room_name }) => room_name)).size).toBe(2);
  expect(new Set(both.map(({ ingress_id }) => ingress_id)).size).toBe(2);
  await Promise.all([page.enter('three', ticketOf(both[0])), page.enter('sixty', ticketOf(both[1]))]);
  await vi.waitFor(async () => {
    expect([(await page.see('three')).number, (await page.see('sixty')).number]).toEqual([3, 60]);
  }, patience);
  // Whoever watches is not seen watching.
  expect(await page.others('three')).toEqual([both[0].ingress_id]);
  await Promise.all(both.map(({ reservation_id }) => release(reservation_id)));
});

it('stops the pusher after the release, and puts the viewer out', async () => {
  const { id } = cameraOf(4);
  const reserved = await reserve('4');
  await page.enter('four', ticketOf(reserved));
  await vi.waitFor(async () => expect((await page.see('four')).number).toBe(4), patience);
  const releasedAt = Date.now();
  expect((await release(reserved.reservation_id)).status).toBe(204);
  await vi.waitFor(async () => {
    expect(await publishers(reserved.room_name)).toEqual([]);
    expect(pushLog(id).some((line) => line.includes('WHIP push ends'))).toBe(true);
    expect((await page.see('four')).state).toBe('disconnected');
  }, patience);
  expect((await page.see('four')).lastFrameAt - releasedAt).toBeLessThan(2000);
  // Its ticket opens nothing for long: whoever comes back with it is put out again.
  await page.leave('four');
  expect((await release(reserved.reservation_id)).status).toBe(404);
});

it('offers LiveKit to people, publishes with the first and stops after the last', async () => {
  const wall = await operator();
  const reservation = await wall.reserve(5);
  expect(reservation.ways.map(({ way }) => way).slice(0, 2)).toEqual(['whep', 'livekit']);
  const entry = await wall.enter(reservation.id);
  expect(entry).toMatchObject({ url: livekit.url, room: `camera_${cameraOf(5).id}` });
  await page.enter('five', entry);
  await vi.waitFor(async () => expect((await page.see('five')).number).toBe(5), patience);
  await wall.send('POST', '/api/reservations/release', { ids: [reservation.id] });
  await vi.waitFor(async () => expect(await publishers(entry.room)).toEqual([]), patience);
});

it('stops publishing when the last viewer has left, whatever is still reserved', async () => {
  const wall = await operator();
  const entry = await wall.enter((await wall.reserve(8)).id);
  await page.enter('eight', entry);
  await vi.waitFor(async () => expect((await page.see('eight')).number).toBe(8), patience);
  await page.leave('eight');
  // Sooner than the reservation, which nobody renews, runs out.
  await vi.waitFor(async () => expect(await publishers(entry.room)).toEqual([]), {
    ...patience,
    timeout: 25_000,
  });
  // LiveKit has told, and what it said was taken.
  expect(parapet.output()).toMatch(/"path":"\/api\/webhooks\/livekit","status":204/);
});

it('ends a running picture within two seconds of a sign-out', async () => {
  const wall = await operator();
  const entry = await wall.enter((await wall.reserve(6)).id);
  await page.enter('six', entry);
  await vi.waitFor(async () => expect((await page.see('six')).frames).toBeGreaterThan(10), patience);
  const signedOutAt = Date.now();
  expect((await wall.send('DELETE', '/api/session')).status).toBe(204);
  await vi.waitFor(async () => expect((await page.see('six')).state).toBe('disconnected'), patience);
  expect((await page.see('six')).lastFrameAt - signedOutAt).toBeLessThan(2000);
});

it('ends a running picture within two seconds of the loss of the right, lets nobody back, and shows it again once the right is given again', async () => {
  const wall = await operator();
  const administrator = await operator('administrator');
  const { user } = (await (await wall.send('GET', '/api/session')).json()) as {
    user: { id: string; grants: unknown[] };
  };
  const setGrants = async (grants: unknown[]): Promise<number> =>
    (await administrator.send('PATCH', `/api/users/${user.id}`, { grants })).status;
  const entry = await wall.enter((await wall.reserve(9)).id);
  await page.enter('nine', entry);
  await vi.waitFor(async () => expect((await page.see('nine')).frames).toBeGreaterThan(10), patience);
  const lostAt = Date.now();
  expect(await setGrants([])).toBe(200);
  try {
    await vi.waitFor(async () => expect((await page.see('nine')).state).toBe('disconnected'), patience);
    expect((await page.see('nine')).lastFrameAt - lostAt).toBeLessThan(2000);
    // LiveKit itself lets in whoever has the ticket; ten seconds later, as soon as that.
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    await page.enter('nine again', entry).catch(() => undefined);
    await vi.waitFor(
      async () => {
        const there = await rooms.listParticipants(entry.room).catch(() => []);
        expect(there.filter(({ identity }) => identity.startsWith('op:'))).toEqual([]);
      },
      { timeout: 4000, interval: 100 },
    );
    // Not one picture more in all that time.
    expect((await page.see('nine')).lastFrameAt - lostAt).toBeLessThan(2000);
    expect((await page.see('nine')).state).toBe('disconnected');
  } finally {
    expect(await setGrants(user.grants)).toBe(200);
  }
  const given = await wall.enter((await wall.reserve(9)).id);
  await page.enter('nine given again', given);
  await vi.waitFor(async () => {
    const { number, frames, state } = await page.see('nine given again');
    expect({ number, isMoving: frames > 10, state }).toEqual({
      number: 9,
      isMoving: true,
      state: 'connected',
    });
  }, patience);
  expect(Date.now() - (await page.see('nine given again')).lastFrameAt).toBeLessThan(2000);
});

it('mints while LiveKit is down, and comes back by itself after it was killed', async () => {
  const wall = await operator();
  const reservation = await wall.reserve(7);
  const first = await wall.enter(reservation.id);
  await vi.waitFor(async () => expect(await publishers(first.room)).toEqual([first.publisher]), patience);
  const keepAlive = setInterval(() => {
    void wall.send('POST', '/api/reservations/renew', { ids: [reservation.id] });
  }, 5000);
  try {
    await livekit.kill();
    const whileDown = await wall.enter(reservation.id);
    expect(whileDown.token).not.toBe(first.token);
    await vi.waitFor(async () => {
      expect((await wall.reserve(7)).ways.map(({ way }) => way)).not.toContain('livekit');
    }, patience);
    await livekit.start();
    await vi.waitFor(async () => expect(await publishers(first.room)).toEqual([first.publisher]), patience);
    await page.enter('seven', whileDown);
    await vi.waitFor(async () => expect((await page.see('seven')).number).toBe(7), patience);
    await vi.waitFor(async () => {
      expect((await wall.reserve(7)).ways.map(({ way }) => way)).toContain('livekit');
    }, patience);
  } finally {
    clearInterval(keepAlive);
  }
});
