import { eventually } from '#server/testing/eventually.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Wall } from '#contract/wall.ts';
import { applyDirectory } from '#server/cameras/apply-directory.ts';
import { applyStates } from '#server/cameras/states.ts';
import { databases, type TestStore, titleOf } from '#server/store/testing/databases.ts';
import { town } from '#server/testing/fake-vms.ts';
import { type Browser, grant, type Harness, startApp } from '#server/testing/harness.ts';
import { publish, readEnvelope } from './envelope.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

interface Heard {
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** A page that listens. */
async function listen(browser: Browser, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const response = await browser.send('GET', '/api/news', undefined, headers, leaving.signal);
  const heard: Heard[] = [];
  let text = '';
  const ended = (async () => {
    if (response.body === null) return;
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const [, kind, data] = /^event: (\S+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
        heard.push(
          kind === undefined || data === undefined
            ? { kind: text.slice(0, end) }
            : { ...(JSON.parse(data) as object), kind },
        );
        text = text.slice(end + 2);
      }
    }
  })();
  ended.catch(() => undefined);
  return {
    response,
    ended,
    /** What was said after the greeting. */
    heard: () => heard.filter(({ kind }) => !/^(retry|hello|:)/.test(kind)),
    all: () => heard,
    leave: () => leaving.abort(),
  };
}

describe('an envelope', () => {
  it('of somebody else’s making is left alone', () => {
    expect([readEnvelope('not json'), readEnvelope('{"kind":"other"}')]).toEqual([undefined, undefined]);
  });
});

describe.each(databases)('news', (database) => {
  describe.skipIf(database.missing !== undefined)(titleOf(database), () => {
    let held: TestStore;
    let at: Harness;
    beforeAll(async () => {
      held = await database.open();
    });
    afterAll(() => held.close());
    beforeEach(async () => {
      await held.empty();
      at = await startApp(held.store);
      return () => at.app.close();
    });

    it('begins with hello and the server’s time', async () => {
      const page = await listen(await at.as('olga'));
      expect(page.response.headers.get('content-type')).toBe('text/event-stream');
      expect(page.response.headers.get('cache-control')).toBe('no-store');
      await eventually(page.all).toEqual([
        { kind: 'retry: 1000' },
        { kind: 'hello', serverTime: new Date(at.clock.at).toISOString() },
      ]);
    });

    it('of a camera reaches those who may see it, and nobody else', async () => {
      const [olga, otto, screen, nemo] = await Promise.all(
        ['olga', 'otto', 'screen', 'nemo'].map(async (name) => listen(await at.as(name))),
      );
      await applyStates(held.store.db, new Map([['p1', { state: 'down', since: 5 }]]), 9);
      await applyStates(held.store.db, new Map([['m1', { state: 'up', since: 5 }]]), 9);
      await applyDirectory(held.store.db, 'town', { ...town, groups: town.groups.slice(0, 2) }, 9);
      const p1 = { kind: 'camera', cameraId: 'p1', state: 'down', since: new Date(5).toISOString() };
      const m1 = { ...p1, cameraId: 'm1', state: 'up' };
      const directory = { kind: 'directory' };
      await eventually(() => olga?.heard()).toEqual([p1, m1, directory]);
      await eventually(() => otto?.heard()).toEqual([p1, directory]);
      await eventually(() => screen?.heard()).toEqual([m1, directory]);
      await eventually(() => nemo?.heard()).toEqual([directory]);
    });

    it('tells that a camera sends anew, which may be something else than before', async () => {
      const olga = await at.as('olga');
      const page = await listen(olga);
      await olga.reserveOne('p1');
      at.gateway.report('p1_sub', 'running', undefined, 5);
      await at.app.upkeep.round();
      await eventually(() => page.heard()).toMatchObject([{ kind: 'camera', cameraId: 'p1', state: 'up' }]);
      at.gateway.report('p1_sub', 'running', undefined, 9);
      await at.app.upkeep.round();
      await eventually(() => page.heard()).toMatchObject([
        { since: new Date(5).toISOString() },
        { kind: 'camera', cameraId: 'p1', state: 'up', since: new Date(9).toISOString() },
      ]);
    });

    it('of walls reaches all, of private ones their owner; one that turns private is gone for others', async () => {
      const olga = await at.as('olga');
      const [hers, his] = [await listen(olga), await listen(await at.as('otto'))];
      const draft = {
        name: 'w',
        isShared: false,
        content: {
          layout: { name: '1', columns: 1, rows: 1, cells: [{ column: 0, row: 0, columns: 1, rows: 1 }] },
          cameraIds: ['p1'],
        },
      };
      const { id: wallId } = await olga.json<Wall>('POST', '/api/walls', draft);
      const save = (isShared: boolean, version: number) =>
        olga.json('PUT', `/api/walls/${wallId}`, { ...draft, isShared, version });
      await save(true, 1);
      await save(false, 2);
      await olga.send('DELETE', `/api/walls/${wallId}`);
      const wall = (change: string, version: number) => ({ kind: 'wall', wallId, change, version });
      await eventually(hers.heard).toEqual([
        wall('saved', 1),
        wall('saved', 2),
        wall('saved', 3),
        wall('deleted', 3),
      ]);
      await eventually(his.heard).toEqual([wall('saved', 2), wall('deleted', 3)]);
    });

    it('of reservations that ended by force reaches the page that held them, only', async () => {
      const otto = await at.as('otto');
      const [page, sibling] = [await listen(otto), await listen(await at.as('otto'))];
      const id = await otto.reserveOne('p1');
      const boss = await at.as('boss');
      await boss.json('PATCH', `/api/users/${at.idOf('otto')}`, { grants: [grant('metro', 'live')] });
      await eventually(page.heard).toEqual([
        { kind: 'directory' },
        { kind: 'reservations-ended', ids: [id] },
      ]);
      await eventually(sibling.heard).toEqual([{ kind: 'directory' }]);
    });

    it('follows the person’s rights as they change', async () => {
      const page = await listen(await at.as('otto'));
      const boss = await at.as('boss');
      await boss.json('PATCH', `/api/users/${at.idOf('otto')}`, { grants: [grant('metro', 'playback')] });
      await applyStates(held.store.db, new Map([['p1', { state: 'down', since: 5 }]]), 9);
      await applyStates(held.store.db, new Map([['m2', { state: 'down', since: 5 }]]), 9);
      await eventually(() => page.heard().map(({ cameraId, kind }) => cameraId ?? kind)).toEqual([
        'directory',
        'm2',
      ]);
    });

    it('ends with the session, whoever ends it', async () => {
      const [olga, boss] = [await at.as('olga'), await at.as('boss')];
      const [first, second] = [await listen(olga), await listen(olga)];
      const screen = await listen(await at.as('screen'));
      await olga.send('DELETE', '/api/session');
      await Promise.all([first.ended, second.ended]);
      expect(first.heard()).toEqual([{ kind: 'signed-out' }]);
      await boss.send('DELETE', `/api/users/${at.idOf('screen')}/sessions`);
      await screen.ended;
      expect(screen.heard()).toEqual([{ kind: 'signed-out' }]);
    });

    it('keeps the line warm, and notices a session that ran out', async () => {
      const quick = await startApp(held.store, { join: at, newsHeartbeatMs: 20 });
      const page = await listen(await quick.as('olga'));
      await eventually(() => page.all().filter(({ kind }) => kind.startsWith(':')).length).toBeGreaterThan(1);
      at.clock.pass(13 * 3_600_000);
      await page.ended;
      expect(page.heard()).toEqual([{ kind: 'signed-out' }]);
      await quick.app.close();
    });

    it('forgets a page that has gone', async () => {
      const page = await listen(await at.as('olga'));
      page.leave();
      await page.ended.catch(() => undefined);
      await publish(held.store.db, { kind: 'news', news: { kind: 'directory' } });
      await held.store.ping();
      expect(page.heard()).toEqual([]);
    });

    it('ends all streams when the BFF does, and takes no more', async () => {
      const olga = await at.as('olga');
      const page = await listen(olga);
      await at.app.close();
      await page.ended;
      expect((await olga.send('GET', '/api/news')).status).toBe(503);
    });

    it('is cut into notifications that Postgres takes', async () => {
      const page = await listen(await at.as('olga'));
      const ids = Array.from({ length: 250 }, () => crypto.randomUUID());
      await publish(held.store.db, { kind: 'news', news: { kind: 'reservations-ended', ids } });
      await publish(held.store.db, { kind: 'sessions-ended', sessions: ids });
      await publish(held.store.db, { kind: 'users-changed', users: ids });
      await eventually(() => page.heard().flatMap((one) => one['ids'])).toEqual(ids);
      expect(page.heard()).toHaveLength(3);
    });
  });
});
