import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Problem } from '#contract/problem.ts';
import type { Wall, WallContent, WallDraft } from '#contract/wall.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { type Browser, type Harness, startApp } from '#server/testing/harness.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let held: TestStore;
let at: Harness;
let olga: Browser;
let otto: Browser;
beforeAll(async () => {
  held = await pglite.open();
});
afterAll(() => held.close());
beforeEach(async () => {
  await held.empty();
  at = await startApp(held.store);
  [olga, otto] = [await at.as('olga'), await at.as('otto')];
  return () => at.app.close();
});

const content = (...cameraIds: (string | null)[]): WallContent => ({
  layout: {
    name: 'free',
    columns: cameraIds.length,
    rows: 1,
    cells: cameraIds.map((_, column) => ({ column, row: 0, columns: 1, rows: 1 })),
  },
  cameraIds,
});
const draft = (name: string, isShared: boolean, ...cameraIds: (string | null)[]): WallDraft => ({
  name,
  isShared,
  content: content(...cameraIds),
});
const create = (by: Browser, one: WallDraft): Promise<Wall> => by.json<Wall>('POST', '/api/walls', one);
const names = async (by: Browser): Promise<string[]> =>
  (await by.json<Wall[]>('GET', '/api/walls')).map(({ name }) => name);
const code = async (response: Response): Promise<string> => ((await response.json()) as Problem).code;

describe('walls', () => {
  it('are saved with a version, an owner and the time', async () => {
    const wall = await create(olga, draft('  Gates ', false, 'p1', null, 'm1'));
    expect(wall).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      name: 'Gates',
      isShared: false,
      ownerName: 'olga',
      canEdit: true,
      version: 1,
      savedAt: new Date(at.clock.at).toISOString(),
      content: content('p1', null, 'm1'),
    });
    expect(await olga.json('GET', `/api/walls/${wall.id}`)).toEqual(wall);
  });

  it('are listed by name: one’s own, and those that are shared', async () => {
    await create(olga, draft('B private', false, 'p1'));
    await create(olga, draft('C shared', true, 'p1'));
    await create(otto, draft('A private', false, 'p1'));
    expect(await names(olga)).toEqual(['B private', 'C shared']);
    expect(await names(otto)).toEqual(['A private', 'C shared']);
    expect(await names(await at.as('boss'))).toEqual(['C shared']);
  });

  it('that are private are not there for others', async () => {
    const { id } = await create(olga, draft('mine', false, 'p1'));
    const change = { ...draft('yours', true, 'p1'), version: 1 };
    for (const other of [otto, await at.as('boss')]) {
      expect(await code(await other.send('GET', `/api/walls/${id}`))).toBe('not-found');
      expect(await code(await other.send('PUT', `/api/walls/${id}`, change))).toBe('not-found');
      expect(await code(await other.send('DELETE', `/api/walls/${id}`))).toBe('not-found');
    }
  });

  it('that are shared are changed by their owner and administrators only', async () => {
    const { id } = await create(olga, draft('ours', true, 'p1'));
    const change = { ...draft('changed', true, 'p2'), version: 1 };
    expect((await otto.json<Wall>('GET', `/api/walls/${id}`)).canEdit).toBe(false);
    expect(await code(await otto.send('PUT', `/api/walls/${id}`, change))).toBe('not-permitted');
    expect(await code(await otto.send('DELETE', `/api/walls/${id}`))).toBe('not-permitted');
    const boss = await at.as('boss');
    expect(await boss.json('PUT', `/api/walls/${id}`, change)).toMatchObject({
      version: 2,
      name: 'changed',
      ownerName: 'olga',
    });
    // An administrator who made it private would lose it in the same moment.
    expect(
      await code(await boss.send('PUT', `/api/walls/${id}`, { ...change, isShared: false, version: 2 })),
    ).toBe('not-permitted');
    expect((await boss.send('DELETE', `/api/walls/${id}`)).status).toBe(204);
    expect(await code(await olga.send('GET', `/api/walls/${id}`))).toBe('not-found');
  });

  it('do not overwrite what somebody else saved in between, even at the same moment', async () => {
    const { id } = await create(olga, draft('ours', true, 'p1'));
    const boss = await at.as('boss');
    const responses = await Promise.all(
      [olga, boss, olga, boss].map((by, i) =>
        by.send('PUT', `/api/walls/${id}`, { ...draft(`by ${i}`, true, 'p1'), version: 1 }),
      ),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const conflict = responses.find(({ status }) => status === 409);
    expect(await code(conflict ?? new Response())).toBe('version-conflict');
    expect((await olga.json<Wall>('GET', `/api/walls/${id}`)).version).toBe(2);
  });

  it('take no cameras that their saver may not see live', async () => {
    expect(await code(await otto.send('POST', '/api/walls', draft('x', false, 'm1')))).toBe('not-permitted');
    expect(await code(await otto.send('POST', '/api/walls', draft('x', false, 'nowhere')))).toBe(
      'not-permitted',
    );
    expect(await code(await (await at.as('ivan')).send('POST', '/api/walls', draft('x', false, 'p1')))).toBe(
      'not-permitted',
    );
  });

  it('show empty cells where a camera is hidden, and keep it through a save', async () => {
    await held.store.db
      .updateTable('users')
      .set({ role: 'administrator' })
      .where('name', '=', 'otto')
      .execute();
    const { id } = await create(olga, draft('mixed', true, 'p1', 'm1', 'x1', null));
    const seen = await otto.json<Wall>('GET', `/api/walls/${id}`);
    expect(seen.content.cameraIds).toEqual(['p1', null, null, null]);
    const { name, isShared, version } = seen;
    const saved = await otto.json<Wall>('PUT', `/api/walls/${id}`, {
      name,
      isShared,
      version,
      content: content('p2', null, null, 'b1'),
    });
    expect(saved.content.cameraIds).toEqual(['p2', null, null, 'b1']);
    expect((await olga.json<Wall>('GET', `/api/walls/${id}`)).content.cameraIds).toEqual([
      'p2',
      'm1',
      'x1',
      'b1',
    ]);
  });

  it('keep a camera that the VMS has lost, for when it comes back', async () => {
    const { id } = await create(olga, draft('old', false, 'p1', 'm1'));
    await held.store.db.updateTable('cameras').set({ is_removed: true }).where('id', '=', 'm1').execute();
    await held.store.db.updateTable('directory_version').set({ version: 99 }).execute();
    const seen = await olga.json<Wall>('GET', `/api/walls/${id}`);
    expect(seen.content.cameraIds).toEqual(['p1', null]);
    await olga.json('PUT', `/api/walls/${id}`, { ...draft('renamed', false, 'p1', null), version: 1 });
    await held.store.db.updateTable('cameras').set({ is_removed: false }).execute();
    await held.store.db.updateTable('directory_version').set({ version: 100 }).execute();
    expect((await olga.json<Wall>('GET', `/api/walls/${id}`)).content.cameraIds).toEqual(['p1', 'm1']);
  });
});
