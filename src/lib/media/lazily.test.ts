import { expect, it } from 'vitest';
import { lazily } from './lazily.ts';

it('gives what a chunk has in it, and says of one that does not come that it may come later', async () => {
  expect(await lazily(Promise.resolve({ answer: 42 }))).toEqual({ answer: 42 });
  const gone = new TypeError('Failed to fetch dynamically imported module');
  await expect(lazily(Promise.reject(gone))).rejects.toMatchObject({
    name: 'StreamError',
    code: 'unreachable',
    isTransient: true,
    cause: gone,
  });
});
