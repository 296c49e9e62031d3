import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Problem, problemStatus } from '#contract/problem.ts';
import type { Needs } from '#contract/routes.ts';
import { otherRoutes, routes } from '#server/http/route-table.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { Browser, type Harness, people, startApp } from '#server/testing/harness.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let held: TestStore;
let at: Harness;
const browsers = new Map<string, Browser>();
beforeAll(async () => {
  held = await pglite.open();
  at = await startApp(held.store);
  for (const name of Object.keys(people)) browsers.set(name, await at.as(name));
});
afterAll(async () => {
  await at.app.close();
  await held.close();
});
const as = (name: string): Browser => browsers.get(name) ?? new Browser(at.app);

interface Door {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly needs: Needs;
}
const doors: Door[] = Object.entries({ ...routes, ...otherRoutes }).map(
  ([name, { method, path, needs }]) => ({
    name,
    method,
    path: path.replace(':cameraId', 'p1').replace(/:\w+/g, randomUUID()),
    needs,
  }),
);
const ours = doors.filter(({ path }) => path.startsWith('/api/'));
const closed = doors.filter(({ needs }) => needs.who !== 'anyone');

async function problem(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = Problem.parse(await response.json());
  expect(response.status).toBe(problemStatus[body.code]);
  expect(body.requestId).toBe(response.headers.get('x-request-id'));
  return body;
}

describe('the gate', () => {
  it('stands before every route but signing in and health', () => {
    expect(doors.filter(({ needs }) => needs.who === 'anyone').map(({ name }) => name)).toEqual([
      'signIn',
      'readHealth',
      'readReadiness',
    ]);
  });

  it.each(closed)('$name: nobody gets in without a session', async ({ method, path }) => {
    const response = await new Browser(at.app).send(method, path);
    expect((await problem(response)).code).toBe('signed-out');
  });

  it.each(closed)('$name: a made-up cookie is no session', async ({ method, path }) => {
    const browser = new Browser(at.app);
    browser.cookie = `parapet=${'A'.repeat(43)}`;
    expect((await problem(await browser.send(method, path))).code).toBe('signed-out');
  });

  const byRole = closed.flatMap((door) => {
    const { who } = door.needs;
    if (typeof who === 'string') return [];
    return Object.entries(people)
      .filter(([, { role }]) => !who.includes(role))
      .map(([person, { role }]) => ({ ...door, person, role }));
  });
  it.each(byRole)('$name: $person, $role, has the wrong role', async ({ method, path, person }) => {
    const body = method === 'GET' ? undefined : {};
    expect((await problem(await as(person).send(method, path, body))).code).toBe('not-permitted');
  });

  const foreign: Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.test' },
    { origin: 'null' },
  ];
  it.each(ours.flatMap((door) => foreign.map((headers) => ({ ...door, headers }))))(
    '$name: not from another site ($headers)',
    async ({ method, path, headers }) => {
      const body = method === 'GET' || method === 'DELETE' ? undefined : {};
      expect((await problem(await as('boss').send(method, path, body, headers))).code).toBe('cross-site');
    },
  );

  it('knows the public address behind a proxy', async () => {
    const other = await startApp(held.store, {
      join: at,
      config: { publicUrl: 'https://wall.example.org', trustedProxies: [], tokens: {}, iceServers: [] },
    });
    const response = await new Browser(other.app).send(
      'POST',
      '/api/session',
      {},
      { origin: 'https://wall.example.org' },
    );
    expect((await problem(response)).code).toBe('invalid-request');
    await other.app.close();
  });
});

describe('cameras without the right', () => {
  it.each([
    ['nemo', 'p1', 'not-found'],
    ['screen', 'p1', 'not-found'],
    ['ivan', 'p1', 'not-permitted'],
    ['olga', 'nowhere', 'not-found'],
  ])('%s cannot read the streams of %s', async (person, camera, code) => {
    const response = await as(person).send('GET', `/api/cameras/${camera}/streams`);
    expect((await problem(response)).code).toBe(code);
  });

  it('olga can', async () => {
    expect(await as('olga').json('GET', '/api/cameras/p1/streams')).toHaveLength(2);
  });
});

describe('bad input', () => {
  const json = { 'content-type': 'application/json' };
  const takesBody = Object.entries(routes).flatMap(([name, route]) =>
    route.body.safeParse(undefined).success
      ? []
      : [
          {
            name,
            method: route.method,
            path: route.path.replace(/:\w+/g, randomUUID()),
          },
        ],
  );

  it.each(takesBody)(
    '$name: another content type, no JSON, wrong JSON, too much',
    async ({ method, path }) => {
      const send = (body: string, headers: Record<string, string> = json) =>
        as('boss').send(method, path, body, headers);
      expect((await problem(await send('name=x', { 'content-type': 'text/plain' }))).code).toBe(
        'unsupported-media-type',
      );
      expect((await problem(await send('{"name":'))).code).toBe('invalid-request');
      expect((await problem(await send(''))).code).toBe('invalid-request');
      expect((await problem(await send('"\ud800"'))).code).toBe('invalid-request');
      const wrong = await problem(
        await send('{"name":5,"wanted":"all","ids":[1],"role":"king","content":null}'),
      );
      expect(wrong.code).toBe('invalid-request');
      expect(wrong.issues?.length).toBeGreaterThan(0);
      expect((await problem(await send(`{"name":"${'x'.repeat(70_000)}"}`))).code).toBe('too-large');
    },
  );

  const withParams = Object.entries(routes).filter(([, { path }]) => path.includes(':'));
  it.each(withParams)('%s: a name in the path that cannot be', async (_name, route) => {
    const path = route.path.replace(/:\w+/g, '%20..%2f..');
    const response = await as('boss').send(route.method, path);
    expect(['invalid-request', 'not-found']).toContain((await problem(response)).code);
  });

  it('names each fault by its place', async () => {
    const body = await problem(
      await as('boss').send('POST', '/api/reservations', {
        wanted: [
          { cameraId: 'p1', stream: 'sub' },
          { cameraId: '../x', stream: 'huge' },
        ],
      }),
    );
    expect(body.issues?.map(({ path }) => path)).toEqual(['wanted.1.cameraId', 'wanted.1.stream']);
  });

  it('counts a body that does not say its length', async () => {
    const endless = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(' '.repeat(10_000)));
      },
    });
    const response = await at.app.fetch(
      new Request('http://parapet.test/api/session', {
        method: 'POST',
        headers: { ...json, host: 'parapet.test' },
        body: endless,
        duplex: 'half',
      } as RequestInit),
    );
    expect((await problem(response)).code).toBe('too-large');
  });
});

describe('addresses', () => {
  it.each(['/api', '/api/', '/api/nothing', '/api/session/x', '/nothing'])(
    '%s is not there',
    async (path) => {
      expect((await problem(await as('boss').send('GET', path))).code).toBe('not-found');
    },
  );

  it.each([
    ['PUT', '/api/session', 'DELETE, GET, HEAD, POST'],
    ['DELETE', '/api/walls', 'GET, HEAD, POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['PUT', `/api/whep/${randomUUID()}`, 'GET, HEAD, OPTIONS, POST'],
  ])('%s %s names the methods that are', async (method, path, allow) => {
    const response = await as('boss').send(method, path, {});
    expect(response.headers.get('allow')).toBe(allow);
    expect((await problem(response)).code).toBe('method-not-allowed');
  });
});

describe('every answer', () => {
  it.each(['/healthz', '/api/session', '/nothing'])('%s carries the security headers', async (path) => {
    const { headers } = await new Browser(at.app).send('GET', path);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('strict-transport-security')).toBeNull();
  });

  it('of an API is stored nowhere', async () => {
    const { headers } = await as('olga').send('GET', '/api/directory');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('hides what went wrong in here, and the log has it under the same name', async () => {
    const broken = await startApp({ ...held.store, db: held.store.db.withSchema('nowhere') }, { join: at });
    const response = await new Browser(broken.app).signIn('olga');
    const body = await problem(response);
    expect(body).toMatchObject({ code: 'internal', title: 'Something went wrong here.' });
    expect(body.detail).toBeUndefined();
    expect(broken.log.find((line) => line.includes(body.requestId ?? '?'))).toContain('nowhere');
    await broken.app.close();
  });
});

describe('health', () => {
  it('is alive', async () => {
    const response = await new Browser(at.app).send('GET', '/healthz');
    expect([response.status, await response.json()]).toEqual([200, { isAlive: true }]);
  });

  it('is ready while a part is down, and says which', async () => {
    const other = await startApp(held.store, { join: at });
    at.gateway.isDown = true;
    const response = await new Browser(other.app).send('GET', '/readyz');
    at.gateway.isDown = false;
    expect(response.status).toBe(200);
    const { parts } = (await response.json()) as { parts: { part: string; isUp: boolean }[] };
    expect(parts.map(({ part, isUp }) => [part, isUp])).toEqual([
      ['database', true],
      ['gateway', false],
      ['vms:town', true],
    ]);
    await other.app.close();
  });

  it('is not ready without its database', async () => {
    const store = { ...held.store, ping: () => Promise.reject(new Error('gone: postgres://secret')) };
    const other = await startApp(store, { join: at });
    const response = await new Browser(other.app).send('GET', '/readyz');
    const text = await response.text();
    expect([response.status, text.includes('secret')]).toEqual([503, false]);
    expect(JSON.parse(text)).toMatchObject({ isReady: false });
    await other.app.close();
  });
});

describe('the log', () => {
  it('has requests, and nothing that opens a door', async () => {
    const { log } = at;
    const browser = await at.as('olga');
    await browser.signIn('olga', 'a wrong password');
    await browser.offer(await browser.reserveOne('p1'));
    const text = log.join('');
    expect(text).toContain('"path":"/api/session"');
    for (const secret of [
      'correct horse',
      'a wrong password',
      browser.cookie.split('=')[1] ?? '?',
      'camera secret',
      'o=offer',
    ])
      expect(text).not.toContain(secret);
  });
});
