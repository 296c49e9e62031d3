import { getResponse } from 'msw';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Problem } from '#contract/problem.ts';
import { otherRoutes, routes, type RouteName } from '#contract/routes.ts';
import type { Wall } from '#contract/wall.ts';
import { handlersFor } from './handlers.ts';
import { PretendBff } from './pretend-bff.ts';

let now = 0;
let bff: PretendBff;
let ask: (method: string, path: string, body?: unknown) => Promise<Response>;
beforeEach(() => {
  now = Date.UTC(2026, 10, 20, 12);
  bff = new PretendBff({ now: () => now });
  const handlers = handlersFor(bff);
  ask = async (method, path, body) => {
    const request = new Request(`http://parapet.test${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const response = await getResponse(handlers, request);
    if (!response) throw new Error(`Nobody answers ${method} ${path}`);
    return response;
  };
});

const signIn = (name: string) => ask('POST', '/api/session', { name, password: 'x' });
const codeOf = async (response: Response) => Problem.parse(await response.json()).code;

/** The answer to a route, decoded by the contract. */
async function read<Name extends RouteName>(
  name: Name,
  response: Response,
): Promise<z.output<(typeof routes)[Name]['answer']>> {
  expect(response.status).toBe(200);
  return z.decode(routes[name].answer, (await response.json()) as never) as z.output<
    (typeof routes)[Name]['answer']
  >;
}

it('answers every route of the contract, and says signed-out where somebody has to be signed in', async () => {
  for (const { method, path, needs } of [...Object.values(routes), ...Object.values(otherRoutes)]) {
    const response = await ask(method, path.replace(/:\w+/, crypto.randomUUID()));
    if (needs.who === 'anyone') expect([path, response.status]).not.toEqual([path, 401]);
    else expect([path, response.status, await codeOf(response)]).toEqual([path, 401, 'signed-out']);
  }
});

it('keeps administration for administrators', async () => {
  await signIn('operator');
  expect(await codeOf(await ask('GET', '/api/users'))).toBe('not-permitted');
  await signIn('administrator');
  expect(await read('listUsers', await ask('GET', '/api/users'))).toHaveLength(4);
});

describe('signing in', () => {
  it('takes the four accounts and refuses others', async () => {
    for (const name of ['administrator', 'operator', 'investigator', 'kiosk']) {
      expect((await read('signIn', await signIn(name))).user.role).toBe(name);
    }
    const refused = await signIn('mallory');
    expect([refused.status, await codeOf(refused)]).toEqual([401, 'wrong-credentials']);
  });

  it('names what is wrong with a form', async () => {
    const response = await ask('POST', '/api/session', { name: '' });
    const problem = Problem.parse(await response.json());
    expect([response.status, problem.code]).toEqual([400, 'invalid-request']);
    expect(problem.issues?.map((issue) => issue.path).sort()).toEqual(['name', 'password']);
  });

  it('ends with signing out', async () => {
    await signIn('operator');
    expect((await ask('DELETE', '/api/session')).status).toBe(204);
    expect((await ask('GET', '/api/session')).status).toBe(401);
  });
});

describe('the directory', () => {
  it('has 500 cameras with their groups for an operator, two agencies for a kiosk', async () => {
    await signIn('operator');
    const whole = await read('readDirectory', await ask('GET', '/api/directory'));
    expect(whole.cameras).toHaveLength(500);
    expect(whole.groups.filter((group) => group.parentId === undefined)).toHaveLength(4);
    expect(whole.cameras.some((camera) => camera.state === 'down')).toBe(true);
    const known = new Set(whole.groups.map((group) => group.id));
    expect(whole.cameras.every((camera) => camera.groupIds.every((id) => known.has(id)))).toBe(true);

    await signIn('kiosk');
    const part = await read('readDirectory', await ask('GET', '/api/directory'));
    expect(part.cameras).toHaveLength(50);
    expect(part.cameras.every((camera) => camera.rights.join() === 'live')).toBe(true);
  });
});

describe('reservations', () => {
  it('are given for cameras one may see and refused one by one for others', async () => {
    const hidden = (await signIn('operator'), await read('readDirectory', await ask('GET', '/api/directory')))
      .cameras[0]!.id;
    await signIn('kiosk');
    const mine = (await read('readDirectory', await ask('GET', '/api/directory'))).cameras[0]!.id;
    const wanted = [hidden, mine].map((cameraId) => ({ cameraId, stream: 'sub' }));
    const { outcomes } = await read('reserve', await ask('POST', '/api/reservations', { wanted }));
    expect(outcomes).toMatchObject([
      { status: 'refused', cameraId: hidden, code: 'not-found' },
      { status: 'reserved', reservation: { cameraId: mine, expiresAt: now + 30_000 } },
    ]);
  });

  it('live while they are renewed', async () => {
    await signIn('operator');
    const [camera] = bff.directory().cameras;
    bff.reserve({ wanted: [{ cameraId: camera!.id, stream: 'sub' }] });
    const ids = bff.reservations.map((one) => one.id);
    now += 29_000;
    expect(await read('renew', await ask('POST', '/api/reservations/renew', { ids }))).toMatchObject({
      ended: [],
    });
    now += 31_000;
    expect(await read('renew', await ask('POST', '/api/reservations/renew', { ids }))).toEqual({
      renewed: [],
      ended: ids,
    });
    expect((await ask('POST', '/api/reservations/release', { ids })).status).toBe(204);
  });
});

describe('walls', () => {
  const draft = {
    name: 'Night',
    isShared: false,
    content: {
      layout: { name: '1', columns: 1, rows: 1, cells: [{ column: 0, row: 0, columns: 1, rows: 1 }] },
      cameraIds: [null],
    },
  };

  it('are kept by version', async () => {
    await signIn('operator');
    const wall = await read('createWall', await ask('POST', '/api/walls', draft));
    expect(wall).toMatchObject({ version: 1, ownerName: 'Operator', canEdit: true, savedAt: now });
    const changed = await ask('PUT', `/api/walls/${wall.id}`, { ...draft, name: 'Day', version: 1 });
    expect(await read('changeWall', changed)).toMatchObject({ name: 'Day', version: 2 });
    const late = await ask('PUT', `/api/walls/${wall.id}`, { ...draft, version: 1 });
    expect([late.status, await codeOf(late)]).toEqual([409, 'version-conflict']);
    expect((await ask('DELETE', `/api/walls/${wall.id}`)).status).toBe(204);
    expect((await ask('GET', `/api/walls/${wall.id}`)).status).toBe(404);
  });

  it('are private, or shared without what others may not see', async () => {
    await signIn('operator');
    await ask('POST', '/api/walls', draft);
    await signIn('kiosk');
    const walls: Wall[] = await read('listWalls', await ask('GET', '/api/walls'));
    expect(walls.map((wall) => [wall.name, wall.canEdit])).toEqual([
      ['Buses', false],
      ['City overview', false],
      ['Metro', false],
    ]);
    expect(walls[1]!.content.cameraIds).toContain(null);
    const forbidden = await ask('POST', '/api/walls', draft);
    expect(await codeOf(forbidden)).toBe('not-permitted');
  });
});

it('tells the news as events that the contract can read', async () => {
  await signIn('operator');
  const response = await ask('GET', '/api/news');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toBe(
    `event: hello\ndata: {"kind":"hello","serverTime":"2026-11-20T12:00:00.000Z"}\n\n`,
  );
  bff.setCameraState(bff.directory().cameras[0]!.id, 'down');
  expect((await reader.read()).value).toMatch(/^event: camera\ndata: .*"state":"down"/);
  await ask('DELETE', '/api/session');
  expect((await reader.read()).value).toMatch(/^event: signed-out\n/);
  expect((await reader.read()).done).toBe(true);
});
