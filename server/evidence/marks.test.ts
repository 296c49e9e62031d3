import { beforeEach, describe, expect, it, vi } from 'vitest';
import { at, codeOf, held, openPastTown } from '#server/recordings/testing/open-past-town.ts';
import { iso, noon } from '#server/recordings/testing/past-town.ts';
import type { Browser } from '#server/testing/harness.ts';
import { VmsError } from '#server/vms/vms.ts';

let otto: Browser;
openPastTown();
beforeEach(async () => {
  otto = await at.as('otto');
});

const query = (cameras: string): string =>
  new URLSearchParams({ cameras, from: iso(noon - 3_600_000), to: iso(noon) }).toString();
const audit = async () =>
  (
    await held.store.db
      .selectFrom('audit')
      .selectAll()
      .where('kind', '<>', 'signed-in')
      .orderBy('id')
      .execute()
  ).map(({ kind, user_name, camera_id }) => `${kind} ${user_name ?? ''} ${camera_id ?? ''}`);

describe('abilities', () => {
  it('are those of each VMS, for the cameras this person may play back', async () => {
    expect(await otto.json('GET', '/api/recordings/abilities')).toEqual({
      vms: [{ vmsId: 'town', cameraIds: ['p1', 'p2', 'b1'], ...at.recordings.can }],
    });
    expect(await (await at.as('screen')).json('GET', '/api/recordings/abilities')).toEqual({ vms: [] });
  });

  it('are asked for once a minute, and known while the VMS is silent', async () => {
    await otto.json('GET', '/api/recordings/abilities');
    await otto.json('GET', '/api/recordings/abilities');
    expect(at.recordings.calls).toEqual(['abilities']);
    at.recordings.error = new VmsError('unavailable', 'gone');
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 61_000);
    expect(await otto.json('GET', '/api/recordings/abilities')).toMatchObject({ vms: [{ stills: true }] });
    expect(at.recordings.calls).toHaveLength(2);
    vi.restoreAllMocks();
  });

  it('of a VMS that never answered are not made up', async () => {
    at.recordings.error = new VmsError('unavailable', 'gone');
    expect(await codeOf(await otto.send('GET', '/api/recordings/abilities'))).toBe('vms-unavailable');
  });
});

describe('bookmarks', () => {
  const draft = {
    cameraId: 'p1',
    start: iso(noon - 60_000),
    end: iso(noon - 30_000),
    at: iso(noon - 45_000),
    title: 'A crash',
    description: 'Two cars',
  };

  it('are made, listed, changed and deleted, and each is written down', async () => {
    const made = await otto.json<{ id: string }>('POST', '/api/bookmarks', draft);
    expect(made).toEqual({ ...draft, id: made.id, canEdit: true });
    expect(await otto.json('GET', `/api/bookmarks?${query('p2,p1')}`)).toEqual([made]);
    const changed = await otto.json('PUT', `/api/bookmarks/${made.id}`, { ...draft, title: 'A bump' });
    expect(changed).toEqual({ ...made, title: 'A bump' });
    expect((await otto.send('DELETE', `/api/bookmarks/${made.id}`)).status).toBe(204);
    expect(await otto.json('GET', `/api/bookmarks?${query('p1')}`)).toEqual([]);
    expect(await audit()).toEqual([
      'bookmark-saved otto p1',
      'bookmark-saved otto p1',
      'bookmark-deleted otto p1',
    ]);
  });

  it('of cameras that are not one’s own are not there', async () => {
    const olga = await at.as('olga');
    const { id } = await olga.json<{ id: string }>('POST', '/api/bookmarks', { ...draft, cameraId: 'm1' });
    expect(await codeOf(await otto.send('GET', `/api/bookmarks?${query('m1')}`))).toBe('not-found');
    expect(await codeOf(await otto.send('PUT', `/api/bookmarks/${id}`, draft))).toBe('not-found');
    expect(await codeOf(await otto.send('DELETE', `/api/bookmarks/${id}`))).toBe('not-found');
    expect(await codeOf(await otto.send('POST', '/api/bookmarks', { ...draft, cameraId: 'm1' }))).toBe(
      'not-found',
    );
    expect(at.recordings.bookmarks).toHaveLength(1);
  });

  it('are moved to another camera, which makes another one of them', async () => {
    const made = await otto.json<{ id: string }>('POST', '/api/bookmarks', draft);
    const wish = { ...draft, cameraId: 'p2' };
    const moved = await otto.json<{ id: string }>('PUT', `/api/bookmarks/${made.id}`, wish);
    expect(moved).toEqual({ ...wish, id: moved.id, canEdit: true });
    expect(moved.id).not.toBe(made.id);
    expect(await otto.json('GET', `/api/bookmarks?${query('p1,p2')}`)).toEqual([moved]);
    expect(await audit()).toEqual([
      'bookmark-saved otto p1',
      'bookmark-saved otto p1',
      'bookmark-saved otto p2',
    ]);
  });

  it('cannot be moved to a camera that is not one’s own', async () => {
    const { id } = await otto.json<{ id: string }>('POST', '/api/bookmarks', draft);
    expect(await codeOf(await otto.send('PUT', `/api/bookmarks/${id}`, { ...draft, cameraId: 'm1' }))).toBe(
      'not-found',
    );
    expect(at.recordings.bookmarks).toMatchObject([{ cameraId: 'p1' }]);
  });

  it('where the VMS keeps none are an empty list, and cannot be made', async () => {
    at.recordings.can = { ...at.recordings.can, bookmarks: 'none' };
    expect(await otto.json('GET', `/api/bookmarks?${query('p1')}`)).toEqual([]);
    expect(await codeOf(await otto.send('POST', '/api/bookmarks', draft))).toBe('not-supported');
  });
});

describe('evidence locks', () => {
  const draft = {
    cameraIds: ['p1', 'm1'],
    start: iso(noon - 60_000),
    end: iso(noon),
    title: 'Case 7',
    description: '',
  };

  it('are made by whoever may export all of the cameras', async () => {
    const made = await (await at.as('ivan')).json<{ id: string }>('POST', '/api/evidence-locks', draft);
    expect(made).toEqual({ ...draft, id: made.id });
    expect(await audit()).toEqual(['evidence-locked ivan p1', 'evidence-locked ivan m1']);
    expect(await codeOf(await (await at.as('olga')).send('POST', '/api/evidence-locks', draft))).toBe(
      'not-permitted',
    );
  });

  it('show nobody a camera they may not know of', async () => {
    const made = await (
      await at.as('boss')
    ).json<object>('POST', '/api/evidence-locks', {
      ...draft,
      expiresAt: iso(noon + 1000),
    });
    expect(await otto.json('GET', `/api/evidence-locks?${query('p1')}`)).toEqual([
      { ...made, cameraIds: ['p1'] },
    ]);
    expect(await otto.json('GET', `/api/evidence-locks?${query('p2')}`)).toEqual([]);
  });

  it('are changed and lifted by whoever may export all of their cameras, before and after', async () => {
    const boss = await at.as('boss');
    const made = await boss.json<{ id: string }>('POST', '/api/evidence-locks', draft);
    const change = { ...draft, cameraIds: ['p1', 'p2'], title: 'Case 8', expiresAt: iso(noon + 1000) };
    expect(await boss.json('PUT', `/api/evidence-locks/${made.id}`, change)).toEqual({
      ...change,
      id: made.id,
    });
    expect(await boss.json('GET', `/api/evidence-locks?${query('p2')}`)).toMatchObject([{ title: 'Case 8' }]);
    expect((await boss.send('DELETE', `/api/evidence-locks/${made.id}`)).status).toBe(204);
    expect(at.recordings.locks).toEqual([]);
    expect(await codeOf(await boss.send('DELETE', `/api/evidence-locks/${made.id}`))).toBe('not-found');
    const noted = ['p1', 'm1', 'p2'].map((camera) => `evidence-lock-changed boss ${camera}`);
    const lifted = ['p1', 'p2'].map((camera) => `evidence-lock-lifted boss ${camera}`);
    expect(await audit()).toEqual([
      'evidence-locked boss p1',
      'evidence-locked boss m1',
      ...noted,
      ...lifted,
    ]);
  });

  it('are not touched by those who may not export one of the cameras, hidden from them or not', async () => {
    const boss = await at.as('boss');
    const { id } = await boss.json<{ id: string }>('POST', '/api/evidence-locks', draft);
    const kept = at.recordings.locks;
    const own = { ...draft, cameraIds: ['p1'] };
    for (const name of ['otto', 'olga']) {
      const browser = await at.as(name);
      expect(await codeOf(await browser.send('PUT', `/api/evidence-locks/${id}`, own))).toBe('not-permitted');
      expect(await codeOf(await browser.send('DELETE', `/api/evidence-locks/${id}`))).toBe('not-permitted');
    }
    const other = await boss.json<{ id: string }>('POST', '/api/evidence-locks', {
      ...draft,
      cameraIds: ['m1'],
    });
    expect(await codeOf(await otto.send('DELETE', `/api/evidence-locks/${other.id}`))).toBe('not-found');
    expect(at.recordings.locks.slice(0, 1)).toEqual(kept);
    expect(at.recordings.calls).not.toContain('deleteEvidenceLock');
  });

  it.each([
    ['not-in-edition', 'not-in-edition'],
    ['none', 'not-supported'],
  ] as const)('where the VMS says %s are refused as %s', async (evidenceLocks, code) => {
    at.recordings.can = { ...at.recordings.can, evidenceLocks };
    const response = await (await at.as('boss')).send('POST', '/api/evidence-locks', draft);
    expect([response.status, await codeOf(response)]).toEqual([409, code]);
    expect(await otto.json('GET', `/api/evidence-locks?${query('p1')}`)).toEqual([]);
    const boss = await at.as('boss');
    expect(await codeOf(await boss.send('PUT', '/api/evidence-locks/lock-1', draft))).toBe(code);
    expect(await codeOf(await boss.send('DELETE', '/api/evidence-locks/lock-1'))).toBe(code);
    expect(at.recordings.calls).toEqual(['abilities']);
  });
});
