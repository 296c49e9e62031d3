import { expect, it, vi } from 'vitest';
import { PerMinute } from './per-minute.ts';

const never = new AbortController().signal;

it('lets so many through in any minute, in their order, and the others when their turn comes', async () => {
  vi.useFakeTimers();
  try {
    const gate = new PerMinute(2, () => Date.now());
    const through: number[] = [];
    const all = [1, 2, 3, 4, 5].map(async (n) => {
      await gate.take(never);
      through.push(n);
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(through).toEqual([1, 2]);
    expect(gate.room).toBe(0);
    await vi.advanceTimersByTimeAsync(59_500);
    expect(through).toEqual([1, 2, 3, 4]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(through).toEqual([1, 2, 3, 4, 5]);
    await Promise.all(all);
  } finally {
    vi.useRealTimers();
  }
});

it('lets go of who gives up, and the next one in', async () => {
  const gate = new PerMinute(1);
  await gate.take(never);
  const ending = new AbortController();
  const waiting = gate.take(ending.signal);
  ending.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');
  await expect(gate.take(AbortSignal.abort(new Error('never began')))).rejects.toThrow('never began');
});

it('lets go of who waits behind somebody else, at once, and keeps the order of the others', async () => {
  vi.useFakeTimers();
  try {
    const gate = new PerMinute(1, () => Date.now());
    const through: number[] = [];
    const ending = new AbortController();
    const all = [1, 2, 3, 4].map(async (n) => {
      await gate.take(n === 3 ? ending.signal : never);
      through.push(n);
    });
    const [, , third] = all;
    const gone = expect(third).rejects.toThrow('given up');
    await vi.advanceTimersByTimeAsync(1000);
    ending.abort(new Error('given up'));
    await gone;
    expect(through).toEqual([1]);
    await vi.advanceTimersByTimeAsync(59_500);
    expect(through).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(through).toEqual([1, 2, 4]);
  } finally {
    vi.useRealTimers();
  }
});
