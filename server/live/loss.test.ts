import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { applyDirectory } from '#server/cameras/apply-directory.ts';
import { databases, type TestStore, titleOf } from '#server/store/testing/databases.ts';
import { FakeVms, town, vmsCamera } from '#server/testing/fake-vms.ts';
import { type Browser, grant, type Harness, startApp } from '#server/testing/harness.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** What somebody may no longer see is gone from the screen within this time. */
const mostMs = 2000;
const cameras = Array.from({ length: 36 }, (_, n) => vmsCamera(`c${n}`, ['police']));

describe.each(databases)('a wall of 36 pictures', (database) => {
  describe.skipIf(database.missing !== undefined)(titleOf(database), () => {
    let held: TestStore;
    let at: Harness;
    let otto: Browser;
    beforeAll(async () => {
      held = await database.open();
    });
    afterAll(() => held.close());
    beforeEach(async () => {
      await held.empty();
      at = await startApp(held.store, { vms: new FakeVms('town', { ...town, cameras }) });
      otto = await at.as('otto');
      for (const outcome of await otto.reserve(...cameras.map(({ id }) => id)))
        if (outcome.status === 'reserved') await otto.offer(outcome.reservation.id);
      expect(at.gateway.sessions.size).toBe(36);
      // As it runs: the rest of the house goes on once a second.
      const ending = new AbortController();
      const running = at.app.upkeep.run(ending.signal);
      return async () => {
        ending.abort();
        await running;
        await at.app.close();
      };
    });

    /** Ms until the last picture has ended and every stream is let go. */
    const darkAfter = async (lose: () => Promise<unknown>): Promise<number> => {
      const from = performance.now();
      await lose();
      await vi.waitUntil(() => at.gateway.sessions.size === 0 && at.gateway.sources.size === 0, {
        timeout: 10_000,
        interval: 5,
      });
      return performance.now() - from;
    };

    it('is dark within two seconds of a sign-out', async () => {
      expect(await darkAfter(() => otto.send('DELETE', '/api/session'))).toBeLessThan(mostMs);
    });

    it('is dark within two seconds of losing the right to it', async () => {
      const boss = await at.as('boss');
      const body = { grants: [grant('metro', 'live')] };
      expect(await darkAfter(() => boss.json('PATCH', `/api/users/${at.idOf('otto')}`, body))).toBeLessThan(
        mostMs,
      );
    });

    it('is dark within two seconds of its cameras moving to another agency', async () => {
      const moved = cameras.map((one) => ({ ...one, groupIds: ['metro'] }));
      expect(
        await darkAfter(() => applyDirectory(held.store.db, 'town', { ...town, cameras: moved }, 2)),
      ).toBeLessThan(mostMs);
    });
  });
});
