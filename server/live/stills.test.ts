import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Problem } from '#contract/problem.ts';
import { stillHeaders } from '#contract/routes.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { eventually } from '#server/testing/eventually.ts';
import { FakeStills } from '#server/testing/fake-stills.ts';
import { FakeVms } from '#server/testing/fake-vms.ts';
import { type Browser, type Harness, startApp } from '#server/testing/harness.ts';
import type { Still, VmsRecordings } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const then = Date.UTC(2026, 10, 20, 12);

class Town extends FakeVms {
  readonly stills = new FakeStills(then);
  recorded: Still | undefined;
  readonly recordings = {
    newestStill: async () => {
      await Promise.resolve();
      return this.recorded;
    },
  } as unknown as VmsRecordings;
}

let held: TestStore;
let at: Harness;
let town: Town;
let olga: Browser;
beforeAll(async () => {
  held = await pglite.open();
});
afterAll(() => held.close());
beforeEach(async () => {
  await held.empty();
  town = new Town();
  at = await startApp(held.store, { vms: town });
  olga = await at.as('olga');
  return () => at.app.close();
});

const code = async (response: Response): Promise<string> => ((await response.json()) as Problem).code;
const get = (browser: Browser, path: string, signal?: AbortSignal): Promise<Response> =>
  browser.send('GET', path, undefined, {}, signal);
const still = (id: string, query = '', browser = olga, signal?: AbortSignal): Promise<Response> =>
  get(browser, `/api/stills/${id}${query}`, signal);
const last = (cameraId: string, browser = olga, query = ''): Promise<Response> =>
  get(browser, `/api/cameras/${cameraId}/last-still${query}`);
const audited = async (): Promise<(string | null)[][]> =>
  (await held.store.db.selectFrom('audit').select(['kind', 'camera_id', 'user_name']).orderBy('id').execute())
    .filter(({ camera_id }) => camera_id !== null)
    .map(({ kind, camera_id, user_name }) => [kind, camera_id, user_name]);

describe('a reservation', () => {
  const waysOf = async (): Promise<string[]> => {
    const [outcome] = await olga.reserve('p1');
    if (outcome?.status !== 'reserved') throw new Error(JSON.stringify(outcome));
    return outcome.reservation.ways.map(({ way }) => way);
  };

  it('offers stills last, where the VMS makes them', async () => {
    expect((await waysOf()).at(-1)).toBe('stills');
  });

  it('offers none where it does not', async () => {
    town.stills.isMade = false;
    expect(await waysOf()).not.toContain('stills');
  });
});

describe('stills of a reservation', () => {
  it('are JPEGs as wide as the stream, with the moment they show, kept by nobody', async () => {
    const response = await still(await olga.reserveOne('p1'));
    const { headers } = response;
    expect([response.status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      200,
      'image/jpeg',
      'no-store',
    ]);
    expect(headers.get(stillHeaders.captured)).toBe(new Date(then).toISOString());
    expect(await response.text()).toBe(`p1 ${then} 640`);
    expect(await (await still(await olga.reserveOne('m1/main'))).text()).toMatch(/^m1 \d+ 1280$/);
  });

  it('come anew for who has seen the last one, read once for all viewers', async () => {
    const boss = await at.as('boss');
    const [mine, theirs] = [await olga.reserveOne('p1'), await boss.reserveOne('p1')];
    const first = await still(mine);
    const after = first.headers.get(stillHeaders.captured) ?? '';
    const query = `?after=${encodeURIComponent(after)}`;
    const [a, b] = await Promise.all([still(mine, query), still(theirs, query, boss)]);
    expect([await a.text(), await b.text()]).toEqual([`p1 ${then + 100} 640`, `p1 ${then + 100} 640`]);
    expect(town.stills.asked).toEqual(['p1 640', 'p1 640']);
  });

  it('are none, with 204, when the camera has shown nothing new for five seconds', async () => {
    const id = await olga.reserveOne('p1');
    await still(id);
    const live = town.stills.live.bind(town.stills);
    vi.spyOn(town.stills, 'live').mockImplementation(async (...question) => {
      const taken = await live(...question);
      return taken && { ...taken, timeMs: then };
    });
    const begun = performance.now();
    const response = await still(id, `?after=${new Date(then).toISOString()}`);
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(performance.now() - begun).toBeGreaterThan(4900);
  });

  it('say why there are none', async () => {
    const id = await olga.reserveOne('p1');
    town.stills.nextMs = undefined;
    expect(await code(await still(id))).toBe('camera-offline');
    town.stills.error = new VmsError('unavailable', 'secret.host is off');
    const response = await still(await olga.reserveOne('p2'));
    const text = await response.text();
    expect([JSON.parse(text), text.includes('secret.host')]).toMatchObject([
      { code: 'vms-unavailable' },
      false,
    ]);
  });

  it('belong to the session that reserved, and end with the reservation, even while somebody waits', async () => {
    const id = await olga.reserveOne('p1');
    expect(await code(await still(id, '', await at.as('olga')))).toBe('reservation-ended');
    await still(id);
    town.stills.isSlow = true;
    const waiting = still(id, `?after=${new Date(then + 60).toISOString()}`);
    await olga.send('POST', '/api/reservations/release', { ids: [id] });
    expect(await code(await waiting)).toBe('reservation-ended');
    expect(await code(await still(id))).toBe('reservation-ended');
  });

  it('are recorded as one viewing', async () => {
    const id = await olga.reserveOne('p1');
    for (let i = 0; i < 3; i++) await still(id);
    expect(await audited()).toEqual([['viewing-began', 'p1', 'olga']]);
    await olga.send('POST', '/api/reservations/release', { ids: [id] });
    await eventually(audited).toEqual([
      ['viewing-began', 'p1', 'olga'],
      ['viewing-ended', 'p1', 'olga'],
    ]);
  });

  it('are not had faster than anybody can look', async () => {
    const id = await olga.reserveOne('p1');
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push((await still(id)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429, 429]);
    at.clock.pass(1000);
    expect((await still(id)).status).toBe(200);
  });

  it.each(['yesterday', '12', '2026-11-20'])('are not asked for after %s', async (after) => {
    expect(await code(await still(await olga.reserveOne('p1'), `?after=${after}`))).toBe('invalid-request');
  });

  it('are not had without a reservation, or where the VMS makes none', async () => {
    expect(await code(await still('7'))).toBe('not-found');
    await at.app.close();
    await held.empty();
    at = await startApp(held.store);
    olga = await at.as('olga');
    expect(await code(await still(await olga.reserveOne('p1')))).toBe('not-supported');
  });
});

describe('the last still of a camera', () => {
  it('comes without a reservation, about as wide as asked for, and is written down once', async () => {
    const response = await last('p1', olga, '?width=480');
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(response.headers.get(stillHeaders.captured)).toBe(new Date(then).toISOString());
    expect(await response.text()).toBe(`p1 ${then} 640`);
    await last('p1');
    await last('p1');
    expect(await audited()).toEqual([['still-shown', 'p1', 'olga']]);
  });

  it.each([
    ['ivan', 'p1', 'not-permitted'],
    ['nemo', 'p1', 'not-found'],
    ['screen', 'p1', 'not-found'],
    ['olga', 'nowhere', 'not-found'],
  ])('%s does not get that of %s', async (name, cameraId, why) => {
    expect(await code(await last(cameraId, await at.as(name)))).toBe(why);
    expect(town.stills.asked).toEqual([]);
  });

  it.each([
    ['screen', 59_000, 200, 'still-shown'],
    ['screen', 61_000, 404, undefined],
    ['olga', 61_000, 200, 'playback'],
  ])('%s is shown what was recorded %i ms ago: %i', async (name, ageMs, status, kind) => {
    town.stills.nextMs = undefined;
    town.recorded = { timeMs: at.clock.at - ageMs, jpeg: Buffer.from('recorded') };
    const response = await last('m1', await at.as(name));
    expect(response.status).toBe(status);
    expect((await audited()).map(([what]) => what)).toEqual(kind === undefined ? [] : [kind]);
  });

  it('is not there where nothing is known', async () => {
    town.stills.nextMs = undefined;
    expect(await code(await last('p1'))).toBe('not-found');
  });

  it.each(['?width=0', '?width=wide', '?width=99999'])('is not had with %s', async (query) => {
    expect(await code(await last('p1', olga, query))).toBe('invalid-request');
  });

  it('is had a hundred times at once and not a thousand', async () => {
    const answers = await Promise.all(Array.from({ length: 150 }, () => last('p1')));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(128);
    expect(statuses.filter((status) => status === 429)).toHaveLength(22);
    at.clock.pass(1000);
    expect((await last('p1')).status).toBe(200);
  });
});
