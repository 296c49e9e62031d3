import { expect, it } from 'vitest';
import type { RecordedSpan } from '#server/vms/recordings.ts';
import { SpanDays } from './span-days.ts';

const day = 86_400_000;
const hour = 3_600_000;
const noon = Date.UTC(2025, 9, 24, 12);
const never = new AbortController().signal;

/** Recorded from six to eighteen each day, told in unordered halves. */
function book(options: { isAtLeisure?: boolean; fails?: boolean } = {}) {
  const asked: RecordedSpan[] = [];
  const days = new SpanDays(
    {
      isAtLeisure: options.isAtLeisure ?? true,
      async read(_id, within) {
        asked.push(within);
        if (options.fails === true) throw new Error('no');
        const spans: RecordedSpan[] = [];
        for (let d = Math.floor(within.start / day); d * day < within.end; d++)
          spans.push(
            { start: d * day + 12 * hour, end: d * day + 18 * hour },
            { start: d * day + 6 * hour, end: d * day + 12 * hour },
          );
        return await Promise.resolve(spans);
      },
    },
    () => noon,
    never,
  );
  return { days, asked };
}
const at = (d: number, h: number): number => Math.floor(noon / day) * day + d * day + h * hour;

it('merges what touches, clips to the window and to the present', async () => {
  const { days } = book();
  expect(await days.spans('a', { start: at(-1, 7), end: at(1, 0) }, never)).toEqual([
    { start: at(-1, 7), end: at(-1, 18) },
    { start: at(0, 6), end: noon },
  ]);
  expect(await days.spans('a', { start: noon + 1, end: noon + hour }, never)).toEqual([]);
});

it('asks once for 90 days, and then only for what it does not know', async () => {
  const { days, asked } = book();
  await days.spans('a', { start: noon - 90 * day, end: noon }, never);
  expect(asked).toEqual([{ start: at(-90, 0), end: noon }]);
  await days.spans('a', { start: noon - 30 * day, end: noon }, never);
  expect(asked).toHaveLength(1);
  await days.spans('a', { start: noon - 92 * day, end: noon - 85 * day }, never);
  expect(asked[1]).toEqual({ start: at(-92, 0), end: at(-90, 0) });
  await days.spans('b', { start: noon - hour, end: noon }, never);
  expect(asked).toHaveLength(3);
});

it('asks the same question once, however many ask it, and a failure is everybody’s but not for ever', async () => {
  const { days, asked } = book({ fails: true });
  const window = { start: noon - hour, end: noon };
  const three = await Promise.allSettled([1, 2, 3].map(() => days.spans('a', window, never)));
  expect(three.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(asked).toHaveLength(1);
  await expect(days.spans('a', window, never)).rejects.toThrow('no');
  expect(asked).toHaveLength(2);
});

it('lets go of who gives up, and keeps the answer for the next one', async () => {
  const { days, asked } = book();
  const ending = new AbortController();
  const reading = days.spans('a', { start: noon - hour, end: noon }, ending.signal);
  ending.abort(new Error('given up'));
  await expect(reading).rejects.toThrow('given up');
  expect(await days.spans('a', { start: noon - hour, end: noon }, never)).toHaveLength(1);
  expect(asked).toHaveLength(1);
});

it('is unavailable, and no abort, when the server’s turn does not come', async () => {
  const waits = (_id: string, _within: RecordedSpan, signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  const days = new SpanDays({ isAtLeisure: true, read: waits }, () => noon, never, 20);
  await expect(days.spans('a', { start: noon - hour, end: noon }, never)).rejects.toMatchObject({
    name: 'VmsError',
    code: 'unavailable',
  });
});

it('gives up what nobody waits for any more, and asks again for who comes later', async () => {
  const asked: AbortSignal[] = [];
  const days = new SpanDays(
    {
      isAtLeisure: true,
      async read(_id, _within, signal) {
        asked.push(signal);
        const { promise, reject } = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        return await promise;
      },
    },
    () => noon,
    never,
  );
  const [first, second] = [new AbortController(), new AbortController()];
  const window = { start: at(-3, 0), end: at(-2, 0) };
  const reads = [first, second].map(({ signal }) => days.spans('a', window, signal));
  first.abort(new Error('left'));
  await expect(reads[0]).rejects.toThrow('left');
  expect(asked.map(({ aborted }) => aborted)).toEqual([false]);
  second.abort(new Error('left'));
  await expect(reads[1]).rejects.toThrow('left');
  expect(asked.map(({ aborted }) => aborted)).toEqual([true]);
  void days.spans('a', window, never).catch(() => undefined);
  expect(asked).toHaveLength(2);
});
