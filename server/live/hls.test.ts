import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Problem } from '#contract/problem.ts';
import { GatewayError, type HlsAnswer } from '#server/gateway/gateway.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { eventually } from '#server/testing/eventually.ts';
import { type Browser, type Harness, startApp } from '#server/testing/harness.ts';
import type { Principal } from '#server/http/principal.ts';
import { HlsViewings } from './hls-viewings.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let held: TestStore;
let at: Harness;
let olga: Browser;
let id: string;
beforeAll(async () => {
  held = await pglite.open();
});
afterAll(() => held.close());
beforeEach(async () => {
  await held.empty();
  at = await startApp(held.store);
  olga = await at.as('olga');
  id = await olga.reserveOne('p1');
  return () => at.app.close();
});

const code = async (response: Response): Promise<string> => ((await response.json()) as Problem).code;
const get = (browser: Browser, file: string, signal?: AbortSignal): Promise<Response> =>
  browser.send('GET', `/api/hls/${id}/${file}`, undefined, {}, signal);
const asked = (): string[] => at.gateway.calls.filter((call) => call.startsWith('hls '));

/** Makes the gateway wait with its next answers; gives what ended each. */
function blockGateway(): { readonly waiting: () => number; readonly reasons: unknown[] } {
  let waiting = 0;
  const reasons: unknown[] = [];
  at.gateway.hls = (_path, _file, _query, signal) =>
    new Promise((_resolve, reject) => {
      waiting += 1;
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason);
        reject(signal.reason as Error);
      });
    });
  return { waiting: () => waiting, reasons };
}

describe('a file of a reservation', () => {
  it.each([
    ['index.m3u8', 'application/vnd.apple.mpegurl'],
    ['media.m3u8', 'application/vnd.apple.mpegurl'],
    ['init-1.mp4', 'video/mp4'],
    ['seg-1700000000.mp4', 'video/mp4'],
    ['part-1700000000-4.mp4', 'video/mp4'],
  ])('%s comes from the gateway and is kept by nobody', async (file, type) => {
    const response = await get(olga, file);
    expect([
      response.status,
      response.headers.get('content-type'),
      response.headers.get('cache-control'),
    ]).toEqual([200, type, 'no-store']);
    expect(await response.text()).toBe(`${file} of p1_sub`);
  });

  it('is asked for with the delivery directives and nothing else of the query', async () => {
    await get(olga, 'media.m3u8?_HLS_msn=17&_HLS_part=3&_HLS_skip=YES&token=x&warm');
    expect(asked()).toEqual(['hls p1_sub media.m3u8?_HLS_msn=17&_HLS_part=3&_HLS_skip=YES']);
  });

  it('is asked for of the stream, and in pieces of the size, that the player means', async () => {
    await get(olga, 'media.m3u8?stream=1700000000&grain=3&_HLS_skip=YES');
    await get(olga, 'part-1700000000-3-3.mp4');
    expect(asked()).toEqual([
      'hls p1_sub media.m3u8?_HLS_skip=YES&stream=1700000000&grain=3',
      'hls p1_sub part-1700000000-3-3.mp4?',
    ]);
  });

  it.each(['grain=9', '_HLS_msn=-1', '_HLS_msn=1e9', '_HLS_part=a', '_HLS_skip=no', '_HLS_msn='])(
    'is not asked for with %s',
    async (query) => {
      const response = await get(olga, `media.m3u8?${query}`);
      expect([response.status, await code(response)]).toEqual([400, 'invalid-request']);
      expect(asked()).toEqual([]);
    },
  );

  it.each([
    'other.m3u8',
    'index.m3u8.bak',
    'seg-.mp4',
    'seg-1-2.mp4',
    'part-1.mp4',
    'part-1-2-9.mp4',
    'init-1.mp4%00',
    '..%2Fwhep',
    '%2e%2e%2findex.m3u8',
    'seg-1234567890123456.mp4',
  ])('%s is not one', async (file) => {
    expect((await get(olga, file)).status).toBe(404);
    expect(asked()).toEqual([]);
  });

  it('is nobody else’s, and nobody’s after the right is lost', async () => {
    const boss = await at.as('boss');
    const refused = await get(boss, 'index.m3u8');
    expect([refused.status, await code(refused)]).toEqual([410, 'reservation-ended']);
    await get(olga, 'index.m3u8');
    // The viewing that runs does not let another session in.
    expect((await get(boss, 'media.m3u8')).status).toBe(410);
    id = randomUUID();
    expect((await get(olga, 'index.m3u8')).status).toBe(410);
    id = 'not-an-id';
    expect((await get(olga, 'index.m3u8')).status).toBe(404);
  });

  it('is refused when the right was lost after the reservation', async () => {
    await held.store.db.updateTable('users').set({ grants: '[]' }).where('name', '=', 'olga').execute();
    const response = await get(olga, 'index.m3u8');
    expect([response.status, await code(response)]).toEqual([403, 'not-permitted']);
  });

  it('makes a gateway that has forgotten the path learn it again', async () => {
    await get(olga, 'index.m3u8');
    at.gateway.restart();
    expect((await get(olga, 'media.m3u8')).status).toBe(200);
  });

  it('that is gone is 404; a camera or gateway that is away says so', async () => {
    await get(olga, 'index.m3u8');
    at.gateway.nextError = new GatewayError('not-found', 'no such piece');
    expect((await get(olga, 'seg-1.mp4')).status).toBe(404);
    at.gateway.nextError = new GatewayError('camera-offline', 'rtsp://secret is away', { retryAfterS: 2 });
    const response = await get(olga, 'index.m3u8');
    expect([response.status, response.headers.get('retry-after')]).toEqual([409, '2']);
    expect(await response.text()).not.toContain('secret');
  });

  it('passes on what the protocol says no with', async () => {
    at.gateway.hls = async () => ({
      status: 503,
      headers: { 'retry-after': '1' },
      body: new Uint8Array(),
    });
    const response = await get(olga, 'media.m3u8?_HLS_msn=5');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('comes no faster than it is taken', async () => {
    let given = 0;
    at.gateway.hls = async (): Promise<HlsAnswer> => ({
      status: 200,
      headers: { 'content-type': 'video/mp4' },
      body: new ReadableStream(
        {
          pull: (controller) => {
            given += 1;
            if (given > 50) controller.close();
            else controller.enqueue(new Uint8Array(1000));
          },
        },
        { highWaterMark: 0 },
      ),
    });
    const response = await get(olga, 'seg-1.mp4');
    const reader = response.body!.getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(given).toBeLessThan(4);
    let bytes = 1000;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += (value as Uint8Array).byteLength;
    }
    expect(bytes).toBe(50_000);
  });
});

describe('a request that waits', () => {
  it('is given up with its browser', async () => {
    const gateway = blockGateway();
    const leaving = new AbortController();
    const waiting = get(olga, 'media.m3u8?_HLS_msn=9', leaving.signal);
    await eventually(gateway.waiting).toBe(1);
    leaving.abort(new Error('gone'));
    await waiting;
    expect(gateway.reasons).toHaveLength(1);
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      'the right is lost',
      async () => {
        const boss = await at.as('boss');
        return await boss.send('PATCH', `/api/users/${at.idOf('olga')}`, { grants: [] });
      },
    ],
    ['the session ends', () => olga.send('DELETE', '/api/session')],
    ['the reservation is released', () => olga.send('POST', '/api/reservations/release', { ids: [id] })],
    // Another BFF may have done it: all we see is the row gone.
    ['the reservation is gone', () => held.store.db.deleteFrom('reservations').execute()],
  ])('ends within two seconds when %s', async (_what, lose) => {
    const gateway = blockGateway();
    const waiting = get(olga, 'media.m3u8?_HLS_msn=9');
    await eventually(gateway.waiting).toBe(1);
    await lose();
    const lostAt = performance.now();
    const response = await waiting;
    expect(performance.now() - lostAt).toBeLessThan(2000);
    expect([response.status, await code(response)]).toEqual([410, 'reservation-ended']);
  });

  it('and a piece on its way break off, too', async () => {
    at.gateway.hls = async (_path, _file, _query, signal): Promise<HlsAnswer> => ({
      status: 200,
      headers: { 'content-type': 'video/mp4' },
      body: new ReadableStream({
        start: (controller) => {
          controller.enqueue(new Uint8Array(10));
          signal.addEventListener('abort', () => controller.error(signal.reason));
        },
      }),
    });
    const response = await get(olga, 'seg-1.mp4');
    const reader = response.body!.getReader();
    await reader.read();
    await held.store.db.deleteFrom('reservations').execute();
    await expect(reader.read()).rejects.toMatchObject({ code: 'reservation-ended' });
  });
});

describe('a viewing', () => {
  const trail = async (): Promise<string[]> =>
    (
      await held.store.db
        .selectFrom('audit')
        .select(['kind', 'camera_id', 'user_name'])
        .where('kind', 'like', 'viewing-%')
        .orderBy('id')
        .execute()
    ).map(({ kind, camera_id, user_name }) => `${kind} ${String(camera_id)} ${String(user_name)}`);
  const olgaHere = async (): Promise<Principal> => {
    const { id: sessionId } = await held.store.db
      .selectFrom('sessions')
      .select('id')
      .executeTakeFirstOrThrow();
    return { sessionId, user: { id: at.idOf('olga'), name: 'olga' } } as Principal;
  };
  const key = { cameraId: 'p1', stream: 'sub' } as const;

  it('is recorded once, from the first request to the last', async () => {
    await get(olga, 'index.m3u8');
    await get(olga, 'media.m3u8');
    expect(await trail()).toEqual(['viewing-began p1 olga']);
    await at.app.close();
    expect(await trail()).toEqual(['viewing-began p1 olga', 'viewing-ended p1 olga']);
  });

  it('ends when nobody asks any more, but not while somebody waits', async () => {
    const viewings = new HlsViewings({
      db: held.store.db,
      now: at.clock.now,
      failed: (cause) => expect.fail(String(cause)),
      lookEveryMs: 5,
      idleMs: 20,
    });
    const pass = await viewings.enter(id, await olgaHere(), async () => key);
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect([viewings.size, pass.signal.aborted]).toEqual([1, false]);
    pass.leave();
    pass.leave();
    await eventually(() => viewings.size).toBe(0);
    await eventually(trail).toEqual(['viewing-began p1 olga', 'viewing-ended p1 olga']);
    await viewings.close();
  });

  it('takes so many requests at once and no more', async () => {
    const viewings = new HlsViewings({ db: held.store.db, now: at.clock.now, failed: () => undefined });
    const principal = await olgaHere();
    const passes = [];
    for (let n = 0; n < 24; n += 1) passes.push(await viewings.enter(id, principal, async () => key));
    await expect(viewings.enter(id, principal, async () => key)).rejects.toMatchObject({ code: 'slow-down' });
    await viewings.close();
    expect(passes.every((pass) => pass.signal.aborted)).toBe(true);
  });
});
