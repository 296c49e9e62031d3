import { describe, expect, it } from 'vitest';
import { asleep, graceMs, keepsReservation, sightsAfter, type Unseen } from './suspension.ts';

const tile = (key: string, unseen?: Unseen) => ({ key, unseen });

describe('tiles that nobody can see', () => {
  it.each(['scrolled', 'covered', 'hidden'] as const)(
    'go on for the grace when %s, and then rest',
    (unseen) => {
      const sights = sightsAfter([], [tile('a', unseen), tile('b')], 1000);
      const before = asleep(sights, 1000 + graceMs[unseen] - 1);
      expect([...before.asleep]).toEqual([]);
      expect(before.nextAt).toBe(1000 + graceMs[unseen]);
      const after = asleep(sights, 1000 + graceMs[unseen]);
      expect([...after.asleep]).toEqual([['a', unseen]]);
      expect(after.nextAt).toBeUndefined();
    },
  );

  it('begin their grace anew when they were seen in between, and keep it while nothing changes', () => {
    let sights = sightsAfter([], [tile('a', 'scrolled')], 0);
    sights = sightsAfter(sights, [tile('a', 'scrolled')], 4000);
    expect(sights[0]?.since).toBe(0);
    sights = sightsAfter(sights, [tile('a')], 4500);
    sights = sightsAfter(sights, [tile('a', 'scrolled')], 4800);
    expect([...asleep(sights, 5000).asleep]).toEqual([]);
    expect(asleep(sights, 5000).nextAt).toBe(9800);
  });

  it('sleep on when the page is hidden and shown again, and keep their reservation for a glance', () => {
    let sights = sightsAfter([], [tile('a', 'covered')], 0);
    const at = (unseen: Unseen, now: number) => {
      sights = sightsAfter(sights, [tile('a', unseen)], now);
      return asleep(sights, now).asleep.get('a');
    };
    expect(at('covered', 20_000)).toBe('covered');
    expect(at('hidden', 20_000)).toBe('covered');
    expect(asleep(sights, 20_000).nextAt).toBe(20_000 + graceMs.hidden);
    expect(at('covered', 22_000)).toBe('covered');
    expect(at('hidden', 23_000)).toBe('covered');
    expect(at('hidden', 33_000)).toBe('hidden');
    expect(at('covered', 34_000)).toBe('covered');
    expect(asleep(sightsAfter(sights, [tile('a')], 35_000), 35_000).asleep.size).toBe(0);
  });

  it('that were awake have the grace of what hides them now', () => {
    let sights = sightsAfter([], [tile('a', 'covered')], 0);
    sights = sightsAfter(sights, [tile('a', 'hidden')], 14_000);
    expect(asleep(sights, 23_999).asleep.size).toBe(0);
    expect(asleep(sights, 24_000).asleep.get('a')).toBe('hidden');
  });

  it('are forgotten with their cameras', () => {
    const sights = sightsAfter([], [tile('a', 'covered'), tile('b', 'covered')], 0);
    expect(sightsAfter(sights, [tile('b', 'covered')], 1).map(({ key }) => key)).toEqual(['b']);
  });

  it('give their reservation back only when the whole page is hidden', () => {
    expect((['scrolled', 'covered', 'hidden'] as const).map(keepsReservation)).toEqual([true, true, false]);
  });

  it('says the earliest of several moments to look again', () => {
    const sights = sightsAfter([], [tile('a', 'covered'), tile('b', 'scrolled')], 0);
    expect(asleep(sights, 1).nextAt).toBe(graceMs.scrolled);
  });
});
