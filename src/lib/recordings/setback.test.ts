import { beforeEach, describe, expect, it } from 'vitest';
import { PastError, type PastErrorCode } from './past-error.ts';
import { Outlook } from './outlook.ts';
import { Setback } from './setback.ts';

let clock: number;
beforeEach(() => {
  clock = 0;
});

describe('after a failure', () => {
  const begin = (code: PastErrorCode, time = 0) => {
    const setback = new Setback({ now: () => clock, random: () => 1 });
    setback.failed(new PastError(code, code), time);
    return setback;
  };
  const rests = (setback: Setback) => {
    let ms = 0;
    for (; setback.isResting && ms < 60_000; ms += 100) clock += 100;
    return ms;
  };

  it('that may pass, it is asked again ever later, until something comes', () => {
    const setback = begin('overloaded');
    expect(rests(setback)).toBe(1_000);
    setback.failed(new PastError('unreachable', ''), 0);
    expect(rests(setback)).toBe(2_000);
    for (let i = 0; i < 5; i++) setback.failed(new PastError('unreachable', ''), 0);
    expect(rests(setback)).toBe(15_000);
    setback.succeeded();
    expect([setback.error, setback.isResting]).toEqual([undefined, false]);
    setback.failed(new PastError('unreachable', ''), 0);
    expect(rests(setback)).toBe(1_000);
  });

  it.each(['no-recording', 'not-permitted', 'not-found'] as const)(
    'that stays one, it is not asked again by itself: %s',
    (code) => {
      expect(rests(begin(code))).toBe(60_000);
    },
  );

  it('another moment is asked for soon, but not thirty in a second', () => {
    const setback = begin('not-permitted');
    clock = 100;
    expect([setback.chose(false), setback.isResting]).toEqual([false, true]);
    clock = 300;
    expect(setback.isResting).toBe(false);
    setback.failed(new PastError('not-permitted', ''), 0);
    clock = 1000;
    expect([setback.chose(false), setback.error]).toEqual([true, undefined]);
  });

  it('a hand that moves leaves the recorder in peace, but for what was bad at one moment', () => {
    clock = 5_000;
    const busy = begin('overloaded');
    clock = 5_500;
    expect([busy.chose(true), busy.isResting]).toEqual([false, true]);
    const damaged = begin('damaged');
    clock = 6_000;
    expect([damaged.chose(true), damaged.isResting]).toEqual([true, false]);
  });

  it('of a moment without a recording another one is asked for', () => {
    const setback = begin('no-recording', 10_000);
    expect(setback.cameTo(10_900)).toBe(false);
    expect(setback.cameTo(11_000)).toBe(true);
    expect(begin('not-permitted', 10_000).cameTo(99_000)).toBe(false);
  });
});

describe('out of a gap', () => {
  it('it is looked once, again for another gap, and after a while where nobody answered', async () => {
    const asked: number[] = [];
    const known: unknown[] = [];
    let next: number | undefined = 200;
    let isBroken = false;
    const outlook = new Outlook({
      now: () => clock,
      onKnown: (end) => known.push(end),
      findNext: async (time) => {
        asked.push(time);
        if (isBroken) throw new Error('no answer');
        return next;
      },
    });
    const settle = () => new Promise((resolve) => setTimeout(resolve));
    expect([outlook.isInGap, outlook.from(100)]).toEqual([false, undefined]);
    await settle();
    expect([outlook.from(150), known, asked, outlook.isInGap]).toEqual([200, [200], [100], true]);
    // Behind the recording that follows, and before where it was looked from, lie other gaps.
    next = undefined;
    outlook.from(300);
    await settle();
    expect(outlook.from(310)).toBe('never');
    isBroken = true;
    outlook.from(50);
    await settle();
    outlook.from(60);
    expect(asked).toEqual([100, 300, 50]);
    clock += 5_000;
    outlook.from(60);
    expect(asked).toEqual([100, 300, 50, 60]);
    outlook.leave();
    expect(outlook.isInGap).toBe(false);
  });

  it('it is not looked while time only passes over it, but once it stays', async () => {
    const asked: number[] = [];
    const outlook = new Outlook({
      now: () => clock,
      onKnown: () => undefined,
      findNext: async (time) => {
        asked.push(time);
        return time + 100;
      },
    });
    for (let time = 0; time < 1_000; time += 10) expect(outlook.from(time, true)).toBeUndefined();
    expect([outlook.isInGap, asked]).toEqual([true, []]);
    expect(outlook.from(990)).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve));
    expect([outlook.from(990), asked]).toEqual([1_090, [990]]);
    // What is known already is told to who only passes as well.
    expect(outlook.from(995, true)).toBe(1_090);
  });
});
