import { randomUUID } from 'node:crypto';
import { eventually } from '#server/testing/eventually.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RenewAnswer } from '#contract/reservation.ts';
import { applyDirectory } from '#server/cameras/apply-directory.ts';
import { createDirectory } from '#server/cameras/directory.ts';
import { GatewayError } from '#server/gateway/gateway.ts';
import { databases, type TestStore, titleOf } from '#server/store/testing/databases.ts';
import { town } from '#server/testing/fake-vms.ts';
import { type Browser, grant, type Harness, startApp } from '#server/testing/harness.ts';
import { VmsError } from '#server/vms/vms.ts';
import { createAllowance } from './allowance.ts';
import { pathOf, streamOf } from './paths.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('paths', () => {
  it.each([
    ['a_sub', { cameraId: 'a', stream: 'sub' }],
    ['cam_sub_main', { cameraId: 'cam_sub', stream: 'main' }],
    ['a_sub/../b', undefined],
    ['_main', undefined],
    ['all_others', undefined],
  ])('%s', (path, key) => {
    const found = streamOf(path);
    expect(found).toEqual(key);
    expect(found === undefined ? path : pathOf(found)).toBe(path);
  });
});

describe('an allowance', () => {
  it('lets a burst through, then so many a second, for each key', () => {
    const allowance = createAllowance(2, 0.5);
    allowance.take('a', 0);
    allowance.take('a', 0);
    expect(() => allowance.take('a', 1000)).toThrow(
      expect.objectContaining({ code: 'slow-down', options: { retryAfterS: 1 } }),
    );
    allowance.take('b', 1000);
    expect(() => allowance.take('a', 2000)).not.toThrow();
    expect(() => allowance.take('a', 2000)).toThrow();
  });
});

describe.each(databases)('live', (database) => {
  describe.skipIf(database.missing !== undefined)(titleOf(database), () => {
    let held: TestStore;
    let at: Harness;
    let olga: Browser;
    beforeAll(async () => {
      held = await database.open();
    });
    afterAll(() => held.close());
    beforeEach(async () => {
      await held.empty();
      at = await startApp(held.store);
      olga = await at.as('olga');
      return () => at.app.close();
    });
    const reserved = async (): Promise<string[]> =>
      (
        await held.store.db
          .selectFrom('reservations')
          .select(['camera_id', 'stream'])
          .orderBy('camera_id')
          .execute()
      ).map(({ camera_id, stream }) => `${camera_id}/${stream}`);
    /** Upkeep as it runs, on the test's clock. */
    const roundsFor = async (ms: number, everyMs = 1000): Promise<void> => {
      for (let passed = 0; passed < ms; passed += everyMs) {
        at.clock.pass(everyMs);
        await at.app.upkeep.round();
      }
    };
    const keepForever = async (): Promise<void> => {
      await held.store.db.updateTable('reservations').set({ expires_at: Number.MAX_SAFE_INTEGER }).execute();
    };
    const paths = (): string[] => [...at.gateway.sources.keys()].sort();

    describe('reserving', () => {
      it('answers each wish in its order: reserved for half a minute, or why not', async () => {
        const otto = await at.as('otto');
        const outcomes = await otto.reserve('p1', 'm1', 'b1/main', 'nowhere', 'p1');
        expect(outcomes).toMatchObject([
          {
            status: 'reserved',
            reservation: {
              cameraId: 'p1',
              stream: 'sub',
              expiresAt: new Date(at.clock.at + 30_000).toISOString(),
              whepUrl: expect.stringMatching(/^\/api\/whep\/[0-9a-f-]{36}$/) as string,
            },
          },
          { status: 'refused', cameraId: 'm1', stream: 'sub', code: 'not-found' },
          { status: 'reserved', reservation: { cameraId: 'b1', stream: 'main' } },
          { status: 'refused', cameraId: 'nowhere', code: 'not-found' },
          { status: 'reserved' },
        ]);
        expect(outcomes[4]).toEqual(outcomes[0]);
        await eventually(paths).toEqual(['b1_main', 'p1_sub']);
      });

      it('says what exactly is missing', async () => {
        expect(await (await at.as('ivan')).reserve('p1')).toMatchObject([{ code: 'not-permitted' }]);
        expect(await olga.reserve('x1/sub')).toMatchObject([{ code: 'no-such-stream' }]);
      });

      it('again is the same reservation, renewed; in another browser another one', async () => {
        const first = await olga.reserveOne('p1');
        at.clock.pass(20_000);
        expect(await olga.reserve('p1')).toMatchObject([
          { reservation: { id: first, expiresAt: new Date(at.clock.at + 30_000).toISOString() } },
        ]);
        expect(await (await at.as('olga')).reserveOne('p1')).not.toBe(first);
      });

      it('at the same moment, many times over, makes one', async () => {
        const all = await Promise.all(Array.from({ length: 8 }, () => olga.reserve('p1', 'm1')));
        expect(new Set(all.flat().map((one) => one.status === 'reserved' && one.reservation.id)).size).toBe(
          2,
        );
        expect(await reserved()).toEqual(['m1/sub', 'p1/sub']);
      });

      it('stands although the gateway is away; upkeep brings the stream when it is back', async () => {
        at.gateway.isDown = true;
        await olga.reserveOne('p1');
        await at.app.upkeep.round();
        at.gateway.isDown = false;
        at.clock.pass(1000);
        await at.app.upkeep.round();
        expect(paths()).toEqual(['p1_sub']);
      });
    });

    describe('renewing', () => {
      it('keeps alive what is one’s own and tells what has ended', async () => {
        const [mine, gone] = [await olga.reserveOne('p1'), await olga.reserveOne('p2')];
        const others = await (await at.as('boss')).reserveOne('m1');
        await olga.send('POST', '/api/reservations/release', { ids: [gone] });
        at.clock.pass(20_000);
        const answer = await olga.json<RenewAnswer>('POST', '/api/reservations/renew', {
          ids: [mine, gone, others],
        });
        expect(answer).toEqual({
          renewed: [{ id: mine, expiresAt: new Date(at.clock.at + 30_000).toISOString() }],
          ended: [gone, others],
        });
      });

      it('not, for half a minute, ends them and their pictures', async () => {
        const [kept, left] = [await olga.reserveOne('p1'), await olga.reserveOne('p2')];
        await olga.offer(left);
        await roundsFor(29_000);
        await olga.send('POST', '/api/reservations/renew', { ids: [kept] });
        expect(at.gateway.sessions.size).toBe(1);
        await roundsFor(2000);
        expect(await reserved()).toEqual(['p1/sub']);
        expect(at.gateway.sessions.size).toBe(0);
        expect(paths()).toEqual(['p1_sub']);
      });
    });

    describe('releasing', () => {
      it('closes the picture and lets the stream go, when nobody else has it', async () => {
        const boss = await at.as('boss');
        const [shared, single] = [await olga.reserveOne('p1'), await olga.reserveOne('p2')];
        const others = await boss.reserveOne('p1');
        await olga.offer(shared);
        await olga.offer(single);
        await boss.offer(others);
        expect((await olga.send('POST', '/api/reservations/release', { ids: [shared, single] })).status).toBe(
          204,
        );
        await eventually(paths).toEqual(['p1_sub']);
        await eventually(() => at.gateway.sessions.size).toBe(1);
        await boss.send('POST', '/api/reservations/release', { ids: [others] });
        await eventually(paths).toEqual([]);
      });

      it('twice, or somebody else’s, is fine and does nothing', async () => {
        const id = await olga.reserveOne('p1');
        const boss = await at.as('boss');
        expect((await boss.send('POST', '/api/reservations/release', { ids: [id] })).status).toBe(204);
        expect(await reserved()).toEqual(['p1/sub']);
        for (let n = 0; n < 2; n += 1)
          expect((await olga.send('POST', '/api/reservations/release', { ids: [id] })).status).toBe(204);
      });

      it('never loses a stream that somebody reserves at that moment', async () => {
        const id = await olga.reserveOne('p1');
        const boss = await at.as('boss');
        const drop = at.gateway.dropPath.bind(at.gateway);
        at.gateway.dropPath = async (...args) => {
          at.gateway.dropPath = drop;
          await boss.reserveOne('p1');
          await drop(...args);
        };
        await olga.send('POST', '/api/reservations/release', { ids: [id] });
        await eventually(() => [at.gateway.calls.includes('dropPath p1_sub'), ...paths()]).toEqual([
          true,
          'p1_sub',
        ]);
      });
    });

    describe('losing', () => {
      const watching = async (): Promise<void> => {
        await olga.offer(await olga.reserveOne('p1'));
        await olga.offer(await olga.reserveOne('m1'));
        expect(at.gateway.sessions.size).toBe(2);
      };

      it('the session ends its pictures', async () => {
        await watching();
        await olga.send('DELETE', '/api/session');
        await eventually(() => at.gateway.sessions.size).toBe(0);
        await eventually(paths).toEqual([]);
        expect(await reserved()).toEqual([]);
      });

      it('the session for age ends them too', async () => {
        await watching();
        at.clock.pass(13 * 3_600_000);
        await at.app.upkeep.round();
        expect(at.gateway.sessions.size).toBe(0);
        expect(await held.store.db.selectFrom('sessions').select('id').execute()).toEqual([]);
      });

      it('a right ends the pictures that needed it, and no others', async () => {
        await watching();
        const boss = await at.as('boss');
        await boss.json('PATCH', `/api/users/${at.idOf('olga')}`, { grants: [grant('metro', 'live')] });
        await eventually(() => [...at.gateway.sessions.values()].map(({ path }) => path)).toEqual(['m1_sub']);
        expect(await reserved()).toEqual(['m1/sub']);
      });

      it('a right, because the camera moved to another agency, does so at the next round', async () => {
        const otto = await at.as('otto');
        await otto.offer(await otto.reserveOne('p1'));
        const moved = town.cameras.map((one) => (one.id === 'p1' ? { ...one, groupIds: ['metro'] } : one));
        await applyDirectory(held.store.db, 'town', { ...town, cameras: moved }, at.clock.at);
        await at.app.upkeep.round();
        expect(at.gateway.sessions.size).toBe(0);
      });

      it('takes effect although the gateway is away: as soon as it is back', async () => {
        await watching();
        at.gateway.isDown = true;
        await olga.send('DELETE', '/api/session');
        await at.app.upkeep.round();
        expect(at.gateway.sessions.size).toBe(2);
        at.gateway.isDown = false;
        await at.app.upkeep.round();
        expect(at.gateway.sessions.size).toBe(0);
        expect(paths()).toEqual([]);
      });
    });

    describe('upkeep', () => {
      it('supplies everything again to a gateway that has restarted', async () => {
        await olga.reserveOne('p1');
        await olga.reserveOne('m1');
        await at.app.upkeep.round();
        at.gateway.restart();
        await at.app.upkeep.round();
        expect(paths()).toEqual(['m1_sub', 'p1_sub']);
      });

      it('asks for nothing twice while nothing changes', async () => {
        await olga.reserveOne('p1');
        await at.app.upkeep.round();
        at.gateway.calls.length = 0;
        await at.app.upkeep.round();
        expect(at.gateway.calls).toEqual(['incarnation', 'paths']);
      });

      it('drops paths of ours that nobody wants, once, and leaves others’ alone', async () => {
        for (const path of ['p2_sub', 'somebody-elses']) at.gateway.report(path, 'running');
        at.gateway.dropPath = (path) => {
          at.gateway.calls.push(`dropPath ${path}`);
          return Promise.resolve();
        };
        await at.app.upkeep.round();
        await at.app.upkeep.round();
        expect(at.gateway.calls.filter((call) => call.startsWith('dropPath'))).toEqual(['dropPath p2_sub']);
      });

      it('pushes a fresh token before the old one dies', async () => {
        at.vms.tokenLifeMs = 300_000;
        await olga.reserveOne('p1');
        await at.app.upkeep.round();
        await keepForever();
        const before = at.vms.tokens;
        await roundsFor(178_000, 4000);
        expect(at.vms.tokens).toBe(before);
        await roundsFor(8000, 4000);
        expect(at.vms.tokens).toBe(before + 1);
        expect(at.gateway.sources.get('p1_sub')).toMatchObject({ token: `token ${before + 1}` });
      });

      it('does not press a VMS whose tokens live shorter than the margin, nor one that fails', async () => {
        at.vms.tokenLifeMs = 60_000;
        await olga.reserveOne('p1');
        await keepForever();
        const before = at.vms.tokens;
        await roundsFor(60_000);
        expect(at.vms.tokens - before).toBeLessThanOrEqual(3);
        at.gateway.restart();
        at.vms.error = new VmsError('unavailable', 'away');
        at.log.length = 0;
        await roundsFor(60_000);
        expect(at.log.filter((line) => line.includes('could not be supplied')).length).toBeLessThanOrEqual(7);
      });

      it('gets a fresh source for a path whose credentials were refused', async () => {
        at.vms.tokenLifeMs = 3_600_000;
        await olga.reserveOne('p1');
        await at.app.upkeep.round();
        const before = at.vms.tokens;
        at.gateway.report('p1_sub', 'error', 'source-refused');
        await at.app.upkeep.round();
        expect(at.vms.tokens).toBe(before + 1);
        await at.app.upkeep.round();
        expect(at.vms.tokens).toBe(before + 1);
      });

      it('remembers which cameras are up and down', async () => {
        await olga.reserve('p1', 'm1');
        at.gateway.report('p1_sub', 'running', undefined, at.clock.at - 5);
        at.gateway.report('m1_sub', 'error', 'camera-offline', at.clock.at - 9);
        await at.app.upkeep.round();
        const { cameras } = await createDirectory(held.store.db).snapshot();
        expect(cameras.get('p1')).toMatchObject({ state: 'up', stateSince: at.clock.at - 5 });
        expect(cameras.get('m1')).toMatchObject({ state: 'down', stateSince: at.clock.at - 9 });
        expect(cameras.get('m2')).toMatchObject({ state: 'unknown' });
      });

      it('forgives an outage of ours: leases that ran out meanwhile live on', async () => {
        const id = await olga.reserveOne('p1');
        await olga.offer(id);
        await at.app.upkeep.round();
        at.clock.pass(120_000);
        const next = await startApp(held.store, { join: at });
        await next.app.upkeep.round();
        expect(at.gateway.sessions.size).toBe(1);
        const answer = await olga.json<RenewAnswer>('POST', '/api/reservations/renew', { ids: [id] });
        expect(answer.ended).toEqual([]);
        await next.app.close();
      });

      it('forgives a stop in the middle of a round, too', async () => {
        const id = await olga.reserveOne('p1');
        await at.app.upkeep.round();
        const before = at.clock.at;
        let looks = 0;
        // The clock stands for two looks at it; then half a minute has gone by.
        Object.defineProperty(at.clock, 'at', { get: () => (looks++ < 2 ? before : before + 31_000) });
        await at.app.upkeep.round();
        await at.app.upkeep.round();
        const answer = await olga.json<RenewAnswer>('POST', '/api/reservations/renew', { ids: [id] });
        expect(answer.ended).toEqual([]);
      });

      it('forgives nothing that had run out before', async () => {
        await olga.reserveOne('p1');
        at.clock.pass(31_000);
        await held.store.db
          .insertInto('duties')
          .values({ name: 'live', holder: randomUUID(), held_until: at.clock.at, done_at: at.clock.at })
          .execute();
        at.clock.pass(60_000);
        await at.app.upkeep.round();
        expect(await reserved()).toEqual([]);
      });

      it('goes on ending leases while the gateway hangs, and makes up for it afterwards', async () => {
        const left = await olga.reserveOne('p1');
        await olga.offer(left);
        await at.app.upkeep.round();
        const close = at.gateway.closeSession.bind(at.gateway);
        let answer = (): void => undefined;
        const hanging = new Promise<void>((resolve) => (answer = resolve));
        at.gateway.closeSession = async (...args) => {
          await hanging;
          await close(...args);
        };
        await roundsFor(31_000, 4000);
        expect(await reserved()).toEqual([]);
        expect(at.gateway.sessions.size).toBe(1);
        answer();
        await eventually(() => at.gateway.sessions.size).toBe(0);
        await roundsFor(1000);
        expect(paths()).toEqual([]);
      });

      it('does not wait for a recorder that takes its time', async () => {
        await olga.reserve('p1', 'm1');
        at.gateway.restart();
        const source = at.vms.liveSource.bind(at.vms);
        at.vms.liveSource = (cameraId, stream, signal) =>
          cameraId === 'p1'
            ? new Promise((_, reject) => {
                signal.addEventListener('abort', () => reject(signal.reason as Error));
              })
            : source(cameraId, stream, signal);
        await at.app.upkeep.round();
        expect(paths()).toEqual(['m1_sub']);
        const { cameras } = await createDirectory(held.store.db).snapshot();
        expect(cameras.get('p1')?.state).toBe('unknown');
      });

      it('says once that the gateway is away, and goes on with the rest', async () => {
        at.gateway.isDown = true;
        for (let n = 0; n < 3; n += 1) await at.app.upkeep.round();
        expect(at.log.filter((line) => line.includes('does not answer'))).toHaveLength(1);
      });

      it('runs by itself until told to end, whatever fails', async () => {
        await olga.reserveOne('p1');
        at.gateway.restart();
        const ending = new AbortController();
        at.gateway.incarnation = () => Promise.reject(new Error('a fault of ours'));
        const running = at.app.upkeep.run(ending.signal);
        await eventually(() => at.log.some((line) => line.includes('a round of upkeep failed'))).toBe(true);
        at.gateway.incarnation = () => Promise.resolve('again');
        await eventually(paths).toEqual(['p1_sub']);
        ending.abort();
        await running;
        const duty = await held.store.db
          .selectFrom('duties')
          .selectAll()
          .where('name', '=', 'live')
          .executeTakeFirst();
        expect(duty?.held_until).toBe(0);
      });
    });

    it('a camera that is offline says so at the offer', async () => {
      const id = await olga.reserveOne('p1');
      at.gateway.nextError = new GatewayError('camera-offline', 'no route to 10.1.2.3');
      const response = await olga.offer(id);
      expect([response.status, response.headers.get('retry-after')]).toEqual([409, '5']);
    });
  });
});
