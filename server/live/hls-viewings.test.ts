import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Principal } from '#server/http/principal.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Db } from '#server/store/store.ts';
import { HlsViewings } from './hls-viewings.ts';

/** A query of which only the end matters. */
const query = (execute: () => Promise<unknown>): unknown =>
  new Proxy({}, { get: (_, name) => (name === 'execute' ? execute : () => query(execute)) });

it('lets nobody in by a viewing that ended while its begin was recorded', async () => {
  const recording = Promise.withResolvers<unknown>();
  let isEnded = false;
  const looked = Promise.withResolvers<undefined>();
  const db = {
    insertInto: () => query(() => recording.promise),
    selectFrom: () =>
      query(async () => {
        // No such reservation any more.
        isEnded = true;
        setTimeout(() => looked.resolve(undefined));
        return [];
      }),
  } as unknown as Db;
  const viewings = new HlsViewings({ db, now: () => 0, failed: () => undefined, lookEveryMs: 1 });
  const principal = { sessionId: 's1', user: { id: 'u1', name: 'olga' } } as unknown as Principal;
  const entering = viewings.enter(randomUUID(), principal, async () => {
    if (isEnded) throw new Refusal('reservation-ended');
    return { cameraId: 'p1', stream: 'sub' };
  });
  await looked.promise;
  recording.resolve([]);
  await expect(entering).rejects.toMatchObject({ code: 'reservation-ended' });
  expect(viewings.size).toBe(0);
  await viewings.close();
});
