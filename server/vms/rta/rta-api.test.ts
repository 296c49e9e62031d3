import { expect, it } from 'vitest';
import { withoutGaps } from './rta-api.ts';

const gap = (start_time: number, end_time: number) => ({ start_time, end_time });

it.each([
  ['none', [], [[100, 200]]],
  [
    'one inside',
    [gap(120, 130)],
    [
      [100, 120],
      [130, 200],
    ],
  ],
  ['at both ends, and beyond', [gap(0, 110), gap(190, 300)], [[110, 190]]],
  [
    'unordered, overlapping, within each other',
    [gap(150, 170), gap(120, 160), gap(125, 130)],
    [
      [100, 120],
      [170, 200],
    ],
  ],
  [
    'touching',
    [gap(120, 130), gap(130, 140)],
    [
      [100, 120],
      [140, 200],
    ],
  ],
  [
    'of no length',
    [gap(150, 150)],
    [
      [100, 150],
      [150, 200],
    ],
  ],
  ['all of it', [gap(100, 200)], []],
  ['elsewhere', [gap(0, 50), gap(300, 400)], [[100, 200]]],
])('leaves out gaps: %s', (_what, gaps, left) => {
  expect(withoutGaps({ start: 100, end: 200 }, gaps)).toEqual(left.map(([start, end]) => ({ start, end })));
});

it('takes as long as there are gaps, not as many times as there are ways to cut', () => {
  const gaps = Array.from({ length: 20_000 }, (_, i) => gap(i * 10 + 5, i * 10 + 10));
  expect(withoutGaps({ start: 0, end: 200_000 }, gaps)).toHaveLength(20_000);
});
