import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { sequences } from '#mocks/site/recordings.ts';
import { plainPictures } from './testing/plain-pictures.ts';
import { SiteSession } from './testing/site-session.ts';
import { startXProtect, type DemoXProtect } from './xprotect.ts';

const hour = 3_600_000;
const [steady, moved] = [siteCameras[0]!, siteCameras[1]!];
let xprotect: DemoXProtect;
let session: SiteSession;

beforeEach(async () => {
  const cameras = siteCameras.slice(0, 3);
  xprotect = await startXProtect({ username: 'u', password: 'p', pictures: plainPictures, cameras });
  session = new SiteSession(xprotect.url);
  await session.logIn('u', 'p');
});
afterEach(() => xprotect.close());

async function ask(method: string, path: string, body?: unknown) {
  const response = await fetch(`${xprotect.url}/api/rest/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${session.accessToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, never> & {
      data: { relations: { self: { id: string } } };
    },
  };
}
const iso = (timeMs: number) => new Date(timeMs).toISOString();

describe('the camera task GetSequences', () => {
  const tasks = async () => JSON.stringify((await ask('GET', `cameras/${moved.id}?tasks&noData`)).body);
  const question = {
    sequenceType: 'RecordingSequence',
    time: iso(Date.now() - 30 * hour),
    timeBefore: '001.00:00:00',
    timeAfter: '000.20:00:00',
    maxCountBefore: 2,
    maxCountAfter: 3,
  };

  it('is there only where the release has it', async () => {
    expect(await tasks()).not.toContain('GetSequences');
    expect((await ask('POST', `cameras/${moved.id}?task=GetSequences`, question)).status).toBe(400);
    xprotect.features.change({ getSequences: true });
    expect(await tasks()).toContain('GetSequences');
  });

  it('gives the sequences before and after a time, with seven digits of a second', async () => {
    xprotect.features.change({ getSequences: true });
    const { status, body } = await ask('POST', `cameras/${moved.id}?task=GetSequences`, question);
    expect(status).toBe(200);
    const at = Date.parse(question.time);
    const all = sequences(moved, { start: at - 24 * hour, end: at + 20 * hour }, Date.now());
    const before = all.filter(({ start }) => start <= at).length;
    expect(body).toEqual({
      result: {
        sequences: all.slice(before - 2, before + 3).map(({ start, end }) => ({
          timeBegin: iso(start).replace('Z', '0000Z'),
          timeEnd: iso(end).replace('Z', '0000Z'),
          timeTrigger: iso(start).replace('Z', '0000Z'),
        })),
        state: 'Success',
      },
    });
  });

  it.each(['1 day', '1.00:00:00', '00:30:00', '3650.00:00:00', '001.24:00:00', '001.00:00:00.5'])(
    'knows lengths of time as ddd.HH:mm:ss only, not as %s',
    async (timeBefore) => {
      xprotect.features.change({ getSequences: true });
      expect(
        await ask('POST', `cameras/${moved.id}?task=GetSequences`, { ...question, timeBefore }),
      ).toMatchObject({ status: 400, body: { error: { httpCode: 400 } } });
    },
  );

  it('answers 201, or leads to a task that has to be looked at and tidied up, where the release does so', async () => {
    xprotect.features.change({ getSequences: true });
    const begin = () => ask('POST', `cameras/${moved.id}?task=GetSequences`, question);
    const { result } = (await begin()).body as unknown as { result: object };
    xprotect.features.change({ taskAnswers: 'created' });
    expect(await begin()).toEqual({ status: 201, body: { result } });
    xprotect.features.change({ taskAnswers: 'polled' });
    const path = { type: 'tasks', id: expect.stringMatching(/^\d+$/) as string };
    const begun = await begin();
    expect(begun).toMatchObject({ status: 200, body: { result: { state: 'Idle', path } } });
    const place = `tasks/${(begun.body as unknown as { result: { path: { id: string } } }).result.path.id}`;
    expect((await ask('GET', place)).body.data).toMatchObject({ state: 'InProgress', progress: 50 });
    expect((await ask('GET', place)).body.data).toMatchObject({ ...result, progress: 100 });
    expect(xprotect.taskCount).toBe(1);
    expect((await ask('POST', `${place}?task=TaskCleanup`, {})).status).toBe(200);
    expect(xprotect.taskCount).toBe(0);
    expect((await ask('GET', place)).status).toBe(404);
  });
});

describe('bookmarks', () => {
  const begin = Date.now() - hour;
  const bookmark = {
    header: 'Van',
    description: 'white',
    timeBegin: iso(begin),
    timeEnd: iso(begin + 30_000),
    timeTriggered: iso(begin + 5000),
    devicePath: { type: 'cameras', id: steady.id },
  };

  it('cannot be listed, only searched', async () => {
    expect((await ask('GET', 'bookmarks')).status).toBe(400);
    const { status, body } = await ask('POST', 'bookmarks', bookmark);
    expect(status).toBe(201);
    const search = { time: iso(begin + 10_000), timeLimit: 1_000_000, count: 10 };
    expect((await ask('POST', 'bookmarks?task=searchTime', search)).body).toMatchObject({
      result: { bookmarks: [{ ...body.data }] },
    });
    for (const miss of [{ time: iso(begin + 40_000) }, { deviceIds: [moved.id] }, { searchText: 'black' }])
      expect((await ask('POST', 'bookmarks?task=searchTime', { ...search, ...miss })).body).toMatchObject({
        result: { bookmarks: [] },
      });
  });

  it('are searched on from one of them, forwards and back', async () => {
    const ids: string[] = [];
    for (const [i, id] of [steady.id, steady.id, moved.id, steady.id, steady.id].entries()) {
      const times = { timeBegin: iso(begin + i * 60_000), timeEnd: iso(begin + i * 60_000 + 1000) };
      const made = await ask('POST', 'bookmarks', {
        ...bookmark,
        ...times,
        devicePath: { type: 'cameras', id },
      });
      ids.push(made.body.data.relations.self.id);
    }
    const from = async (more: object) => {
      const search = {
        bookmarkId: ids[1],
        timeLimit: 3_600_000_000,
        count: 10,
        deviceIds: [steady.id],
        ...more,
      };
      const { body } = await ask('POST', 'bookmarks?task=searchFromBookmark', search);
      const { result } = body as unknown as {
        result: { bookmarks: { relations: { self: { id: string } } }[] };
      };
      return result.bookmarks.map(({ relations }) => ids.indexOf(relations.self.id));
    };
    expect(await from({})).toEqual([3, 4]);
    expect(await from({ deviceIds: [] })).toEqual([2, 3, 4]);
    expect(await from({ count: 1 })).toEqual([3]);
    expect(await from({ timeLimit: 130_000_000 })).toEqual([3]);
    expect(await from({ bookmarkId: ids[4], timeLimit: -3_600_000_000, count: 2 })).toEqual([1, 3]);
    const unknown = { bookmarkId: steady.id, timeLimit: 1, count: 1 };
    expect((await ask('POST', 'bookmarks?task=searchFromBookmark', unknown)).status).toBe(400);
  });

  it('are got, changed and deleted by id; a reference is given out on request', async () => {
    const id = (await ask('POST', 'bookmarks', bookmark)).body.data.relations.self.id;
    expect((await ask('PATCH', `bookmarks/${id}`, { header: 'Truck' })).status).toBe(200);
    expect((await ask('GET', `bookmarks/${id}`)).body.data).toMatchObject({
      header: 'Truck',
      description: 'white',
      user: 'u',
      timeBegin: iso(begin).replace('Z', '0000Z'),
    });
    expect((await ask('DELETE', `bookmarks/${id}`)).status).toBe(200);
    expect((await ask('GET', `bookmarks/${id}`)).status).toBe(404);
    expect((await ask('POST', 'bookmarks?task=newReference', {})).body).toMatchObject({
      result: { reference: expect.stringMatching(/^no\.\d{6}$/) as string },
    });
  });

  it.each([
    ['no JSON', '{'],
    ['a camera nobody has', { ...bookmark, devicePath: { type: 'cameras', id: siteCameras[400]!.id } }],
    ['a time that is none', { ...bookmark, timeBegin: 'yesterday' }],
  ])('are not made of %s', async (_what, body) => {
    expect(await ask('POST', 'bookmarks', body)).toMatchObject({
      status: 400,
      body: { error: { httpCode: 400 } },
    });
  });
});

describe('evidence locks', () => {
  const begin = Date.now() - hour;
  const lock = {
    header: 'Case 7',
    startTime: iso(begin),
    tagTime: iso(begin),
    endTime: iso(begin + 60_000),
    devicePaths: [{ type: 'cameras', id: steady.id }],
  };

  it('are made, searched and deleted on Corporate', async () => {
    const made = await ask('POST', 'evidenceLocks', lock);
    expect(made).toMatchObject({
      status: 201,
      body: {
        data: { retentionOption: { retentionUnits: -1, retentionType: 'Indefinite' }, header: 'Case 7' },
      },
    });
    const { id } = made.body.data.relations.self;
    const search = { startTime: iso(begin - 1000), endTime: iso(begin + 1000) };
    expect((await ask('POST', 'evidenceLocks?task=search', search)).body).toMatchObject({
      result: { evidenceLocks: [{ id }] },
    });
    expect((await ask('DELETE', `evidenceLocks/${id}`)).status).toBe(200);
    expect((await ask('POST', 'evidenceLocks?task=search', search)).body).toMatchObject({
      result: { evidenceLocks: [] },
    });
    expect((await ask('POST', 'evidenceLocks', { ...lock, devicePaths: [] })).status).toBe(400);
  });

  it('are got and changed by id, where the release changes them', async () => {
    const made = await ask('POST', 'evidenceLocks', { ...lock, retentionExpire: '2030-01-01T00:00:00Z' });
    const path = `evidenceLocks/${made.body.data.relations.self.id}`;
    expect((await ask('PATCH', path, { header: 'Case 8' })).body.data).toMatchObject({
      header: 'Case 8',
      retentionExpire: expect.stringMatching(/^2030-/) as string,
    });
    const indefinite = { retentionOption: { retentionUnits: -1, retentionType: 'Indefinite' } };
    expect((await ask('PATCH', path, indefinite)).body.data).toMatchObject({
      header: 'Case 8',
      retentionExpire: expect.stringMatching(/^9999-/) as string,
    });
    expect((await ask('PATCH', path, { devicePaths: [] })).status).toBe(400);
    xprotect.features.change({ changesLocks: false });
    expect((await ask('PATCH', path, { header: 'Case 9' })).status).toBe(405);
    expect((await ask('GET', path)).body.data).toMatchObject({ header: 'Case 8' });
  });

  it('are refused by Expert, and unknown to older gateways', async () => {
    xprotect.features.change({ edition: 'expert' });
    expect(await ask('POST', 'evidenceLocks', lock)).toMatchObject({
      status: 403,
      body: { error: { httpCode: 403 } },
    });
    xprotect.features.change({ edition: 'corporate', bookmarks: false });
    expect((await ask('POST', 'evidenceLocks?task=search', {})).status).toBe(404);
    expect((await ask('POST', 'bookmarks?task=searchTime', {})).status).toBe(404);
  });

  it('and bookmarks fail by themselves when told to', async () => {
    xprotect.faults.setSurface('evidence-locks', { failWith: 503 });
    const post = (path: string) =>
      fetch(`${xprotect.url}/api/rest/v1/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${session.accessToken}` },
        body: '{}',
      });
    expect((await post('evidenceLocks?task=search')).status).toBe(503);
    expect((await post('bookmarks?task=newReference')).status).toBe(200);
    expect((await session.get('/api/rest/v1/sites')).status).toBe(200);
  });
});
