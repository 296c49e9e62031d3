import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pulse, tickMs } from './pulse.ts';

/** A clock whose two sides can be moved apart. */
const clock = { monotonic: 0, epoch: 1_000_000 };
const newPulse = () => new Pulse({ monotonicNow: () => clock.monotonic, epochNow: () => clock.epoch });
const pass = (ms: number) => {
  clock.monotonic += ms;
  clock.epoch += ms;
};

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(clock, { monotonic: 0, epoch: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const member = () => ({ tick: vi.fn(), measure: vi.fn() });

describe('one timer for all', () => {
  it('runs only while somebody is there', () => {
    const pulse = newPulse();
    expect(vi.getTimerCount()).toBe(0);
    const leaves = Array.from({ length: 36 }, () => pulse.join(member()));
    expect(vi.getTimerCount()).toBe(1);
    for (const leave of leaves) {
      leave();
      leave();
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ticks everybody and measures each once a second, spread over the second', () => {
    const pulse = newPulse();
    const members = Array.from({ length: 36 }, member);
    for (const one of members) pulse.join(one);
    const loads: number[] = [];
    for (let tick = 0; tick < 4; tick += 1) {
      const before = members.reduce((sum, one) => sum + one.measure.mock.calls.length, 0);
      pass(tickMs);
      vi.advanceTimersByTime(tickMs);
      loads.push(members.reduce((sum, one) => sum + one.measure.mock.calls.length, 0) - before);
    }
    expect(members.every((one) => one.tick.mock.calls.length === 4)).toBe(true);
    expect(members.every((one) => one.measure.mock.calls.length === 1)).toBe(true);
    expect(loads).toEqual([9, 9, 9, 9]);
  });

  it('does not call somebody who left during the tick', () => {
    const pulse = newPulse();
    const second = member();
    const first = { tick: () => leaveSecond(), measure: vi.fn() };
    pulse.join(first);
    const leaveSecond = pulse.join(second);
    pulse.beat();
    expect(second.tick).not.toHaveBeenCalled();
  });
});

describe('its clock', () => {
  it('counts the time the machine slept, and judges nothing in the tick that finds out', () => {
    const pulse = newPulse();
    const one = member();
    pulse.join(one);
    pass(250);
    pulse.beat();
    const before = pulse.now();
    // An hour of sleep, in which the monotonic clock stood still.
    clock.epoch += 3_600_000;
    pass(250);
    pulse.beat();
    expect(one.tick).toHaveBeenCalledTimes(1);
    pass(250);
    pulse.beat();
    expect(one.tick).toHaveBeenLastCalledWith(before + 3_600_500);
  });

  it('takes no notice of a wall clock that is corrected a little, or set back', () => {
    const pulse = newPulse();
    const one = member();
    pulse.join(one);
    for (const stepMs of [2000, -7_200_000]) {
      clock.epoch += stepMs;
      pass(250);
      pulse.beat();
    }
    expect(one.tick).toHaveBeenLastCalledWith(500);
  });

  it('tells the wall-clock moment of one of its own', () => {
    const pulse = newPulse();
    const moment = pulse.now();
    pass(4000);
    expect(pulse.epochOf(moment)).toBe(1_000_000);
  });
});
