import { randomUUID } from 'node:crypto';
import { eventually } from '#server/testing/eventually.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Problem } from '#contract/problem.ts';
import { GatewayError, type GatewayErrorCode } from '#server/gateway/gateway.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { type Browser, type Harness, startApp } from '#server/testing/harness.ts';
import { VmsError } from '#server/vms/vms.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let held: TestStore;
let at: Harness;
let olga: Browser;
beforeAll(async () => {
  held = await pglite.open();
});
afterAll(() => held.close());
beforeEach(async () => {
  await held.empty();
  at = await startApp(held.store);
  olga = await at.as('olga');
  return () => at.app.close();
});

const code = async (response: Response): Promise<string> => ((await response.json()) as Problem).code;
const fragmentType = { 'content-type': 'application/trickle-ice-sdpfrag' };

describe('an offer', () => {
  it('is answered with a session of our own, and nothing of the gateway’s', async () => {
    const response = await olga.offer(await olga.reserveOne('p1'));
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/sdp');
    expect(response.headers.get('location')).toMatch(/^\/api\/whep\/sessions\/[0-9a-f-]{36}$/);
    expect(response.headers.get('etag')).toBe('"ice-1"');
    expect(response.headers.get('accept-patch')).toBe('application/trickle-ice-sdpfrag');
    expect(await response.text()).toContain('answer for p1_sub');
    expect(JSON.stringify([...response.headers])).not.toContain('internal');
    expect([...at.gateway.sessions.values()]).toEqual([{ path: 'p1_sub', offer: 'v=0\r\no=offer\r\n' }]);
  });

  it('comes with the configured STUN and TURN servers as links', async () => {
    const other = await startApp(held.store, {
      join: at,
      config: {
        publicUrl: undefined,
        trustedProxies: [],
        tokens: {},
        iceServers: [{ urls: ['stun:a.test', 'turn:b.test'], username: 'u"x', credential: 'c' }],
      },
    });
    const browser = await other.as('olga');
    const response = await browser.offer(await browser.reserveOne('p1'));
    expect(response.headers.get('link')).toBe(
      '<stun:a.test>; rel="ice-server"; username="u\\"x"; credential="c"; credential-type="password", ' +
        '<turn:b.test>; rel="ice-server"; username="u\\"x"; credential="c"; credential-type="password"',
    );
    await other.app.close();
  });

  it.each<[string, Record<string, string>, string, number, string]>([
    ['another content type', { 'content-type': 'application/json' }, '{}', 415, 'unsupported-media-type'],
    ['no content type', { 'content-type': '' }, 'v=0', 415, 'unsupported-media-type'],
    ['more than 64 KiB', { 'content-type': 'application/sdp' }, 'v=0'.padEnd(65_537), 413, 'too-large'],
    ['no SDP', { 'content-type': 'application/sdp' }, 'hello', 400, 'invalid-request'],
    ['nothing', { 'content-type': 'application/sdp' }, '', 400, 'invalid-request'],
  ])('of %s is refused before anything else is looked at', async (_what, headers, body, status, expected) => {
    const response = await olga.send('POST', `/api/whep/${randomUUID()}`, body, headers);
    expect([response.status, await code(response)]).toEqual([status, expected]);
    expect(at.gateway.calls).toEqual([]);
  });

  it('on a reservation that is unknown or somebody else’s is refused alike', async () => {
    const boss = await at.as('boss');
    const id = await olga.reserveOne('p1');
    for (const response of [await olga.offer(randomUUID()), await boss.offer(id)])
      expect([response.status, await code(response)]).toEqual([410, 'reservation-ended']);
    expect((await olga.offer('not-an-id')).status).toBe(404);
  });

  it('is refused when the right was lost after the reservation', async () => {
    const otto = await at.as('otto');
    const id = await otto.reserveOne('p1');
    await held.store.db.updateTable('users').set({ grants: '[]' }).where('name', '=', 'otto').execute();
    const response = await otto.offer(id);
    expect([response.status, await code(response)]).toEqual([403, 'not-permitted']);
  });

  it.each<[GatewayErrorCode, number, string, string | null]>([
    ['gateway-unavailable', 503, 'gateway-unavailable', '1'],
    ['camera-offline', 409, 'camera-offline', '5'],
    ['source-refused', 409, 'camera-offline', '15'],
    ['codec-unsupported', 422, 'codec-unsupported', null],
    ['b-frames', 422, 'b-frames', null],
    ['bad-offer', 400, 'invalid-request', null],
    ['overloaded', 503, 'overloaded', '2'],
  ])('that fails with %s is answered %i %s', async (fault, status, expected, retryAfter) => {
    const id = await olga.reserveOne('p1');
    at.gateway.nextError = new GatewayError(fault, 'rtsp://user:secret@camera.invalid is sad');
    const response = await olga.offer(id);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    const text = await response.clone().text();
    expect(text).not.toMatch(/secret|invalid\b.*sad|rtsp:/);
    expect([response.status, await code(response)]).toEqual([status, expected]);
  });

  it('passes on when the gateway says to come again', async () => {
    const id = await olga.reserveOne('p1');
    at.gateway.nextError = new GatewayError('camera-offline', '', { retryAfterS: 9 });
    expect((await olga.offer(id)).headers.get('retry-after')).toBe('9');
  });

  it('makes a gateway that has forgotten the path learn it again', async () => {
    const id = await olga.reserveOne('p1');
    await olga.offer(id);
    at.gateway.restart();
    expect((await olga.offer(id)).status).toBe(201);
  });

  it('says that the recorder is away when a source cannot be had', async () => {
    const id = await olga.reserveOne('p1');
    await eventually(() => at.gateway.sources.size).toBe(1);
    at.gateway.restart();
    at.vms.error = new VmsError('unavailable', 'https://vms.internal is away');
    const response = await olga.offer(id);
    const text = await response.text();
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(text).toContain('vms-unavailable');
    expect(text).not.toContain('vms.internal');
  });

  it('closes the gateway’s session again when the reservation ended meanwhile', async () => {
    const id = await olga.reserveOne('p1');
    const offer = at.gateway.offer.bind(at.gateway);
    at.gateway.offer = async (...args) => {
      const answer = await offer(...args);
      await olga.send('POST', '/api/reservations/release', { ids: [id] });
      return answer;
    };
    const response = await olga.offer(id);
    expect([response.status, await code(response)]).toEqual([410, 'reservation-ended']);
    expect(at.gateway.sessions.size).toBe(0);
  });

  it('beyond the fourth of one reservation ends the oldest', async () => {
    const id = await olga.reserveOne('p1');
    for (let n = 0; n < 5; n += 1) {
      at.clock.pass(1000);
      await olga.offer(id);
    }
    expect([...at.gateway.sessions.keys()].map((session) => session.split('/').at(-1))).toEqual([
      '2',
      '3',
      '4',
      '5',
    ]);
  });

  it('made too often is slowed down', async () => {
    const id = await olga.reserveOne('p1');
    const statuses: number[] = [];
    for (let n = 0; n < 12; n += 1) statuses.push((await olga.offer(id)).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
    at.clock.pass(2000);
    expect((await olga.offer(id)).status).toBe(201);
  });
});

describe('a session', () => {
  let location: string;
  let gatewaySession: string;
  beforeEach(async () => {
    const response = await olga.offer(await olga.reserveOne('p1'));
    location = response.headers.get('location') ?? '';
    [gatewaySession = ''] = [...at.gateway.sessions.keys()];
  });

  it('takes trickled candidates and passes If-Match on', async () => {
    const response = await olga.send('PATCH', location, 'a=candidate:1', {
      ...fragmentType,
      'if-match': '"ice-1"',
    });
    expect([response.status, response.headers.get('etag'), await response.text()]).toEqual([204, null, '']);
    expect(at.gateway.patches).toEqual([
      { session: gatewaySession, fragment: 'a=candidate:1', ifMatch: '"ice-1"' },
    ]);
  });

  it.each(['*', '"*"'])('restarts ICE with If-Match: %s and gives the new entity tag', async (star) => {
    const response = await olga.send('PATCH', location, 'a=ice-ufrag:x', {
      ...fragmentType,
      'if-match': star,
    });
    expect([response.status, response.headers.get('etag'), response.headers.get('content-type')]).toEqual([
      200,
      '"restarted"',
      'application/trickle-ice-sdpfrag',
    ]);
    expect(await response.text()).toContain('ice-ufrag:new');
  });

  it('is nobody else’s: not an administrator’s, not the same person’s in another browser', async () => {
    for (const other of [await at.as('boss'), await at.as('olga')]) {
      expect((await other.send('PATCH', location, 'a=x', fragmentType)).status).toBe(404);
      expect((await other.send('DELETE', location)).status).toBe(404);
    }
    expect(at.gateway.patches).toEqual([]);
    expect(at.gateway.sessions.size).toBe(1);
  });

  it('refuses other content types, large fragments and odd names', async () => {
    expect((await olga.send('PATCH', location, 'v=0', { 'content-type': 'application/sdp' })).status).toBe(
      415,
    );
    expect((await olga.send('PATCH', location, 'a'.repeat(16_385), fragmentType)).status).toBe(413);
    expect((await olga.send('PATCH', '/api/whep/sessions/x', 'a', fragmentType)).status).toBe(404);
    expect((await olga.send('DELETE', `/api/whep/sessions/${randomUUID()}`)).status).toBe(404);
  });

  it('ends with DELETE, once', async () => {
    expect((await olga.send('DELETE', location)).status).toBe(200);
    expect(at.gateway.sessions.size).toBe(0);
    expect((await olga.send('DELETE', location)).status).toBe(404);
  });

  it('is forgotten when the gateway no longer knows it', async () => {
    at.gateway.restart();
    expect((await olga.send('PATCH', location, 'a', fragmentType)).status).toBe(404);
    expect(await held.store.db.selectFrom('whep_sessions').select('id').execute()).toEqual([]);
  });

  it('takes no candidates after its reservation', async () => {
    at.gateway.isDown = true;
    await held.store.db.deleteFrom('reservations').execute();
    const response = await olga.send('PATCH', location, 'a', fragmentType);
    expect([response.status, await code(response)]).toEqual([410, 'reservation-ended']);
  });

  it('leaves a record of who watched what', async () => {
    await olga.send('DELETE', location);
    const trail = await held.store.db
      .selectFrom('audit')
      .select(['kind', 'user_name', 'camera_id'])
      .where('kind', 'like', 'viewing-%')
      .orderBy('id')
      .execute();
    expect(trail).toEqual([
      { kind: 'viewing-began', user_name: 'olga', camera_id: 'p1' },
      { kind: 'viewing-ended', user_name: 'olga', camera_id: 'p1' },
    ]);
  });
});

describe('probing', () => {
  it.each<[string, string, number, Record<string, string>]>([
    ['OPTIONS', '/api/whep/x', 200, { 'accept-post': 'application/sdp' }],
    ['HEAD', '/api/whep/x', 200, { 'content-type': 'application/sdp' }],
    ['GET', '/api/whep/x', 204, {}],
    ['GET', '/api/whep/sessions/x', 204, {}],
    ['OPTIONS', '/api/whep/sessions/x', 200, { 'accept-patch': 'application/trickle-ice-sdpfrag' }],
  ])('%s %s is %i', async (method, path, status, headers) => {
    const response = await olga.send(method, path);
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject(headers);
    expect(await response.text()).toBe('');
  });
});
