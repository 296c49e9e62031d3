import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dayMs } from '#lib/player/quality-history.ts';
import { forgetHistory, HistoryStore, type CameraStretch } from './history-store.ts';

const stretch = (cameraId: string, at: number): CameraStretch => ({
  at,
  cameraId,
  seconds: 10,
  score: 90,
  worst: 80,
  factor: 'loss',
  liveShare: 1,
});
const stores: HistoryStore[] = [];
function open(parts: Partial<ConstructorParameters<typeof HistoryStore>[0]> = {}): HistoryStore {
  const store = new HistoryStore({ userId: 'otto', now: () => 1000, ...parts });
  stores.push(store);
  return store;
}
const timesOf = async (store: HistoryStore, cameraId = 'p1', since = 0): Promise<unknown> => {
  const kept = await store.read(cameraId, since);
  return kept.status === 'kept' ? kept.stretches.map(({ at }) => at) : kept.why;
};

beforeEach(() => forgetHistory());
afterEach(() => {
  vi.restoreAllMocks();
  for (const store of stores.splice(0)) store.close();
});

describe('the history in the browser', () => {
  it('is kept for the next page, camera by camera, oldest first', async () => {
    await open().add([stretch('p1', 20), stretch('m1', 20), stretch('p1', 10)]);
    const next = open();
    expect(await timesOf(next)).toEqual([10, 20]);
    expect(await timesOf(next, 'p1', 10)).toEqual([20]);
    expect(await next.read('m1', 0)).toEqual({ status: 'kept', stretches: [stretch('m1', 20)] });
    expect(await timesOf(next, 'none')).toEqual([]);
  });

  it('is written in one transaction for all tiles', async () => {
    const store = open();
    await store.claim();
    const begun = vi.spyOn(IDBDatabase.prototype, 'transaction');
    await store.add(Array.from({ length: 36 }, (_, index) => stretch(`c${index}`, 10)));
    expect(begun).toHaveBeenCalledTimes(1);
    await store.add([]);
    expect(begun).toHaveBeenCalledTimes(1);
  });

  it('is a day long', async () => {
    let now = 1000;
    await open({ now: () => now }).add([stretch('p1', 10), stretch('m1', 500)]);
    now += dayMs - 700;
    await open({ now: () => now }).add([stretch('p1', now)]);
    const next = open();
    expect([await timesOf(next), await timesOf(next, 'm1')]).toEqual([[now], [500]]);
  });

  it.each([
    [1, 4],
    [2, 3],
    [4, 1],
  ])('has no more than %i entries after a sweep, the newest', async (most, gone) => {
    await open().add([1, 2, 3, 4].map((at) => stretch('p1', at)));
    const store = open({ most });
    await store.add([stretch('m1', 5)]);
    expect([await timesOf(store), await timesOf(store, 'm1')]).toEqual([
      [1, 2, 3, 4].filter((at) => at > gone),
      [5],
    ]);
  });

  it('names nobody', async () => {
    await open({ userId: 'otto-of-the-police' }).add([stretch('p1', 10)]);
    const { promise, resolve } = Promise.withResolvers<IDBDatabase>();
    const request = indexedDB.open('parapet.quality-history');
    request.onsuccess = () => resolve(request.result);
    const database = await promise;
    const everything: unknown[] = [];
    for (const name of database.objectStoreNames) {
      const all = Promise.withResolvers<unknown[]>();
      const asked = database.transaction(name).objectStore(name).getAll();
      asked.onsuccess = () => all.resolve(asked.result);
      everything.push(...(await all.promise));
    }
    database.close();
    expect(everything).toHaveLength(2);
    expect(JSON.stringify(everything)).not.toContain('otto');
  });
});

describe('whose history it is', () => {
  it('is another person’s no more once he has signed in, also not from a page that is still open', async () => {
    const otto = open();
    await otto.add([stretch('p1', 10)]);
    const olga = open({ userId: 'olga' });
    expect(await timesOf(olga)).toEqual([]);
    await otto.add([stretch('p1', 20)]);
    expect([await timesOf(otto), await timesOf(olga)]).toEqual(['other-person', []]);
  });

  it('is nobody’s after signing out, until the same person claims it again', async () => {
    const otto = open();
    await otto.add([stretch('p1', 10)]);
    await forgetHistory();
    await otto.add([stretch('p1', 20)]);
    expect(await timesOf(otto)).toBe('other-person');
    await otto.claim();
    await otto.add([stretch('p1', 30)]);
    expect(await timesOf(otto)).toEqual([30]);
  });
});

describe('where nothing can be kept', () => {
  const refusing = (opening: IDBFactory['open']) => ({ open: opening }) as IDBFactory;

  it.each([
    [
      'storage is refused',
      () => {
        throw new DOMException('no', 'SecurityError');
      },
    ],
    [
      'opening fails',
      () => {
        const request = {} as IDBOpenDBRequest;
        setTimeout(() => request.onerror?.call(request, new Event('error')) as unknown);
        return request;
      },
    ],
    [
      'another page stands in the way of the upgrade',
      () => {
        const request = {} as IDBOpenDBRequest;
        setTimeout(() => request.onblocked?.call(request, new IDBVersionChangeEvent('blocked')) as unknown);
        return request;
      },
    ],
  ] satisfies [string, IDBFactory['open']][])('says so when %s', async (_what, refuse) => {
    const store = open({ factory: refusing(refuse) });
    await store.add([stretch('p1', 10)]);
    expect(await timesOf(store)).toBe('refused');
    await expect(forgetHistory(refusing(refuse))).resolves.toBeUndefined();
  });

  it('says that there is no room, and goes on when there is again', async () => {
    const store = open();
    await store.add([stretch('p1', 10)]);
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    await store.add([stretch('p1', 20), stretch('m1', 20)]);
    expect(await timesOf(store)).toBe('full');
    put.mockRestore();
    await store.add([stretch('p1', 30)]);
    expect(await timesOf(store)).toEqual([10, 30]);
  });

  it('goes on after another page wanted the database for itself', async () => {
    const store = open();
    await store.add([stretch('p1', 10)]);
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const request = indexedDB.deleteDatabase('parapet.quality-history');
    request.onsuccess = () => resolve(undefined);
    request.onblocked = () => reject(new Error('blocked'));
    await promise;
    await store.claim();
    await store.add([stretch('p1', 20)]);
    expect(await timesOf(store)).toEqual([20]);
  });
});
