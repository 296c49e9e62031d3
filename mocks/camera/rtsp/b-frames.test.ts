import { expect, it } from 'vitest';
import { shownPlace } from './b-frames.ts';

it.each([
  [1, [0]],
  [2, [0, 1]],
  [7, [0, 2, 1, 4, 3, 6, 5]],
  [8, [0, 2, 1, 4, 3, 6, 5, 7]],
])('sends a group of %i pictures with every P before its B', (length, order) => {
  const places = Array.from({ length }, (_, place) => shownPlace(place, place === length - 1));
  expect(places).toEqual(order);
});
