import { createHash, randomUUID } from 'node:crypto';
import { AccessToken, TokenVerifier } from 'livekit-server-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Readiness } from '#contract/health.ts';
import type { LiveKitEntry, ReserveAnswer, WayOffer } from '#contract/reservation.ts';
import { GatewayError } from '#server/gateway/gateway.ts';
import { LiveKitError } from '#server/livekit/error.ts';
import { publisherOf } from '#server/livekit/rooms.ts';
import { FakePublisher, FakeRooms } from '#server/livekit/testing/fakes.ts';
import { databases, pglite, type TestStore, titleOf } from '#server/store/testing/databases.ts';
import { eventually } from '#server/testing/eventually.ts';
import { FakeVms, town, vmsCamera } from '#server/testing/fake-vms.ts';
import { Browser, grant, type Harness, startApp } from '#server/testing/harness.ts';
import { createLiveKitChoice, type LiveKitPreference } from './livekit-choice.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const key = { apiKey: 'parapet', apiSecret: 'a-secret-that-is-long-enough-for-this' };
const plan = {
  ...key,
  url: 'wss://media.example',
  apiUrl: 'http://livekit.test',
  roomPrefix: 'camera_',
  prefer: {} as LiveKitPreference,
  lingerMs: 10_000,
};
const serviceToken = 'a-token-for-machines-in-tests';

interface Town {
  readonly at: Harness;
  readonly rooms: FakeRooms;
  readonly publisher: FakePublisher;
}

async function openTown(held: TestStore, prefer: LiveKitPreference = {}, join?: Town): Promise<Town> {
  const rooms = join?.rooms ?? new FakeRooms();
  const publisher = join?.publisher ?? new FakePublisher();
  const at = await startApp(held.store, {
    ...(join === undefined
      ? {
          vms: new FakeVms('town', {
            ...town,
            cameras: [
              ...town.cameras,
              vmsCamera('h1', ['metro'], { number: 70, streams: [{ name: 'sub', codec: 'H265' }] }),
            ],
          }),
        }
      : { join: join.at }),
    config: {
      publicUrl: undefined,
      trustedProxies: [],
      tokens: { reservations: serviceToken },
      iceServers: [],
    },
    quotas: { total: 5, agencies: { 'Group metro': 2 } },
    liveKit: { plan: { ...plan, prefer }, rooms, publisher },
  });
  return { at, rooms, publisher };
}

const claimsOf = async (token: string) => await new TokenVerifier(key.apiKey, key.apiSecret).verify(token);
const identityOf = async (token: string): Promise<string> => (await claimsOf(token)).sub ?? '';

async function ways(browser: Browser, wanted: string): Promise<WayOffer[]> {
  const [outcome] = await browser.reserve(wanted);
  if (outcome?.status !== 'reserved') throw new Error(JSON.stringify(outcome));
  return outcome.reservation.ways;
}
const enter = (browser: Browser, id: string): Promise<LiveKitEntry & { expiresAt: unknown }> =>
  browser.json('POST', `/api/livekit/${id}`);

describe.each(databases)('LiveKit', (database) => {
  describe.skipIf(database.missing !== undefined)(titleOf(database), () => {
    let held: TestStore;
    let here: Town;
    let olga: Browser;
    beforeAll(async () => {
      held = await database.open();
    });
    afterAll(() => held.close());
    beforeEach(async () => {
      await held.empty();
      here = await openTown(held);
      olga = await here.at.as('olga');
      return () => here.at.app.close();
    });
    const rounds = async (ms = 1000, everyMs = 1000): Promise<void> => {
      for (let passed = 0; passed < ms; passed += everyMs) {
        here.at.clock.pass(everyMs);
        await here.at.app.upkeep.round();
        await here.at.app.liveKit?.round();
      }
    };
    const audit = async (): Promise<string[]> =>
      (
        await held.store.db
          .selectFrom('audit')
          .select(['kind', 'user_name', 'camera_id'])
          .where('kind', 'like', 'viewing-%')
          .orderBy('id')
          .execute()
      ).map(({ kind, user_name, camera_id }) => `${user_name} ${kind} ${camera_id}`);
    /** Keeps a page's reservation alive over these rounds. */
    const roundsWith = async (id: string, ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 20_000) {
        await olga.send('POST', '/api/reservations/renew', { ids: [id] });
        await rounds(Math.min(20_000, ms - passed), 4000);
      }
    };

    it('lets the bearer of a reservation into the room of its camera, once per ticket', async () => {
      const id = await olga.reserveOne('p1/sub');
      const entry = await enter(olga, id);
      expect(entry).toMatchObject({
        url: 'wss://media.example',
        room: 'camera_p1',
        publisher: publisherOf('p1_sub'),
      });
      const claims = await claimsOf(entry.token);
      expect(claims.video).toMatchObject({ room: 'camera_p1', canPublish: false, hidden: true });
      expect(await identityOf((await enter(olga, id)).token)).not.toBe(claims.sub);
      expect(here.rooms.made).toContain('camera_p1');
      expect(await audit()).toEqual(['olga viewing-began p1', 'olga viewing-began p1']);
    });

    it('publishes with the first ticket, and again nothing for the second', async () => {
      const id = await olga.reserveOne('p1/sub');
      await rounds();
      expect(here.publisher.published.size).toBe(0);
      await enter(olga, id);
      await eventually(() => here.publisher.published.size).toBe(1);
      expect(here.publisher.published.get('p1_sub')).toMatchObject({
        room: 'camera_p1',
        identity: publisherOf('p1_sub'),
        url: 'http://livekit.test/whip/v1',
      });
      const otto = await here.at.as('otto');
      await enter(otto, await otto.reserveOne('p1/sub'));
      await rounds(3000);
      expect(here.publisher.published.size).toBe(1);
    });

    it('stops publishing after the last viewer and the linger', async () => {
      const otto = await here.at.as('otto');
      const [mine, his] = [await olga.reserveOne('p1/sub'), await otto.reserveOne('p1/sub')];
      await enter(olga, mine);
      await enter(otto, his);
      await rounds();
      await olga.send('POST', '/api/reservations/release', { ids: [mine] });
      await rounds(15_000, 5000);
      expect(here.publisher.published.size).toBe(1);
      await otto.send('POST', '/api/reservations/release', { ids: [his] });
      await rounds(5000);
      expect(here.publisher.published.size).toBe(1);
      await rounds(8000);
      expect(here.publisher.published.size).toBe(0);
    });

    it('stops publishing when the viewers have left the room, though the lease lives on', async () => {
      const id = await olga.reserveOne('p1/sub');
      const identity = await identityOf((await enter(olga, id)).token);
      here.rooms.join('camera_p1', publisherOf('p1_sub'), identity);
      await rounds();
      here.rooms.rooms.get('camera_p1')?.delete(identity);
      await here.at.app.liveKit?.hint('camera_p1');
      await roundsWith(id, 15_000);
      expect(here.publisher.published.size).toBe(0);
      expect(await audit()).toEqual(['olga viewing-began p1', 'olga viewing-ended p1']);

      // Back from a lost network, with the token that LiveKit itself has given.
      here.rooms.join('camera_p1', identity);
      await here.at.app.liveKit?.hint('camera_p1');
      await rounds(2000);
      expect(here.publisher.published.size).toBe(1);
      expect((await audit()).at(-1)).toBe('olga viewing-began p1');
    });

    it('stops publishing for a viewer who was there for a moment only', async () => {
      const id = await olga.reserveOne('p1/sub');
      const identity = await identityOf((await enter(olga, id)).token);
      await rounds();
      await here.at.app.liveKit?.hint('camera_p1', identity);
      await roundsWith(id, 16_000);
      expect(here.publisher.published.size).toBe(0);
    });

    it('keeps tickets that were never used no longer than they open anything', async () => {
      const id = await olga.reserveOne('p1/sub');
      await enter(olga, id);
      await roundsWith(id, 170_000);
      expect(here.publisher.published.size).toBe(0);
      expect(await held.store.db.selectFrom('livekit_viewings').selectAll().execute()).toEqual([]);
      expect(await audit()).toEqual(['olga viewing-began p1', 'olga viewing-ended p1']);
    });

    it.each<[string, (otto: Browser) => Promise<unknown>]>([
      ['signs out', (otto) => otto.send('DELETE', '/api/session')],
      [
        'loses the right',
        async () =>
          await (
            await here.at.as('boss')
          ).send('PATCH', `/api/users/${here.at.idOf('otto')}`, { grants: [grant('metro', 'live')] }),
      ],
      [
        'releases',
        async (otto) =>
          await otto.send('POST', '/api/reservations/release', {
            ids: (await held.store.db.selectFrom('reservations').select('id').execute()).map(({ id }) => id),
          }),
      ],
    ])('puts a viewer out at once who %s', async (_what, lose) => {
      const otto = await here.at.as('otto');
      const identity = await identityOf((await enter(otto, await otto.reserveOne('p1/sub'))).token);
      here.rooms.join('camera_p1', identity);
      await lose(otto);
      // Without a round: whoever takes the right away ends what needed it.
      await eventually(() => here.rooms.expelled).toEqual([identity]);
      await eventually(() => audit()).toEqual(['otto viewing-began p1', 'otto viewing-ended p1']);
    });

    it('puts out whoever comes back with an old token', async () => {
      const id = await olga.reserveOne('p1/sub');
      const identity = await identityOf((await enter(olga, id)).token);
      here.rooms.join('camera_p1', identity);
      await olga.send('POST', '/api/reservations/release', { ids: [id] });
      await eventually(() => here.rooms.expelled).toHaveLength(1);
      await rounds(3000);
      expect(here.rooms.expelled).toHaveLength(1);
      here.rooms.join('camera_p1', identity);
      await rounds(20_000);
      expect(here.rooms.expelled).toEqual([identity, identity]);
    });

    it('puts out at once who was on the way in when the right was lost', async () => {
      const id = await olga.reserveOne('p1/sub');
      const identity = await identityOf((await enter(olga, id)).token);
      await olga.send('POST', '/api/reservations/release', { ids: [id] });
      await eventually(() => here.rooms.expelled).toHaveLength(1);
      await rounds(3000);
      here.rooms.join('camera_p1', identity);
      await rounds(1000);
      expect(here.rooms.rooms.get('camera_p1')).toEqual(new Set());
    });

    it('looks out for whoever may come back for as long as the ticket opens anything', async () => {
      const id = await olga.reserveOne('p1/sub');
      const identity = await identityOf((await enter(olga, id)).token);
      here.rooms.join('camera_p1', identity);
      await olga.send('POST', '/api/reservations/release', { ids: [id] });
      await eventually(() => here.rooms.expelled).toHaveLength(1);
      // Whatever the look every quarter of a minute would find by chance.
      await rounds(31_000);
      for (let times = 2; times <= 4; times += 1) {
        here.rooms.join('camera_p1', identity);
        await rounds(2000);
        expect(here.rooms.expelled).toHaveLength(times);
        await rounds(17_000);
      }
    });

    it('puts out later whom LiveKit could not put out now', async () => {
      const id = await olga.reserveOne('p1/sub');
      const identity = await identityOf((await enter(olga, id)).token);
      here.rooms.join('camera_p1', identity);
      here.rooms.error = new LiveKitError('unavailable');
      await olga.send('POST', '/api/reservations/release', { ids: [id] });
      await rounds(5000);
      expect(here.rooms.expelled).toEqual([]);
      here.rooms.error = undefined;
      await rounds(2000);
      expect(here.rooms.expelled).toEqual([identity]);
    });

    it('gives tickets while LiveKit is down, and is no way of watching until it is back', async () => {
      here.rooms.error = new LiveKitError('unavailable');
      const id = await olga.reserveOne('p1/sub');
      expect((await enter(olga, id)).room).toBe('camera_p1');
      expect((await ways(olga, 'p1/sub')).map(({ way }) => way)).toContain('livekit');
      here.rooms.isDown = true;
      expect((await ways(olga, 'p1/sub')).map(({ way }) => way)).not.toContain('livekit');
      here.rooms.error = undefined;
      await rounds();
      expect((await ways(olga, 'p1/sub')).map(({ way }) => way)).toContain('livekit');
      expect(here.publisher.published.size).toBe(1);
    });

    it('publishes again what an engine that was restarted has forgotten', async () => {
      await enter(olga, await olga.reserveOne('p1/sub'));
      await rounds();
      here.publisher.published.clear();
      await rounds();
      expect(here.publisher.published.has('p1_sub')).toBe(true);
    });

    it('supplies the stream first, where the engine does not know it', async () => {
      await enter(olga, await olga.reserveOne('p1/sub'));
      await rounds();
      here.at.gateway.restart();
      here.publisher.published.clear();
      here.publisher.error = new GatewayError('not-found', 'no such path');
      await rounds();
      here.publisher.error = undefined;
      await rounds(3000);
      expect(here.publisher.published.has('p1_sub')).toBe(true);
      expect(here.at.gateway.sources.has('p1_sub')).toBe(true);
    });

    it('renews the publisher’s token long before its end', async () => {
      const id = await olga.reserveOne('p1/sub');
      const entry = await enter(olga, id);
      here.rooms.join('camera_p1', await identityOf(entry.token));
      await rounds();
      const first = here.publisher.published.get('p1_sub')?.token;
      await roundsWith(id, 60_000);
      expect(here.publisher.published.get('p1_sub')?.token).toBe(first);
      await roundsWith(id, 260_000);
      expect(here.publisher.calls.filter((call) => call === 'publish p1_sub').length).toBeGreaterThan(1);
    });

    it('makes the room again that a restarted LiveKit has forgotten', async () => {
      await enter(olga, await olga.reserveOne('p1/sub'));
      await rounds();
      here.rooms.made.length = 0;
      here.publisher.states.set('p1_sub', { state: 'error', code: 'target-missing' });
      await rounds(2000);
      expect(here.rooms.made).toEqual(['camera_p1']);
    });

    it('ends what is published and nobody has asked for', async () => {
      here.publisher.published.set('m1_sub', {
        path: 'm1_sub',
        room: 'camera_m1',
        identity: 'IN_x',
        url: '',
        token: '',
      });
      await rounds();
      expect(here.publisher.published.size).toBe(0);
    });

    it('keeps no more than eight of one reservation in a room', async () => {
      const id = await olga.reserveOne('p1/sub');
      const identities: string[] = [];
      for (let i = 0; i < 9; i++) {
        here.at.clock.pass(1000);
        identities.push(await identityOf((await enter(olga, id)).token));
      }
      here.rooms.join('camera_p1', ...identities);
      await rounds();
      // A look into the room at the same moment may put it out once more.
      expect([...new Set(here.rooms.expelled)]).toEqual([identities[0]]);
    });

    it('leaves a viewer alone whose reservation is given tickets that nobody uses', async () => {
      const id = await olga.reserveOne('p1/sub');
      const identity = await identityOf((await enter(olga, id)).token);
      here.rooms.join('camera_p1', identity);
      // As a machine does, which gets one with each renewal.
      for (let i = 0; i < 12; i++) {
        await roundsWith(id, 4000);
        await enter(olga, id);
      }
      await rounds();
      expect(here.rooms.expelled).toEqual([]);
    });

    it('refuses a ticket to whom it is not due', async () => {
      const id = await olga.reserveOne('p1/sub');
      const code = async (browser: Browser, of: string): Promise<unknown> =>
        ((await (await browser.send('POST', `/api/livekit/${of}`)).json()) as { code: string }).code;
      expect(await code(new Browser(here.at.app), id)).toBe('signed-out');
      expect(await code(await here.at.as('otto'), id)).toBe('reservation-ended');
      expect(await code(olga, randomUUID())).toBe('reservation-ended');
      await olga.send('POST', '/api/reservations/release', { ids: [id] });
      expect(await code(olga, id)).toBe('reservation-ended');
      expect(await code(olga, await olga.reserveOne('h1/sub'))).toBe('codec-unsupported');
    });

    it('writes no token and no secret into the log', async () => {
      const { token } = await enter(olga, await olga.reserveOne('p1/sub'));
      here.rooms.error = new LiveKitError('internal', { cause: new Error('upstream') });
      await rounds(2000);
      const text = here.at.log.join('');
      expect(text).not.toContain(token.slice(0, 20));
      expect(text).not.toContain(key.apiSecret);
    });

    it('takes a signed webhook for a hint, and no other', async () => {
      const id = await olga.reserveOne('p1/sub');
      const identity = await identityOf((await enter(olga, id)).token);
      const body = JSON.stringify({
        event: 'participant_joined',
        id: 'EV_1',
        room: { name: 'camera_p1' },
      });
      const send = (authorization: string | undefined): Promise<Response> =>
        new Browser(here.at.app).send('POST', '/api/webhooks/livekit', body, {
          'content-type': 'application/webhook+json',
          ...(authorization === undefined ? {} : { authorization }),
        });
      const token = new AccessToken(key.apiKey, key.apiSecret, { ttl: 300 });
      token.sha256 = createHash('sha256').update(body).digest('base64');
      await rounds();
      here.rooms.join('camera_p1', identity);
      expect((await send(undefined)).status).toBe(401);
      expect((await send('made up')).status).toBe(401);
      const seen = async (): Promise<unknown> =>
        (await held.store.db.selectFrom('livekit_viewings').select('seen_at').executeTakeFirst())?.seen_at;
      await rounds(2000);
      expect(await seen()).toBeNull();
      expect((await send(await token.toJwt())).status).toBe(204);
      await rounds();
      expect(await seen()).toBe(here.at.clock.at);
    });

    it('takes a webhook in that is delivered again after the database has failed', async () => {
      const identity = await identityOf((await enter(olga, await olga.reserveOne('p1/sub'))).token);
      const body = JSON.stringify({
        event: 'participant_joined',
        id: 'EV_2',
        room: { name: 'camera_p1' },
        participant: { identity },
      });
      const token = new AccessToken(key.apiKey, key.apiSecret, { ttl: 300 });
      token.sha256 = createHash('sha256').update(body).digest('base64');
      const authorization = await token.toJwt();
      const deliver = async (): Promise<number> =>
        (
          await new Browser(here.at.app).send('POST', '/api/webhooks/livekit', body, {
            'content-type': 'application/webhook+json',
            authorization,
          })
        ).status;
      const hints = vi.spyOn(here.at.app.liveKit!, 'hint').mockRejectedValueOnce(new Error('no database'));
      expect(await deliver()).toBe(500);
      expect(await deliver()).toBe(204);
      expect(await deliver()).toBe(204);
      expect(hints).toHaveBeenCalledTimes(2);
    });

    it('is told of among the parts, and Parapet is ready without it', async () => {
      const told = async (): Promise<unknown> => {
        const answer = await new Browser(here.at.app).send('GET', '/readyz');
        const { parts } = (await answer.json()) as Readiness;
        return [answer.status, parts.find(({ part }) => part === 'livekit')?.isUp];
      };
      expect(await told()).toEqual([200, true]);
      here.rooms.isDown = true;
      await eventually(told).toEqual([200, false]);
    });
  });
});

describe('which way comes first', () => {
  let held: TestStore;
  beforeAll(async () => {
    held = await pglite.open();
  });
  afterAll(() => held.close());
  beforeEach(() => held.empty());

  const first = async (prefer: LiveKitPreference, wanted: string): Promise<WayOffer[]> => {
    const here = await openTown(held, prefer);
    const offered = await ways(await here.at.as('olga'), wanted);
    await here.at.app.close();
    return offered.slice(0, 2);
  };
  const livekit = (because?: string): unknown =>
    expect.objectContaining({ way: 'livekit', ...(because === undefined ? {} : { because }) });
  const whep: unknown = expect.objectContaining({ way: 'whep' });

  it.each<[string, LiveKitPreference, string, unknown[]]>([
    ['WHEP, unless said otherwise', {}, 'p1', [whep, livekit()]],
    ['LiveKit always', 'always', 'p1', [livekit('always'), whep]],
    ['LiveKit for a site', { sites: ['town'] }, 'p1', [livekit('site'), whep]],
    ['LiveKit for no other site', { sites: ['village'] }, 'p1', [whep, livekit()]],
    ['LiveKit for an agency', { agencies: ['group METRO'] }, 'm1', [livekit('group'), whep]],
    ['LiveKit for no other agency', { agencies: ['Group metro'] }, 'p1', [whep, livekit()]],
    ['nothing that it cannot carry', 'always', 'h1', [whep, expect.objectContaining({ way: 'hls' })]],
  ])('%s', async (_what, prefer, wanted, expected) => {
    expect(await first(prefer, `${wanted}/sub`)).toEqual(expected);
  });

  it('LiveKit from so many viewers on', async () => {
    const here = await openTown(held, { viewersFrom: 2 });
    const [olga, otto] = [await here.at.as('olga'), await here.at.as('otto')];
    expect((await ways(olga, 'p1/sub')).slice(0, 2)).toEqual([whep, livekit()]);
    const [best, second] = await ways(otto, 'p1/sub');
    expect([best, second]).toEqual([livekit('many-viewers'), whep]);
    expect(best).toMatchObject({ viewers: 2 });
    await here.at.app.close();
  });

  it('gives no reason without a rule', () => {
    const choice = createLiveKitChoice({}, () => false);
    const snapshot = { version: 1, cameras: new Map(), groups: new Map() };
    expect(choice.offerFor({ cameraId: 'p1', stream: 'sub' }, snapshot, 9)).toEqual({});
  });
});

describe('without LiveKit', () => {
  it('there is no such way, and asking for it says why', async () => {
    const held = await pglite.open();
    const at = await startApp(held.store, {
      config: {
        publicUrl: undefined,
        trustedProxies: [],
        tokens: { reservations: serviceToken },
        iceServers: [],
      },
    });
    const olga = await at.as('olga');
    expect((await ways(olga, 'p1/sub')).map(({ way }) => way)).not.toContain('livekit');
    const { outcomes } = await olga.json<ReserveAnswer>('POST', '/api/reservations', {
      wanted: [{ cameraId: 'p1', stream: 'sub' }],
    });
    const id = outcomes[0]?.status === 'reserved' ? outcomes[0].reservation.id : '';
    expect((await olga.send('POST', `/api/livekit/${id}`)).status).toBe(409);
    const response = await new Browser(at.app).send(
      'POST',
      '/api/v1/stream/reserve',
      { camera_id: 'p1', user_id: 'x', quality: 'low' },
      { authorization: `Bearer ${serviceToken}` },
    );
    expect(await response.json()).toMatchObject({
      code: 'not-supported',
      detail: 'No LiveKit is configured.',
    });
    await at.app.close();
    await held.close();
  });
});
