import { expect, it, onTestFinished, vi } from 'vitest';
import { VmsError } from '#server/vms/vms.ts';
import { LastAnswer } from './last-answer.ts';

const never = new AbortController().signal;
const minute = 60_000;

function rig() {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const ask = vi.fn<(signal: AbortSignal) => Promise<string>>();
  const closed = new AbortController();
  return { ask, closed, answer: new LastAnswer(ask, 20, closed.signal) };
}

it('stands for ten minutes, and longer while there is no newer one', async () => {
  const { ask, answer } = rig();
  ask.mockResolvedValueOnce('one');
  expect(await answer.get(never)).toBe('one');
  vi.advanceTimersByTime(9 * minute);
  expect(await answer.get(never)).toBe('one');
  expect(ask).toHaveBeenCalledTimes(1);

  ask.mockRejectedValueOnce(new VmsError('unavailable', 'down'));
  vi.advanceTimersByTime(2 * minute);
  expect([await answer.get(never), await answer.get(never)]).toEqual(['one', 'one']);
  await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2));
  expect(await answer.get(never)).toBe('one');
  expect(ask).toHaveBeenCalledTimes(2);

  ask.mockResolvedValueOnce('two');
  vi.advanceTimersByTime(minute);
  await vi.waitFor(async () => expect(await answer.get(never)).toBe('two'));
});

it('is asked for anew by the next who needs it while there has never been one', async () => {
  const { ask, answer } = rig();
  ask.mockRejectedValueOnce(new VmsError('refused', 'no')).mockResolvedValueOnce('one');
  const both = await Promise.allSettled([answer.get(never), answer.get(never)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(ask).toHaveBeenCalledTimes(1);
  expect(await answer.get(never)).toBe('one');
});

it('is given up after a while, or with the one who asks, or with the adapter', async () => {
  const { ask, answer, closed } = rig();
  ask.mockImplementation(
    (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  );
  const leaving = AbortSignal.abort(new Error('left'));
  await expect(answer.get(leaving)).rejects.toThrow('left');
  await expect(answer.get(never)).rejects.toMatchObject({ code: 'unavailable' });
  const last = answer.get(never);
  closed.abort(new VmsError('unavailable', 'closed'));
  await expect(last).rejects.toThrow('closed');
});
