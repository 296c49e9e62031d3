import { Problem } from '#contract/problem.ts';
import { recordingMediaRoutes, recordingRoutes } from '#contract/recording-routes.ts';
import { otherRoutes, routes } from '#contract/routes.ts';
import { expect, test } from './fixtures.ts';
import { password } from './parapet.ts';

// Every door of the running whole, tried the wrong way. What each fault is called in detail is proved beside the server.

const all = Object.entries({ ...routes, ...otherRoutes, ...recordingRoutes, ...recordingMediaRoutes });
/** The path with something in each place that has the right form and names nothing. */
const somewhere = (path: string): string =>
  path
    .replace(/:cameraId/g, 'no-such-camera')
    .replace(/:file/g, 'media.m3u8')
    .replace(/:\w+/g, () => crypto.randomUUID());
const takesBody = (method: string): boolean => ['POST', 'PUT', 'PATCH'].includes(method);

test('without a session every route but the open ones says so, and nothing else', async ({ parapet }) => {
  const guarded = all.filter(([, { needs }]) => needs.who !== 'anyone');
  expect(guarded.length).toBeGreaterThan(15);
  for (const [name, { method, path }] of guarded) {
    const answer = await fetch(parapet.url + somewhere(path), {
      method,
      headers: { origin: parapet.url, 'content-type': 'application/json' },
      ...(takesBody(method) ? { body: '{}' } : {}),
    });
    expect(answer.status, name).toBe(401);
    expect(Problem.parse(await answer.json()).code, name).toBe('signed-out');
  }
});

test('bad input to any route is a named fault, never a crash', async ({ parapet, page }) => {
  await page.request.post(`${parapet.url}/api/session`, {
    data: { name: 'administrator', password },
    headers: { origin: parapet.url },
  });
  const bodies: readonly [string, string, string][] = [
    ['no JSON', 'application/json', '{"broken'],
    ['another form', 'application/json', '{"unexpected":[1,2,3]}'],
    ['a list', 'application/json', '[]'],
    ['another type', 'text/plain', 'hello'],
    ['too much', 'application/json', JSON.stringify({ name: 'x'.repeat(3_000_000) })],
  ];
  for (const [name, { method, path }] of all.filter(([, route]) => takesBody(route.method)))
    for (const [fault, type, body] of bodies) {
      const answer = await page.request.fetch(parapet.url + somewhere(path), {
        method,
        headers: { origin: parapet.url, 'content-type': type },
        data: body,
      });
      expect([400, 404, 410, 413, 415, 422], `${name}: ${fault} → ${answer.status()}`).toContain(
        answer.status(),
      );
      expect(answer.headers()['content-type'], name).toContain('application/problem+json');
      Problem.parse(await answer.json());
    }
  for (const [name, { method, path }] of all.filter(([, route]) => route.path.includes(':'))) {
    const answer = await page.request.fetch(
      parapet.url + path.replace(/:\w+/g, '%00..%2f..%2fetc%2fpasswd'),
      {
        method,
        headers: { origin: parapet.url },
      },
    );
    expect([400, 404, 415], `${name} with a wild path → ${answer.status()}`).toContain(answer.status());
  }
  expect((await fetch(`${parapet.url}/healthz`)).status).toBe(200);
});

test('a page of another site cannot act with somebody’s session', async ({ parapet, page }) => {
  await page.request.post(`${parapet.url}/api/session`, {
    data: { name: 'operator', password },
    headers: { origin: parapet.url },
  });
  const answer = await page.request.delete(`${parapet.url}/api/session`, {
    headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  });
  expect(answer.status()).toBe(403);
  expect((await page.request.get(`${parapet.url}/api/session`)).status()).toBe(200);
});
