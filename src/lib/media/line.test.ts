import { describe, expect, it } from 'vitest';
import { isNarrow } from './line.ts';

describe('the line to the server', () => {
  it.each([
    ['http:', ['h2'], true],
    ['https:', ['http/1.1', 'h2'], true],
    ['https:', ['h2'], false],
    ['https:', ['h3'], false],
    // The page itself came from a cache.
    ['https:', ['', 'http/1.1'], true],
    ['https:', ['', 'h2'], false],
    ['https:', [], false],
  ])('by %s %j is narrow: %s', (protocol, hops, expected) => {
    expect(isNarrow({ protocol, hops })).toBe(expected);
  });
});
