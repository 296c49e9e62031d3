import { expect, it } from 'vitest';
import { publisherOf, roomOf } from './rooms.ts';

it('calls a camera’s room by its id', () => {
  expect(roomOf('p1', 'camera_')).toBe('camera_p1');
});

it('knows the publisher of a stream again, and has another for each', () => {
  expect(publisherOf('p1_sub')).toBe(publisherOf('p1_sub'));
  const all = new Set(Array.from({ length: 1000 }, (_, n) => publisherOf(`c${n}_sub`)));
  expect(all.size).toBe(1000);
  for (const one of all) expect(one).toMatch(/^IN_[A-Za-z0-9]{12}$/);
});
