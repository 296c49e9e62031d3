import { expect, it } from 'vitest';
import { ByteCache } from './byte-cache.ts';
import { createFairLanes } from './fair-lanes.ts';
import { SharedWork } from '#server/vms/shared-work.ts';

const never = new AbortController().signal;

/** Lanes that are all taken, with wishes behind them; gives who came in, in order, once they are free. */
async function order(width: number, ...wishes: readonly string[]): Promise<string[]> {
  const lanes = createFairLanes(width);
  const free = Promise.withResolvers<undefined>();
  const blockers = Array.from({ length: width }, () => lanes.run('first', never, () => free.promise));
  const entered: string[] = [];
  const all = wishes.map((wish) =>
    lanes.run(wish[0] ?? '', never, () => {
      entered.push(wish);
      return Promise.resolve();
    }),
  );
  expect(lanes.load).toEqual({ running: width, waiting: wishes.length });
  free.resolve(undefined);
  await Promise.all([...blockers, ...all]);
  expect(lanes.load).toEqual({ running: 0, waiting: 0 });
  return entered;
}

it('lets viewers in by turns, of each the newest wish first', async () => {
  expect(await order(1, 'a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'c2')).toEqual([
    'a4',
    'b1',
    'c2',
    'a3',
    'c1',
    'a2',
    'a1',
  ]);
});

it('forgets who has gone while waiting, and goes on after a failure', async () => {
  const lanes = createFairLanes(1);
  const free = Promise.withResolvers<undefined>();
  const first = lanes.run('a', never, () => free.promise);
  const gone = new AbortController();
  const waiting = lanes.run('b', gone.signal, () => Promise.resolve('never'));
  const behind = lanes.run('c', never, () => Promise.reject(new Error('broken')));
  gone.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  free.resolve(undefined);
  await first;
  await expect(behind).rejects.toThrow('broken');
  await expect(lanes.run('d', never, () => Promise.resolve(5))).resolves.toBe(5);
  expect(lanes.load).toEqual({ running: 0, waiting: 0 });
});

it('shared work goes on while one waits for it, and ends with the last', async () => {
  const [one, two] = [new AbortController(), new AbortController()];
  let ending: AbortSignal | undefined;
  const work = new SharedWork((signal) => {
    ending = signal;
    return new Promise<number>(() => undefined);
  });
  const [first, second] = [work.join(one.signal), work.join(two.signal)];
  one.abort(new Error('one left'));
  await expect(first).rejects.toThrow('one left');
  expect(ending?.aborted).toBe(false);
  two.abort(new Error('two left'));
  await expect(second).rejects.toThrow('two left');
  expect([ending?.aborted, work.isAbandoned]).toEqual([true, true]);
});

it('a cache of bytes forgets what was used longest ago, and takes nothing huge', () => {
  const forgotten: number[] = [];
  const cache = new ByteCache<{ bytes: number; id: number }>(100, ({ id }) => forgotten.push(id));
  for (let id = 0; id < 5; id++) cache.set(`${id}`, { bytes: 20, id });
  cache.get('0');
  cache.set('5', { bytes: 20, id: 5 });
  expect(forgotten).toEqual([1]);
  cache.set('6', { bytes: 26, id: 6 });
  expect([cache.get('6'), cache.get('0')?.id, cache.bytes]).toEqual([undefined, 0, 100]);
});
