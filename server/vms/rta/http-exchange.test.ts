import { expect, it } from 'vitest';
import { retryAfter } from './http-exchange.ts';

const noon = Date.UTC(2026, 10, 20, 12);
it.each([
  ['60', 60_000],
  [' 0 ', 0],
  ['Fri, 20 Nov 2026 12:00:30 GMT', 30_000],
  ['Fri, 20 Nov 2026 11:00:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('reads Retry-After %j', (text, ms) => {
  expect(retryAfter(text, noon)).toBe(ms);
});
