import { expect, it, onTestFinished, vi } from 'vitest';
import { VmsError } from '#server/vms/vms.ts';
import { FreshToken, type GrantedToken } from './fresh-token.ts';

const never = new AbortController().signal;
const hour = 3_600_000;

/** A token of one hour and a hand on the clock. */
function rig(obtain?: (n: number) => Promise<GrantedToken>) {
  const clock = { now: 0 };
  const previous: (string | undefined)[] = [];
  const token = new FreshToken(
    (before) => {
      previous.push(before);
      return obtain?.(previous.length) ?? Promise.resolve({ value: `t${previous.length}`, lifeMs: hour });
    },
    { now: () => clock.now, random: () => 1 },
  );
  return { clock, token, previous };
}

it('asks once for all who wait, and not again while the token is fresh', async () => {
  const { token, previous, clock } = rig();
  const all = await Promise.all([token.get(never), token.get(never), token.get(never)]);
  expect(all.map(({ value }) => value)).toEqual(['t1', 't1', 't1']);
  clock.now = 49 * 60_000;
  expect((await token.get(never)).value).toBe('t1');
  expect(previous).toEqual([undefined]);
});

it('renews ten minutes early and says which token it renews', async () => {
  const { token, previous, clock } = rig();
  await token.get(never);
  clock.now = 50 * 60_000;
  expect(await token.get(never)).toMatchObject({ value: 't2', diesAt: clock.now + hour });
  expect(previous).toEqual([undefined, 't1']);
});

it('renews a short-lived token after three quarters of its life', async () => {
  const { token, clock } = rig((n) => Promise.resolve({ value: `t${n}`, lifeMs: 1000 }));
  await token.get(never);
  clock.now = 749;
  expect((await token.get(never)).value).toBe('t1');
  clock.now = 750;
  expect((await token.get(never)).value).toBe('t2');
});

it('gives the old token out while renewing fails, until it dies', async () => {
  const { token, clock } = rig((n) =>
    n === 1
      ? Promise.resolve({ value: 't1', lifeMs: hour })
      : Promise.reject(new VmsError('unavailable', 'down')),
  );
  await token.get(never);
  clock.now = hour - 1;
  expect((await token.get(never)).value).toBe('t1');
  clock.now = hour;
  await expect(token.get(never)).rejects.toMatchObject({ code: 'unavailable' });
});

it('gives the old token out while the far end takes its time, and the fresh one as soon as it has come', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const gate = Promise.withResolvers<GrantedToken>();
  const { token, clock, previous } = rig((n) =>
    n === 1 ? Promise.resolve({ value: 't1', lifeMs: hour }) : gate.promise,
  );
  await token.get(never);
  clock.now = 50 * 60_000;
  const first = token.get(never);
  await vi.advanceTimersByTimeAsync(500);
  expect((await first).value).toBe('t1');
  // Only the first had to wait at all.
  expect((await token.get(never)).value).toBe('t1');
  expect(previous).toHaveLength(2);
  gate.resolve({ value: 't2', lifeMs: hour });
  await gate.promise;
  expect((await token.get(never)).value).toBe('t2');
  expect(previous).toHaveLength(2);
});

it('waits for the fresh token when the old one has died', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const gate = Promise.withResolvers<GrantedToken>();
  const { token, clock } = rig((n) =>
    n === 1 ? Promise.resolve({ value: 't1', lifeMs: hour }) : gate.promise,
  );
  await token.get(never);
  clock.now = hour;
  const next = token.get(never);
  await vi.advanceTimersByTimeAsync(5000);
  gate.resolve({ value: 't2', lifeMs: hour });
  expect((await next).value).toBe('t2');
});

it('tries a renewal that failed again after a pause that grows to half a minute', async () => {
  const { token, clock, previous } = rig((n) =>
    n === 1
      ? Promise.resolve({ value: 't1', lifeMs: hour })
      : Promise.reject(new VmsError('unavailable', 'down')),
  );
  await token.get(never);
  const tried: number[] = [];
  for (clock.now = 50 * 60_000; clock.now < 52 * 60_000; clock.now += 500) {
    const before = previous.length;
    expect((await token.get(never)).value).toBe('t1');
    if (previous.length > before) tried.push(clock.now - 50 * 60_000);
  }
  expect(tried).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000]);
});

it('does not try refused credentials again for a minute, lest the account be locked', async () => {
  const { token, clock, previous } = rig(() => Promise.reject(new VmsError('refused', 'no')));
  for (clock.now of [0, 1, 59_999]) await expect(token.get(never)).rejects.toMatchObject({ code: 'refused' });
  expect(previous).toHaveLength(1);
  clock.now = 60_000;
  await expect(token.get(never)).rejects.toMatchObject({ code: 'refused' });
  expect(previous).toHaveLength(2);
});

it('never gives a token out again that was not accepted, and keeps a newer one', async () => {
  const { token } = rig();
  await token.get(never);
  token.invalidate('t1');
  expect((await token.get(never)).value).toBe('t2');
  token.invalidate('t1');
  expect((await token.get(never)).value).toBe('t2');
});

it('lets one caller give up without disturbing the others', async () => {
  const gate = Promise.withResolvers<GrantedToken>();
  const { token } = rig(() => gate.promise);
  const leaving = new AbortController();
  const left = token.get(leaving.signal);
  const stayed = token.get(never);
  const reason = new Error('gone');
  leaving.abort(reason);
  await expect(left).rejects.toBe(reason);
  gate.resolve({ value: 't1', lifeMs: hour });
  expect((await stayed).value).toBe('t1');
});
