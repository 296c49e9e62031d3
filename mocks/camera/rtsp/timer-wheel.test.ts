import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TimerWheel } from './timer-wheel.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('runs a task once, never early and at most a slot late', () => {
  const wheel = new TimerWheel(4);
  const task = vi.fn<() => void>();
  wheel.after(10, task);
  vi.advanceTimersByTime(9);
  expect(task).not.toHaveBeenCalled();
  vi.advanceTimersByTime(5);
  expect(task).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(1_000);
  expect(task).toHaveBeenCalledOnce();
});

it('wakes the process once for all tasks of a slot', () => {
  const wheel = new TimerWheel(4);
  const order: number[] = [];
  for (let i = 0; i < 36; i++) wheel.after(60 + (i % 4), () => order.push(i));
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersToNextTimer();
  vi.advanceTimersToNextTimer();
  expect(order).toHaveLength(36);
  expect(vi.getTimerCount()).toBe(0);
});

it('turns earlier when something earlier comes in', () => {
  const wheel = new TimerWheel(4);
  const order: string[] = [];
  wheel.after(100, () => order.push('late'));
  wheel.after(20, () => order.push('early'));
  vi.advanceTimersByTime(30);
  expect(order).toEqual(['early']);
  vi.advanceTimersByTime(80);
  expect(order).toEqual(['early', 'late']);
});

it('keeps a beat when tasks wait again from within', () => {
  const wheel = new TimerWheel(4);
  let beats = 0;
  const beat = () => {
    beats++;
    wheel.after(40, beat);
  };
  wheel.after(40, beat);
  vi.advanceTimersByTime(1_000);
  expect(beats).toBeGreaterThanOrEqual(22);
  expect(beats).toBeLessThanOrEqual(25);
});

it('forgets what is cancelled, and everything when it closes', () => {
  const wheel = new TimerWheel(4);
  const task = vi.fn<() => void>();
  const turn = wheel.after(10, task);
  turn.cancel();
  turn.cancel();
  wheel.after(12, task);
  wheel.close();
  wheel.close();
  wheel.after(1, task);
  vi.advanceTimersByTime(100);
  expect(task).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
