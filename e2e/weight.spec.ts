import { heaviestWall, weigh } from '../.ci/weight.ts';
import { expect, test } from './fixtures.ts';

test('the wall loads no more than 120 kB of JavaScript before its lazy parts', ({ parapet }) => {
  // The app it serves was built when it was stale.
  expect(parapet.url).toMatch(/^http/);
  const files = weigh('/(app)');
  const sum = files.reduce((total, { gzippedBytes }) => total + gzippedBytes, 0);
  expect(sum, JSON.stringify(files.slice(0, 12), undefined, 1)).toBeLessThanOrEqual(heaviestWall);
});
