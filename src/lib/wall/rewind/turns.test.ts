import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

const never = new AbortController().signal;

it('runs a few at once and all in the end, in order', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<undefined>());
  const all = ends.map(({ promise }, i) =>
    turns.run(async () => {
      begun.push(i);
      await promise;
      return i;
    }, never),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  ends[1]!.resolve(undefined);
  await all[1];
  await expect.poll(() => begun).toEqual([0, 1, 2]);
  for (const end of ends) end.resolve(undefined);
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4]);
});

it('goes on after a failure, and after somebody in the queue has given up', async () => {
  const turns = new Turns(1);
  const end = Promise.withResolvers<undefined>();
  const failing = turns.run(async () => {
    await end.promise;
    throw new Error('broken');
  }, never);
  const gone = new AbortController();
  const waiting = turns.run(async () => 'never', gone.signal);
  const last = turns.run(async () => 'done', never);
  gone.abort(new Error('gave up'));
  await expect(waiting).rejects.toThrow('gave up');
  end.resolve(undefined);
  await expect(failing).rejects.toThrow('broken');
  expect(await last).toBe('done');
});
