import { expect, it } from 'vitest';
import { presets, type PresetName } from './layouts.ts';
import { type Direction, neighbour } from './neighbour.ts';

it.each<[PresetName, number, Direction, number]>([
  ['16', 5, 'start', 4],
  ['16', 5, 'end', 6],
  ['16', 5, 'up', 1],
  ['16', 5, 'down', 9],
  // Edges hold.
  ['16', 0, 'start', 0],
  ['16', 3, 'end', 3],
  ['16', 15, 'down', 15],
  ['1', 0, 'up', 0],
  // 1+5: the large tile is 0, beside it 1 and 2, below it 3, 4, 5.
  ['1+5', 0, 'end', 1],
  ['1+5', 0, 'down', 3],
  ['1+5', 2, 'start', 0],
  ['1+5', 4, 'up', 0],
  ['1+5', 5, 'up', 2],
  // 1+7: 0 large; 1, 2, 3 beside; 4 to 7 below.
  ['1+7', 7, 'up', 3],
  ['1+7', 3, 'start', 0],
  ['1+7', 6, 'end', 7],
])('in %s, from tile %i, %s leads to tile %i', (name, from, direction, to) => {
  expect(neighbour(presets[name], from, direction)).toBe(to);
});

it('finds its way back to the wall from a tile that is gone', () => {
  expect(neighbour(presets['4'], 12, 'up')).toBe(0);
});
