import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReserveAnswer, ReserveOutcome } from '#contract/reservation.ts';
import { applyDirectory } from '#server/cameras/apply-directory.ts';
import { createDirectory, type Snapshot } from '#server/cameras/directory.ts';
import { createLog } from '#server/http/log.ts';
import { databases, type TestStore, titleOf } from '#server/store/testing/databases.ts';
import { eventually } from '#server/testing/eventually.ts';
import { town, vmsCamera } from '#server/testing/fake-vms.ts';
import { type Browser, type Harness, startApp } from '#server/testing/harness.ts';
import type { StreamKey } from './paths.ts';
import { watchQuotaNames } from './quota-names.ts';
import { type Quotas, shortages, toldOf, unknownAgencies, wordsOf } from './quota.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const subs = (...ids: string[]): StreamKey[] => ids.map((cameraId) => ({ cameraId, stream: 'sub' }));

describe('the words for a used-up quota', () => {
  it.each([
    [
      { agency: 'Metro', used: 30, limit: 30 },
      [
        ['kiosk-2', 12],
        ['operator', 18],
      ],
      'Metro uses 30 of 30 streams: operator 18, kiosk-2 12',
    ],
    [{ agency: 'Metro', used: 1, limit: 1 }, [], 'Metro uses 1 of 1 stream'],
    [{ agency: undefined, used: 500, limit: 500 }, [], 'All agencies together use 500 of 500 streams'],
    [
      { agency: 'Bus', used: 9, limit: 9 },
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name, index) => [name, index < 5 ? 2 : 1]),
      'Bus uses 9 of 9 streams: a 2, b 2, c 2, d 2, e 2, 2 more 2',
    ],
  ] as const)('%j', (shortage, shares, words) => {
    expect(
      wordsOf(
        toldOf(
          shortage,
          shares.map(([displayName, streams]) => ({
            displayName: String(displayName),
            streams: Number(streams),
          })),
        ),
      ),
    ).toBe(words);
  });
});

describe.each(databases)('quotas', (database) => {
  describe.skipIf(database.missing !== undefined)(titleOf(database), () => {
    let held: TestStore;
    let at: Harness;
    let olga: Browser;
    beforeAll(async () => {
      held = await database.open();
    });
    afterAll(() => held.close());
    beforeEach(() => held.empty());
    const start = async (quotas: Quotas): Promise<void> => {
      at = await startApp(held.store, { quotas });
      olga = await at.as('olga');
    };
    beforeEach(() => async () => await at.app.close());
    const statusOf = (outcomes: readonly ReserveOutcome[]): string[] =>
      outcomes.map((one) => (one.status === 'reserved' ? 'reserved' : one.code));
    const reasonOf = (outcome: ReserveOutcome | undefined): string =>
      outcome?.status === 'refused' ? outcome.reason : '';

    it('hold for an agency and everything below it, and for all; each wish in its order', async () => {
      await start({ total: 3, agencies: { 'group POLICE': 2 } });
      const outcomes = await olga.reserve('p1', 'p2', 'p1/main', 'm1', 'p1', 'm2');
      expect(statusOf(outcomes)).toEqual([
        'reserved',
        'reserved',
        'quota-exceeded',
        'reserved',
        'reserved',
        'quota-exceeded',
      ]);
      expect(reasonOf(outcomes[2])).toBe('Group police uses 2 of 2 streams: olga 2');
      expect(outcomes[2]).toMatchObject({
        shortage: { agency: 'Group police', used: 2, limit: 2, shares: [{ name: 'olga', streams: 2 }] },
      });
      expect(reasonOf(outcomes[5])).toBe('All agencies together use 3 of 3 streams: olga 3');
      await eventually(() => [...at.gateway.sources.keys()].sort()).toEqual(['m1_sub', 'p1_sub', 'p2_sub']);
    });

    it('count streams, not viewers: what somebody has already costs nothing', async () => {
      await start({ total: 1, agencies: {} });
      await olga.reserveOne('p1');
      const otto = await at.as('otto');
      expect(statusOf(await otto.reserve('p1', 'p2'))).toEqual(['reserved', 'quota-exceeded']);
      expect(reasonOf((await otto.reserve('p2'))[0])).toBe(
        'All agencies together use 1 of 1 stream: olga 1, otto 1',
      );
    });

    it('tell a screen numbers, not names', async () => {
      await start({ total: 10, agencies: { 'Group metro': 1 } });
      await olga.reserveOne('m1');
      const [outcome] = await (await at.as('screen')).reserve('m2');
      expect(outcome).toEqual({
        status: 'refused',
        cameraId: 'm2',
        stream: 'sub',
        code: 'quota-exceeded',
        reason: 'Group metro uses 1 of 1 stream',
        shortage: { agency: 'Group metro', used: 1, limit: 1, shares: [] },
      });
    });

    it('say who holds what of the others’ share, and nothing of what does not count towards it', async () => {
      await start({ total: 10, agencies: { 'Group police': 5 }, others: 1 });
      await olga.reserveOne('m1');
      await olga.reserveOne('p1');
      const [outcome] = await olga.reserve('m2');
      expect(reasonOf(outcome)).toBe('All other agencies use 1 of 1 stream: olga 1');
    });

    it('never take from anybody what he holds: renewing and asking again always work', async () => {
      await start({ total: 2, agencies: {} });
      const [id] = [await olga.reserveOne('p1'), await olga.reserveOne('m1')];
      await at.app.close();
      at = await startApp(held.store, { quotas: { total: 1, agencies: {} }, join: at });
      expect(await olga.reserveOne('p1')).toBe(id);
      expect(await olga.json('POST', '/api/reservations/renew', { ids: [id] })).toMatchObject({ ended: [] });
    });

    it('have room again as soon as something is released', async () => {
      await start({ total: 1, agencies: {} });
      const id = await olga.reserveOne('p1');
      const boss = await at.as('boss');
      expect(statusOf(await boss.reserve('m1'))).toEqual(['quota-exceeded']);
      await olga.send('POST', '/api/reservations/release', { ids: [id] });
      expect(statusOf(await boss.reserve('m1'))).toEqual(['reserved']);
    });

    it('are kept when everybody asks at once', async () => {
      await start({ total: 3, agencies: {} });
      const wishes = ['p1', 'p2', 'm1', 'm2', 'p1/main', 'm1/main', 'p2/main', 'm2/main'];
      const browsers: Browser[] = [];
      for (const _ of wishes) browsers.push(await at.as('boss'));
      const outcomes = await Promise.all(browsers.map((one, index) => one.reserve(wishes[index] ?? '')));
      expect(statusOf(outcomes.flat()).sort()).toEqual([
        ...Array.from({ length: 5 }, () => 'quota-exceeded'),
        ...Array.from({ length: 3 }, () => 'reserved'),
      ]);
    });

    it('count a camera that stands in two agencies towards the first', async () => {
      await start({ total: 10, agencies: { 'Group metro': 0 } });
      expect(statusOf(await (await at.as('otto')).reserve('b1', 'p1'))).toEqual([
        'quota-exceeded',
        'reserved',
      ]);
    });

    describe('as arithmetic', () => {
      let snapshot: Snapshot;
      beforeEach(async () => {
        await start({ total: 10, agencies: {} });
        const more = Array.from({ length: 3 }, (_, n) => vmsCamera(`h${n}`, ['harbour']));
        await applyDirectory(held.store.db, 'town', { ...town, cameras: [...town.cameras, ...more] }, 1);
        snapshot = await createDirectory(held.store.db).snapshot();
      });

      it('give the rest of a request what one of its wishes had no room for', () => {
        const flowing = [...subs('h0'), ...subs('h0'), { cameraId: 'h0', stream: 'main' } as const];
        const short = shortages(
          subs('h0', 'h1', 'h2', 'm1', 'x1'),
          flowing,
          { total: 5, agencies: { 'Group police': 3 } },
          snapshot,
        );
        expect([...short]).toEqual([['h2_sub', { agency: 'Group police', used: 3, limit: 3 }]]);
      });

      it('bound what all the others have together, cameras of no agency among them', () => {
        const quotas = { total: 9, agencies: { 'Group police': 1 }, others: 2 };
        const short = shortages(subs('m2', 'nowhere', 'p1', 'p2'), subs('m1'), quotas, snapshot);
        expect([...short]).toEqual([
          ['nowhere_sub', { agency: undefined, isOthers: true, used: 2, limit: 2 }],
          ['p2_sub', { agency: 'Group police', used: 1, limit: 1 }],
        ]);
      });

      it('know a name that is no agency: a slip, or a group further down', () => {
        const agencies = { 'Group Metro ': 1, 'Group harbour': 1, Metr: 1 };
        expect(unknownAgencies({ total: 1, agencies }, snapshot)).toEqual(['Group harbour', 'Metr']);
      });
    });

    it('that name an agency no recorder has are warned of, once, when all have been read', async () => {
      await start({ total: 1, agencies: {} });
      const { db } = held.store;
      const look = watchQuotaNames({
        db,
        directory: createDirectory(db),
        quotas: { total: 1, agencies: { Metr: 1, 'Group metro': 1 } },
        log: createLog('warn', { write: (line) => void at.log.push(line) }),
      });
      const warnings = (): string[] => at.log.filter((line) => line.includes('Metr'));
      await db.updateTable('vms').set({ synced_at: null }).execute();
      await look();
      expect(warnings()).toEqual([]);
      await db.updateTable('vms').set({ synced_at: 1 }).execute();
      await look();
      await look();
      expect(warnings()).toHaveLength(1);
    });

    describe('two pages of one session', () => {
      const pages = ['5e1c6a0e-3f0b-4c7c-9d0a-111111111111', '5e1c6a0e-3f0b-4c7c-9d0a-222222222222'];
      const reserveAs = async (pageId: string | undefined): Promise<string> => {
        const body = { wanted: subs('p1'), ...(pageId === undefined ? {} : { pageId }) };
        const { outcomes } = await olga.json<ReserveAnswer>('POST', '/api/reservations', body);
        return outcomes[0]?.status === 'reserved' ? outcomes[0].reservation.id : '';
      };

      it('hold a stream each for itself: closing one leaves the other its picture', async () => {
        await start({ total: 1, agencies: {} });
        const [one, other] = [await reserveAs(pages[0]), await reserveAs(pages[1])];
        expect(new Set([one, other, await reserveAs(undefined)]).size).toBe(3);
        expect(await reserveAs(pages[0])).toBe(one);
        await olga.offer(one);
        await olga.offer(other);
        await olga.send('POST', '/api/reservations/release', { ids: [one] });
        await eventually(() => at.gateway.sessions.size).toBe(1);
        expect(await olga.json('POST', '/api/reservations/renew', { ids: [one, other] })).toMatchObject({
          renewed: [{ id: other }],
          ended: [one],
        });
        expect([...at.gateway.sources.keys()]).toEqual(['p1_sub']);
      });

      it('are counted once, and both end with the session', async () => {
        await start({ total: 1, agencies: {} });
        for (const page of pages) await olga.offer(await reserveAs(page));
        expect(at.gateway.sessions.size).toBe(2);
        await olga.send('DELETE', '/api/session');
        await eventually(() => at.gateway.sessions.size).toBe(0);
        await eventually(() => at.gateway.sources.size).toBe(0);
      });

      it('have to name themselves by a UUID', async () => {
        await start({ total: 1, agencies: {} });
        const body = { wanted: subs('p1'), pageId: 'the left one' };
        expect((await olga.send('POST', '/api/reservations', body)).status).toBe(400);
      });
    });
  });
});
