import { expect, it } from 'vitest';
import { isLooking, looked, relieved, type Relief, type Seen } from './relief.ts';

const clean: Seen = { isShown: true, lossRatio: 0 };

/** Looks once a second until it is over; gives after how long, and how it ended. */
function pass(from: Relief, seen: Seen, start: number): { relief: Relief; afterMs: number; isGood: boolean } {
  let relief = from;
  for (let afterMs = 0; afterMs <= 60_000; afterMs += 1000) {
    const step = looked(relief, seen, start + afterMs);
    relief = step.relief;
    if (step.isGood || relief.look === undefined) return { relief, afterMs, isGood: step.isGood };
  }
  throw new Error('never ends');
}

it('looks for the main stream after half a minute, and gives it back after five clean seconds', () => {
  const relief = relieved(undefined, 'loss', 1000);
  expect(relief.restoredAt).toBeUndefined();
  expect([isLooking(relief, 30_999), isLooking(relief, 31_000)]).toEqual([false, true]);
  const over = pass(relief, clean, 31_000);
  expect([over.afterMs, over.isGood, over.relief.restoredAt]).toEqual([5000, true, 36_000]);
});

it.each<[string, Seen]>([
  ['no picture', { isShown: false, lossRatio: undefined }],
  ['packets lost', { isShown: true, lossRatio: 0.1 }],
])('gives a look up after twenty seconds, and waits longer each time: %s', (_, seen) => {
  let relief = relieved(undefined, 'slow', 0);
  let at = relief.tryAt;
  const pauses = [60_000, 120_000, 300_000, 300_000].map(() => {
    const over = pass(relief, seen, at);
    expect([over.afterMs, over.isGood]).toEqual([20_000, false]);
    relief = over.relief;
    const pauseMs = relief.tryAt - (at + over.afterMs);
    at = relief.tryAt;
    return pauseMs;
  });
  expect(pauses).toEqual([60_000, 120_000, 300_000, 300_000]);
});

it('counts clean seconds anew after a poor one', () => {
  let relief = relieved(undefined, 'loss', 0);
  for (let second = 0; second < 4; second += 1) relief = looked(relief, clean, 30_000 + second * 1000).relief;
  relief = looked(relief, { isShown: true, lossRatio: 0.1 }, 34_000).relief;
  expect(looked(relief, clean, 35_000).isGood).toBe(false);
  expect(looked(looked(relief, clean, 35_000).relief, clean, 40_000).isGood).toBe(true);
});

it('waits longer where the main stream was given back too soon', () => {
  const back = pass(relieved(undefined, 'loss', 0), clean, 30_000).relief;
  expect(relieved(back, 'loss', 60_000).tryAt - 60_000).toBe(60_000);
  expect(relieved(back, 'loss', 600_000).tryAt - 600_000).toBe(30_000);
});
