import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { routes, type Routes } from '#contract/routes.ts';
import type { Session } from '#contract/account.ts';
import { call, urlOf, type CallInput } from './call.ts';
import { mayRetry, NetworkError, ProblemError } from './errors.ts';
import { announceSignedIn, announceSignedOut, onSignedIn, onSignedOut } from './signed-out.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  stops.splice(0).forEach((stop) => stop());
  announceSignedIn();
});

/** A fetch that answers as told, and remembers what it was asked. */
function answering(status: number, body?: unknown, headers: Record<string, string> = {}) {
  return vi.fn<typeof fetch>(async () =>
    body === undefined
      ? new Response(null, { status, headers })
      : new Response(typeof body === 'string' ? body : JSON.stringify(body), {
          status,
          headers: {
            'content-type': status < 400 ? 'application/json' : 'application/problem+json',
            ...headers,
          },
        }),
  );
}

const problem = (status: number, code: string, more: object = {}) => ({
  type: `urn:parapet:problem:${code}`,
  code,
  title: 'No',
  status,
  ...more,
});

const wallId = '6f1c7b1e-5b0a-4c7e-9b39-0b1f0e0f7a11';
const session = {
  user: { id: '1', name: 'operator', displayName: 'Operator', role: 'operator', grants: [] },
  signedInAt: '2026-11-20T12:00:00Z',
  expiresAt: '2026-11-20T20:00:00+04:00',
};

describe('a call', () => {
  it('decodes the answer: moments become epoch milliseconds', async () => {
    const answer = await call(routes.readSession, { fetch: answering(200, session) });
    expect(answer.signedInAt).toBe(Date.UTC(2026, 10, 20, 12));
    expect(answer.expiresAt).toBe(Date.UTC(2026, 10, 20, 16));
    expectTypeOf(answer).toEqualTypeOf<Session>();
  });

  it('sends body and parameters in wire form, with the session cookie, to this origin', async () => {
    const fetch = answering(200, { outcomes: [] });
    await call(routes.reserve, { fetch, body: { wanted: [{ cameraId: 'c1', stream: 'sub' }] } });
    const [url, init] = fetch.mock.calls[0]!;
    expect(url).toBe('/api/reservations');
    expect(init).toMatchObject({ method: 'POST', credentials: 'same-origin' });
    expect(init?.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(JSON.parse(init?.body as string)).toEqual({ wanted: [{ cameraId: 'c1', stream: 'sub' }] });
  });

  it('gives undefined for 204, and can outlive its page', async () => {
    const fetch = answering(204);
    await expect(
      call(routes.release, { fetch, body: { ids: [wallId] }, keepalive: true }),
    ).resolves.toBeUndefined();
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ keepalive: true });
  });

  it('asks for parameters and bodies where the route has them, and only there', () => {
    expectTypeOf<CallInput<Routes['readWall']>>().toHaveProperty('params');
    expectTypeOf<Record<string, never>>().toExtend<CallInput<Routes['readDirectory']>>();
    expectTypeOf<Record<string, never>>().not.toExtend<CallInput<Routes['readWall']>>();
    expectTypeOf<Record<string, never>>().not.toExtend<CallInput<Routes['signIn']>>();
    expect(urlOf(routes.readWall, { params: { wallId } })).toBe(`/api/walls/${wallId}`);
  });

  it('does not send what the contract does not know', () => {
    expect(() => urlOf(routes.readWall, { params: { wallId: '../session' } })).toThrow();
  });
});

describe('a refusal', () => {
  it('carries what the problem says', async () => {
    const fetch = answering(
      429,
      problem(429, 'slow-down', { detail: 'Five attempts', retryAfterS: 30, requestId: 'r1', issues: [] }),
    );
    const error = await call(routes.readDirectory, { fetch }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({
      code: 'slow-down',
      status: 429,
      detail: 'Five attempts',
      retryAfterS: 30,
      requestId: 'r1',
    });
  });

  it.each([
    ['a proxy’s page', 502, '<h1>Bad gateway</h1>', 'text/html'],
    ['a problem with a code of another age', 400, problem(400, 'no-such-code'), 'application/problem+json'],
    ['broken JSON', 500, '{', 'application/problem+json'],
  ])('that is %s is unreadable', async (_, status, body, type) => {
    const fetch = answering(status, body, { 'content-type': type });
    const error = await call(routes.readDirectory, { fetch }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ code: 'unreadable', status });
  });

  it('an answer that breaks the contract is unreadable', async () => {
    const fetch = answering(200, { cameras: 'none' });
    await expect(call(routes.readDirectory, { fetch })).rejects.toMatchObject({
      code: 'unreadable',
      status: 200,
    });
  });

  it('no answer is unreachable', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(() => Promise.reject(new TypeError('Failed to fetch')));
    await expect(call(routes.readDirectory, { fetch })).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'unreachable',
    });
  });

  const hanging: typeof fetch = (_, init) =>
    new Promise((_resolve, reject) => {
      init!.signal!.addEventListener('abort', () => reject(init!.signal!.reason as Error));
    });

  it('no answer in time is too slow', async () => {
    await expect(call(routes.readDirectory, { fetch: hanging, timeoutMs: 5 })).rejects.toMatchObject({
      code: 'too-slow',
    });
  });

  it('an abort keeps its own face', async () => {
    const controller = new AbortController();
    const calling = call(routes.readDirectory, { fetch: hanging, signal: controller.signal });
    controller.abort();
    await expect(calling).rejects.toMatchObject({ name: 'AbortError' });
    const fetch = answering(200, []);
    await expect(call(routes.listWalls, { fetch, signal: controller.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(fetch).not.toHaveBeenCalled();
  });

  it.each([
    [new ProblemError({ type: 'x', code: 'overloaded', title: 'x', status: 503 }), true],
    [new ProblemError({ type: 'x', code: 'slow-down', title: 'x', status: 429 }), true],
    [new ProblemError({ type: 'x', code: 'not-permitted', title: 'x', status: 403 }), false],
    [new NetworkError('unreachable', 'x'), true],
    [new NetworkError('unreadable', 'x', { status: 502 }), true],
    [new NetworkError('unreadable', 'x', { status: 200 }), false],
    [new DOMException('x', 'AbortError'), false],
  ])('%s may be retried: %s', (error, expected) => {
    expect(mayRetry(error)).toBe(expected);
  });
});

describe('the end of the session', () => {
  const signedOut = () => answering(401, problem(401, 'signed-out'));

  it('is announced once, however many calls find out, and again after signing in', async () => {
    const [out, back] = [vi.fn(), vi.fn()];
    stops.push(onSignedOut(out), onSignedIn(back));
    const calls = [1, 2, 3].map(() => call(routes.readDirectory, { fetch: signedOut() }));
    expect((await Promise.allSettled(calls)).map((one) => one.status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
    ]);
    expect([out.mock.calls.length, back.mock.calls.length]).toEqual([1, 0]);

    await call(routes.signIn, { fetch: answering(200, session), body: { name: 'operator', password: 'x' } });
    expect(back).toHaveBeenCalledTimes(1);
    await call(routes.readSession, { fetch: answering(200, session) });
    expect(back).toHaveBeenCalledTimes(1);
    await expect(call(routes.readDirectory, { fetch: signedOut() })).rejects.toThrow();
    expect(out).toHaveBeenCalledTimes(2);
  });

  it('is not what a wrong password means', async () => {
    const out = vi.fn();
    stops.push(onSignedOut(out));
    const fetch = answering(401, problem(401, 'wrong-credentials'));
    await expect(call(routes.signIn, { fetch, body: { name: 'a', password: 'b' } })).rejects.toMatchObject({
      code: 'wrong-credentials',
    });
    expect(out).not.toHaveBeenCalled();
  });

  it('is told to nobody who stopped listening', () => {
    const out = vi.fn();
    onSignedOut(out)();
    announceSignedOut();
    expect(out).not.toHaveBeenCalled();
  });
});
