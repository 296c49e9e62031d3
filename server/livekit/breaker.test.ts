import { describe, expect, it } from 'vitest';
import { Breaker } from './breaker.ts';
import { LiveKitError } from './error.ts';

const outage = (): Promise<never> => Promise.reject(new LiveKitError('unavailable'));
const fine = (): Promise<string> => Promise.resolve('fine');

function breakerAt(random = 1) {
  const clock = { at: 0 };
  const breaker = new Breaker({ now: () => clock.at, random: () => random });
  const fail = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await breaker.run(outage).catch(() => undefined);
  };
  return { breaker, clock, fail };
}

describe('the breaker', () => {
  it('opens after three failures in a row, and then does no work', async () => {
    const { breaker, fail } = breakerAt();
    await fail(2);
    await breaker.run(fine);
    await fail(2);
    expect(breaker.isOpen).toBe(false);
    await fail(1);
    expect(breaker.isOpen).toBe(true);
    let worked = false;
    const call = breaker.run(() => {
      worked = true;
      return fine();
    });
    await expect(call).rejects.toMatchObject({ code: 'unavailable' });
    expect(worked).toBe(false);
  });

  it('lets one call try when the pause is over, and closes when that succeeds', async () => {
    const { breaker, clock, fail } = breakerAt();
    await fail(3);
    clock.at = 999;
    expect(breaker.isDue).toBe(false);
    clock.at = 1000;
    expect(breaker.isDue).toBe(true);
    const slow = Promise.withResolvers<string>();
    const trial = breaker.run(() => slow.promise);
    await expect(breaker.run(fine)).rejects.toMatchObject({ code: 'unavailable' });
    slow.resolve('fine');
    expect(await trial).toBe('fine');
    expect(breaker.isOpen).toBe(false);
  });

  it('rests longer after each trial that fails, thirty seconds at most', async () => {
    const { breaker, clock, fail } = breakerAt();
    await fail(3);
    const pauses: number[] = [];
    for (let i = 0; i < 7; i++) {
      const from = clock.at;
      while (!breaker.isDue) clock.at += 100;
      pauses.push(clock.at - from);
      await fail(1);
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it('rests by chance, so that several do not come back at once', async () => {
    const { breaker, clock, fail } = breakerAt(0);
    await fail(3);
    clock.at = 200;
    expect(breaker.isDue).toBe(true);
  });

  it('is not opened by an answer, whatever it says', async () => {
    const { breaker, fail } = breakerAt();
    await fail(2);
    await breaker.run(() => Promise.reject(new LiveKitError('not-found'))).catch(() => undefined);
    await fail(2);
    expect(breaker.isOpen).toBe(false);
  });

  it('is not opened by somebody who gave up', async () => {
    const { breaker } = breakerAt();
    for (let i = 0; i < 5; i++)
      await breaker.run(() => Promise.reject(new DOMException('left', 'AbortError'))).catch(() => undefined);
    expect(breaker.isOpen).toBe(false);
  });
});
