import { expect, it } from 'vitest';
import { FramesInHand, reachOf, within } from './frames-in-hand.ts';

it.each([
  ['nothing was shown', undefined, { before: 0, after: 0 }],
  ['it is a jump', 5_000, { before: 0, after: 0 }],
  ['it is a jump back', 15_000, { before: 0, after: 0 }],
  ['it is a step on', 9_960, { before: 0, after: 7 }],
  ['it is a step back', 10_040, { before: 7, after: 0 }],
])('where %s, what is worth keeping lies the way it goes', (_, shown, reach) => {
  expect(reachOf(10_000, shown, 8)).toEqual(reach);
});

it.each([0, 1])('keeps nothing besides where there is room for %i', (room) => {
  expect(reachOf(10_000, 10_040, room)).toEqual({ before: 0, after: 0 });
});

it.each([
  [30, { before: 2, after: 0 }, [10, 20, 30]],
  [30, { before: 0, after: 9 }, [30, 40, 50]],
  [10, { before: 9, after: 1 }, [10, 20]],
  [35, { before: 9, after: 9 }, []],
])('around the frame of %i within %j lie %j', (time, reach, expected) => {
  expect(within([10, 20, 30, 40, 50], time, reach)).toEqual(expected);
});

it('has room for few large frames, and never for more than are worth it', () => {
  const room = (bytes: number, width: number, height: number) => FramesInHand.room(bytes, { width, height });
  expect([
    room(14e6, 3840, 2160),
    room(14e6, 1920, 1080),
    room(14e6, 1280, 720),
    room(14e6, 640, 360),
  ]).toEqual([1, 4, 8, 8]);
});
