import { describe, expect, it } from 'vitest';
import {
  atResolution,
  clip,
  countIn,
  firstEndingAfter,
  fromFlat,
  gaps,
  lengthOf,
  type Span,
  spanAt,
  union,
} from './spans.ts';

/** `'0-5 7-9'` as spans. */
const spans = (text: string): Span[] =>
  text === ''
    ? []
    : text.split(' ').map((part) => {
        const [start = 0, end = 0] = part.split('-').map(Number);
        return { start, end };
      });
const text = (list: readonly Span[]) => list.map(({ start, end }) => `${start}-${end}`).join(' ');

it.each([
  ['', ''],
  ['7-9 0-5', '0-5 7-9'],
  ['0-5 5-9', '0-9'],
  ['0-9 2-3', '0-9'],
  ['0-5 4-9 20-30', '0-9 20-30'],
  ['3-3 0-1', '0-1'],
])('the union of %j is %j', (given, expected) => {
  expect(text(union(spans(given)))).toBe(expected);
});

it.each([
  ['0-5 7-9', '0-9', '0-5 7-9'],
  ['0-5 7-9', '3-8', '3-5 7-8'],
  ['0-5 7-9', '5-7', ''],
  ['0-5 7-9', '9-20', ''],
  ['0-100', '40-50', '40-50'],
])('%j within %j is %j', (given, within, expected) => {
  expect(text(clip(spans(given), spans(within)[0]!))).toBe(expected);
});

it.each([
  ['', '0-9', '0-9'],
  ['0-9', '0-9', ''],
  ['2-3 5-6', '0-9', '0-2 3-5 6-9'],
  ['0-5 7-9', '3-8', '5-7'],
])('the gaps of %j within %j are %j', (given, within, expected) => {
  const list = spans(given);
  const window = spans(within)[0]!;
  expect(text(gaps(list, window))).toBe(expected);
  expect(lengthOf(gaps(list, window)) + lengthOf(clip(list, window))).toBe(window.end - window.start);
});

describe('among 2-5 7-9 20-30', () => {
  const list = spans('2-5 7-9 20-30');
  it.each([
    [0, ''],
    [2, '2-5'],
    [4, '2-5'],
    [5, ''],
    [8, '7-9'],
    [15, ''],
    [29, '20-30'],
    [30, ''],
  ])('at %i one is in %j', (time, at) => {
    const span = spanAt(list, time);
    expect(span ? text([span]) : '').toBe(at);
  });
});

it.each([
  ['2-5', 1],
  ['0-100', 3],
  ['3-4', 1],
  ['5-7', 0],
  ['4-21', 3],
  ['5-20', 1],
  ['40-50', 0],
  ['0-2', 0],
])('of 2-5 7-9 20-30 as many have something in %s as %i', (within, count) => {
  const [window] = spans(within);
  expect(countIn(spans('2-5 7-9 20-30'), window!)).toBe(count);
  expect(countIn(spans('2-5 7-9 20-30'), window!)).toBe(clip(spans('2-5 7-9 20-30'), window!).length);
});

it('finds its way in twenty thousand spans as a plain walk would', () => {
  const list = Array.from({ length: 20_000 }, (_, i) => ({ start: i * 10, end: i * 10 + 6 }));
  for (let time = -3; time < 200_010; time += 37)
    expect(firstEndingAfter(list, time)).toBe(Math.max(0, Math.min(20_000, Math.floor((time + 4) / 10))));
});

it.each([
  ['0-5 7-9', 1, '0-5 7-9'],
  ['0-5 7-9', 2, '0-5 7-9'],
  ['0-5 7-9', 3, '0-9'],
  ['0-1 50-51', 10, '0-10 50-60'],
  ['0-1 12-13 24-25', 10, '0-13 24-34'],
])('%j at a resolution of %i is %j', (given, resolution, expected) => {
  const coarse = atResolution(spans(given), resolution);
  expect(text(coarse)).toBe(expected);
  expect(lengthOf(coarse)).toBeGreaterThanOrEqual(lengthOf(spans(given)));
});

it('reads the form of the wire', () => {
  expect(text(fromFlat([0, 5, 7, 9], 1000))).toBe('1000-1005 1007-1009');
});
