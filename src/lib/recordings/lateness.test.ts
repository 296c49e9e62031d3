import { expect, it } from 'vitest';
import { Lateness } from './lateness.ts';

it('says that a picture is late once it has been for half a second, and not after it has caught up', () => {
  const lateness = new Lateness();
  const judged = [
    [0, 1_600],
    [400, 1_600],
    [500, 1_600],
    [600, 1_400],
    [700, 1_600],
    [1_199, 1_600],
    [1_200, 1_600],
  ].map(([now = 0, off = 0]) => lateness.judge(off, 1, now));
  expect(judged).toEqual([false, false, true, false, false, false, true]);
});

it('allows it more where time passes faster, whichever way', () => {
  const lateness = new Lateness();
  for (const now of [0, 600]) expect(lateness.judge(5_900, -4, now)).toBe(false);
  expect([lateness.judge(6_100, -4, 700), lateness.judge(6_100, -4, 1_200)]).toEqual([false, true]);
});
