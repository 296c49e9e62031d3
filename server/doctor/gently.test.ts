import { expect, it } from 'vitest';
import { VmsError } from '#server/vms/vms.ts';
import { askedGently } from './gently.ts';

const never = new AbortController().signal;
const tooOften = (retryAfterMs?: number) => new VmsError('unavailable', 'asked too often', { retryAfterMs });

/** Something that fails in this way so many times, and how it was waited for. */
function failing(error: Error, times: number) {
  const rests: number[] = [];
  let asked = 0;
  const outcome = askedGently(
    () => (asked++ < times ? Promise.reject(error) : Promise.resolve('answer')),
    never,
    (ms) => Promise.resolve(void rests.push(ms)),
  );
  return { outcome, rests, asked: () => asked };
}

it('asks once more after as long as the system wants to be left alone', async () => {
  const { outcome, rests } = failing(tooOften(60_000), 1);
  expect(await outcome).toBe('answer');
  expect(rests).toEqual([60_250]);
});

it('does not ask a third time', async () => {
  const { outcome, asked } = failing(tooOften(1000), 5);
  await expect(outcome).rejects.toThrow('asked too often');
  expect(asked()).toBe(2);
});

it.each([
  ['says no time', tooOften()],
  ['wants longer than anybody waits', tooOften(75_001)],
  ['fails in another way', new VmsError('unavailable', 'fails')],
])('does not wait for one that %s', async (_what, error) => {
  const { outcome, rests } = failing(error, 1);
  await expect(outcome).rejects.toBe(error);
  expect(rests).toEqual([]);
});

it('stops waiting when told', async () => {
  const ending = new AbortController();
  const outcome = askedGently(() => Promise.reject(tooOften(60_000)), ending.signal);
  ending.abort();
  await expect(outcome).rejects.toMatchObject({ name: 'AbortError' });
});
