import { describe, expect, it } from 'vitest';
import { assignNumbers, type Numbered } from './numbers.ts';

const camera = (id: string, numbers: { wanted?: number; had?: number } = {}): Numbered => ({
  id,
  name: id,
  wanted: numbers.wanted,
  had: numbers.had,
});

describe('assignNumbers', () => {
  it.each<[string, Numbered[], number[], Record<string, number>]>([
    ['the lowest free numbers, by name', [camera('b'), camera('a')], [1], { a: 2, b: 3 }],
    ['names as people count', [camera('Gate 10'), camera('Gate 9')], [], { 'Gate 9': 1, 'Gate 10': 2 }],
    ['the number the VMS gives', [camera('a', { wanted: 7 }), camera('b')], [], { a: 7, b: 1 }],
    ['the number it had', [camera('a', { had: 5 }), camera('b', { had: 1 })], [], { a: 5, b: 1 }],
    [
      'the number it had, when another wants it too',
      [camera('a', { wanted: 5 }), camera('b', { wanted: 5, had: 5 })],
      [],
      { a: 1, b: 5 },
    ],
    [
      'two that swap',
      [camera('a', { wanted: 2, had: 1 }), camera('b', { wanted: 1, had: 2 })],
      [],
      { a: 2, b: 1 },
    ],
    ['a wanted number that a removed camera keeps', [camera('a', { wanted: 3, had: 9 })], [3], { a: 9 }],
    ['nobody', [], [1, 2], {}],
  ])('gives %s', (_what, cameras, taken, numbers) => {
    expect(Object.fromEntries(assignNumbers(cameras, new Set(taken)))).toEqual(numbers);
  });
});
