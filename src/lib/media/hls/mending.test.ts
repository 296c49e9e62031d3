import { describe, expect, it } from 'vitest';
import { isFarBehind, mendingFor, shallJump, type Mending } from './mending.ts';

describe('a fatal fault of the media', () => {
  it.each<[string, readonly number[], number, Mending]>([
    ['is recovered from in place', [], 1000, 'recover'],
    ['soon after another takes a player made anew', [1000], 5999, 'begin-anew'],
    ['long after another is recovered from in place', [1000], 6000, 'recover'],
    ['that is the third is given up on', [1000, 20_000], 50_000, 'give-up'],
    ['after a calm minute counts from the beginning', [1000, 2000], 62_001, 'recover'],
  ])('%s', (_what, faults, now, expected) => {
    expect(mendingFor(faults, now)).toBe(expected);
  });
});

describe('the live edge', () => {
  it.each([
    [3800, 1800, false],
    [3801, 1800, true],
    [9000, 0, false],
  ])('%i ms behind with a target of %i is far: %s', (latencyMs, targetMs, expected) => {
    expect(isFarBehind({ latencyMs, targetMs })).toBe(expected);
  });

  it('is jumped to after five seconds far behind it', () => {
    expect([shallJump(undefined, 99_999), shallJump(0, 4999), shallJump(0, 5000)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('is jumped to ever less often where that does not help', () => {
    const firstAt = (jumps: number) => [5, 10, 20, 40, 80].find((s) => shallJump(0, s * 1000, jumps));
    expect([0, 1, 2, 3, 9].map(firstAt)).toEqual([5, 10, 20, 40, 40]);
  });
});
