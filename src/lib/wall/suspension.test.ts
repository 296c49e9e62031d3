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
