import { expect, it } from 'vitest';
import { inLanes } from './lanes.ts';

it('works on a few items at a time and leaves none out', async () => {
  let under = 0;
  let most = 0;
  const done: number[] = [];
  await inLanes([1, 2, 3, 4, 5, 6, 7], 3, async (n) => {
    most = Math.max(most, ++under);
    await Promise.resolve();
    under--;
    done.push(n);
  });
  expect(most).toBe(3);
  expect(done.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

it('starts nothing more after a failure or an abort, and throws it', async () => {
  const begun: number[] = [];
  const failing = inLanes([1, 2, 3, 4, 5], 2, async (n) => {
    begun.push(n);
    await Promise.resolve();
    if (n === 2) throw new Error('two');
  });
  await expect(failing).rejects.toThrow('two');
  expect(begun.length).toBeLessThan(5);

  const stop = new AbortController();
  const reason = new Error('gone');
  const stopped = inLanes([1, 2, 3], 1, async () => stop.abort(reason), stop.signal);
  await expect(stopped).rejects.toBe(reason);
});
