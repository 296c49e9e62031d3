import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KnownCamera, Snapshot } from '#server/cameras/directory.ts';
import { publisherOf } from '#server/livekit/rooms.ts';
import { FakePublisher, FakeRooms } from '#server/livekit/testing/fakes.ts';
import { databases, type TestStore, titleOf } from '#server/store/testing/databases.ts';
import { FakeVms, town, vmsCamera } from '#server/testing/fake-vms.ts';
import { eventually } from '#server/testing/eventually.ts';
import { Browser, type Harness, startApp } from '#server/testing/harness.ts';
import { findCamera, slugOf } from './camera-names.ts';
import { serviceLeaseMs } from './service-reservations.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const serviceToken = 'a-token-for-machines-in-tests';
const plan = {
  apiKey: 'parapet',
  apiSecret: 'a-secret-that-is-long-enough-for-this',
  url: 'wss://media.example',
  apiUrl: 'http://livekit.test',
  roomPrefix: 'camera_',
  prefer: {},
  lingerMs: 2000,
};

describe('the camera a machine means', () => {
  const camera = (id: string, number: number, name: string): [string, KnownCamera] => [
    id,
    {
      id,
      number,
      name,
      vmsId: 'hq',
      nameAr: undefined,
      groupIds: [],
      allGroupIds: new Set(),
      streams: [],
      hasPtz: false,
      state: 'up',
      stateSince: undefined,
    },
  ];
  const snapshot: Snapshot = {
    version: 1,
    groups: new Map(),
    cameras: new Map([
      camera('aa11', 1, 'Sheikh Zayed Road'),
      camera('bb22', 2, 'Metro Station'),
      camera('cc33', 3, 'Gate'),
      camera('dd44', 4, 'Gate'),
      camera('rta_cam-009-tunnel', 12, 'Tunnel'),
    ]),
  };

  it.each([
    ['aa11', 1],
    ['2', 2],
    ['002', 2],
    ['cam-002', 2],
    ['CAM_2', 2],
    ['cam-001-sheikh-zayed', 1],
    ['sheikh-zayed-road', 1],
    ['Metro Station', 2],
    ['cam-009-tunnel', 12],
    ['gate', undefined],
    ['cam-999', undefined],
    ['cam', undefined],
    ['sheikh', undefined],
    ['1; drop table cameras', undefined],
  ])('%s', (text, number) => {
    expect(findCamera(text, snapshot)?.number).toBe(number);
  });

  it('has a name of words and hyphens', () => {
    expect(slugOf('  Al-Ittihād  Road / 3 ')).toBe('al-ittihad-road-3');
    expect(slugOf('شارع الشيخ زايد')).toBe('شارع-الشيخ-زايد');
  });
});

describe.each(databases)('the reservation API', (database) => {
  describe.skipIf(database.missing !== undefined)(titleOf(database), () => {
    let held: TestStore;
    let at: Harness;
    let publisher: FakePublisher;
    let rooms: FakeRooms;
    beforeAll(async () => {
      held = await database.open();
    });
    afterAll(() => held.close());
    beforeEach(async () => {
      await held.empty();
      publisher = new FakePublisher();
      rooms = new FakeRooms();
      at = await startApp(held.store, {
        vms: new FakeVms('town', {
          ...town,
          cameras: [
            ...town.cameras,
            vmsCamera('h1', ['police'], { number: 70, streams: [{ name: 'main', codec: 'H265' }] }),
          ],
        }),
        config: {
          publicUrl: undefined,
          trustedProxies: [],
          tokens: { reservations: serviceToken },
          iceServers: [],
        },
        quotas: { total: 5, agencies: { 'Group metro': 1 } },
        liveKit: { plan, publisher, rooms },
      });
      return () => at.app.close();
    });

    const send = (method: string, path: string, body?: unknown, token = serviceToken): Promise<Response> =>
      new Browser(at.app).send(method, `/api/v1/stream${path}`, body, { authorization: `Bearer ${token}` });
    const wish = (camera_id: string, more: object = {}): object => ({
      camera_id,
      user_id: 'test-user',
      quality: 'medium',
      ...more,
    });
    interface Answer {
      readonly reservation_id: string;
      readonly ingress_id: string;
      readonly livekit_token: string;
      readonly expires_at: string;
    }
    const reserve = async (camera: string, more: object = {}): Promise<Answer> => {
      const response = await send('POST', '/reserve', wish(camera, more));
      expect(response.status).toBe(200);
      return (await response.json()) as Answer;
    };
    const rounds = async (ms: number, everyMs = 1000): Promise<void> => {
      for (let passed = 0; passed < ms; passed += everyMs) {
        at.clock.pass(everyMs);
        await at.app.upkeep.round();
        await at.app.liveKit?.round();
      }
    };
    const leases = async (): Promise<string[]> =>
      (
        await held.store.db
          .selectFrom('reservations')
          .select(['camera_id', 'stream', 'service_user'])
          .orderBy('camera_id')
          .orderBy('stream')
          .execute()
      ).map(({ camera_id, stream, service_user }) => `${camera_id}/${stream} ${service_user}`);

    it('answers with the fields of the requirements and no others', async () => {
      expect(await reserve('p1')).toEqual({
        reservation_id: expect.any(String) as string,
        ingress_id: publisherOf('p1_sub'),
        whip_url: 'http://livekit.test/whip/v1',
        livekit_token: expect.stringMatching(/^eyJ/) as string,
        room_name: 'camera_p1',
        expires_at: new Date(at.clock.at + serviceLeaseMs).toISOString(),
      });
    });

    it.each([
      ['high', 'p1/main test-user'],
      ['medium', 'p1/sub test-user'],
      ['low', 'p1/sub test-user'],
      [undefined, 'p1/sub test-user'],
    ])('takes quality %s for a stream', async (quality, lease) => {
      await reserve('p1', { quality });
      expect(await leases()).toEqual([lease]);
    });

    it('takes the stream there is, where there is only one', async () => {
      await reserve('x1');
      expect(await leases()).toEqual(['x1/main test-user']);
    });

    it('publishes at once, for nobody yet, and stops after the release', async () => {
      const { reservation_id, ingress_id } = await reserve('cam-001-police-gate');
      await eventually(() => publisher.published.get('p1_sub')?.identity).toBe(ingress_id);
      expect(at.gateway.sources.has('p1_sub')).toBe(true);
      await rounds(20_000, 5000);
      expect(publisher.published.size).toBe(1);
      expect((await send('DELETE', `/release/${reservation_id}`)).status).toBe(204);
      await rounds(4000);
      expect(publisher.published.size).toBe(0);
      expect(at.gateway.sources.has('p1_sub')).toBe(false);
      expect(await leases()).toEqual([]);
    });

    it('renews the lease that is asked for again, with a ticket of its own', async () => {
      const first = await reserve('p1');
      at.clock.pass(60_000);
      const second = await reserve('p1');
      expect(second.reservation_id).toBe(first.reservation_id);
      expect(second.livekit_token).not.toBe(first.livekit_token);
      expect(Date.parse(second.expires_at) - Date.parse(first.expires_at)).toBe(60_000);
      const other = await reserve('p1', { user_id: 'somebody-else' });
      expect(other.reservation_id).not.toBe(first.reservation_id);
      expect(other.ingress_id).toBe(first.ingress_id);
    });

    it('ends a lease that nobody asks for again', async () => {
      await reserve('p1');
      await rounds(2000);
      at.clock.pass(serviceLeaseMs - 4000);
      await rounds(1000);
      expect(await leases()).toHaveLength(1);
      // Nobody was there for that hour: what had not run out before starts afresh, as a page's would.
      await rounds(36_000, 4000);
      expect(await leases()).toEqual([]);
      await rounds(4000);
      expect(publisher.published.size).toBe(0);
    });

    it('ends the lease of a camera that is gone', async () => {
      await reserve('p1');
      await held.store.db.updateTable('cameras').set({ is_removed: true }).where('id', '=', 'p1').execute();
      await held.store.db
        .updateTable('directory_version')
        .set(({ eb }) => ({ version: eb('version', '+', 1) }))
        .execute();
      await rounds(1000);
      expect(await leases()).toEqual([]);
    });

    it('stands in the same quotas as people, and each is told of the other', async () => {
      const olga = await at.as('olga');
      await reserve('m1', { user_id: 'dispatch' });
      const [refused] = await olga.reserve('m2/sub');
      expect(refused).toMatchObject({
        status: 'refused',
        code: 'quota-exceeded',
        reason: 'Group metro uses 1 of 1 stream: dispatch 1',
      });
      // What flows already costs nothing.
      expect((await olga.reserve('m1/sub'))[0]?.status).toBe('reserved');
      const response = await send('POST', '/reserve', wish('m2'));
      expect(response.status).toBe(429);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toMatchObject({
        code: 'quota-exceeded',
        detail: expect.stringContaining('Group metro uses 1 of 1 stream') as string,
      });
    });

    it('puts the viewer of a released lease out', async () => {
      const { reservation_id, livekit_token } = await reserve('p1');
      const [, claims = ''] = livekit_token.split('.');
      const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string };
      rooms.join('camera_p1', sub);
      await send('DELETE', `/release/${reservation_id}`);
      await eventually(() => rooms.expelled).toEqual([sub]);
    });

    it('is written down, with whom the machine did it for', async () => {
      const { reservation_id } = await reserve('p1', { user_id: 'dispatch' });
      await send('DELETE', `/release/${reservation_id}`);
      const entries = await held.store.db
        .selectFrom('audit')
        .select(['kind', 'camera_id', 'user_id', 'details'])
        .where('kind', 'like', 'stream-%')
        .orderBy('id')
        .execute();
      expect(entries.map(({ kind }) => kind)).toEqual(['stream-reserved', 'stream-released']);
      expect(entries[0]).toMatchObject({
        camera_id: 'p1',
        user_id: null,
        details: { reservation: reservation_id, service: 'dispatch', stream: 'sub' },
      });
    });

    it.each<[string, unknown, number, string]>([
      ['no body', {}, 400, 'invalid-request'],
      ['no user', { camera_id: 'p1' }, 400, 'invalid-request'],
      ['a quality there is not', wish('p1', { quality: 'best' }), 400, 'invalid-request'],
      ['a field there is not', wish('p1', { room_name: 'mine' }), 400, 'invalid-request'],
      ['a camera there is not', wish('cam-404-nowhere'), 404, 'not-found'],
      ['a codec that is not published', wish('h1'), 422, 'codec-unsupported'],
    ])('names what is wrong: %s', async (_what, body, status, code) => {
      const response = await send('POST', '/reserve', body);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
      expect(await leases()).toEqual([]);
    });

    it('lets in nobody without the token, and no person with a session', async () => {
      expect((await send('POST', '/reserve', wish('p1'), 'another-token-altogether')).status).toBe(401);
      const boss = await at.as('boss');
      expect((await boss.send('POST', '/api/v1/stream/reserve', wish('p1'))).status).toBe(401);
      const { reservation_id } = await reserve('p1');
      expect((await boss.send('DELETE', `/api/v1/stream/release/${reservation_id}`)).status).toBe(401);
      // And the lease is no way in for people.
      expect((await boss.send('POST', `/api/livekit/${reservation_id}`)).status).toBe(410);
    });

    it('releases nothing of people’s', async () => {
      const olga = await at.as('olga');
      const id = await olga.reserveOne('p1/sub');
      expect((await send('DELETE', `/release/${id}`)).status).toBe(404);
      expect((await send('DELETE', '/release/not-an-id')).status).toBe(404);
      expect(await leases()).toEqual(['p1/sub null']);
    });

    it('answers with LiveKit down, too: the camera comes when it is back', async () => {
      rooms.isDown = true;
      publisher.error = new Error('down');
      const { livekit_token } = await reserve('p1');
      expect(livekit_token).toMatch(/^eyJ/);
      publisher.error = undefined;
      await rounds(4000);
      expect(publisher.published.size).toBe(1);
    });

    it('is one truth for two BFFs', async () => {
      const other = await startApp(held.store, {
        join: at,
        config: {
          publicUrl: undefined,
          trustedProxies: [],
          tokens: { reservations: serviceToken },
          iceServers: [],
        },
        quotas: { total: 5, agencies: {} },
        liveKit: { plan, publisher, rooms },
      });
      const { reservation_id } = await reserve('p1');
      // The other one keeps the publication, and ends what was reserved here.
      await at.app.liveKit?.close();
      const through = async (ms: number): Promise<void> => {
        for (let passed = 0; passed < ms; passed += 1000) {
          at.clock.pass(1000);
          await other.app.liveKit?.round();
        }
      };
      await through(8000);
      expect(publisher.published.has('p1_sub')).toBe(true);
      const response = await new Browser(other.app).send(
        'DELETE',
        `/api/v1/stream/release/${reservation_id}`,
        undefined,
        { authorization: `Bearer ${serviceToken}` },
      );
      expect(response.status).toBe(204);
      await through(4000);
      expect(publisher.published.size).toBe(0);
      await other.app.close();
    });
  });
});
