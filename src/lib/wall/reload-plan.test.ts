import { describe, expect, it } from 'vitest';
import { isTimeToReload, type PageMoment } from './reload-plan.ts';

const fine: PageMoment = {
  living: 40,
  isExhausted: false,
  idleMs: 3_600_000,
  isBusy: false,
  isFullScreen: false,
  sinceLastMs: Infinity,
};

describe('a page begins anew', () => {
  it.each<[string, Partial<PageMoment>, boolean]>([
    ['not while it has connections to spare', {}, false],
    ['not for those that were collected: 399 are left', { living: 399 }, false],
    ['when 400 are counted and nobody did anything for a minute', { living: 400, idleMs: 60_000 }, true],
    ['not while somebody works', { living: 400, idleMs: 59_999 }, false],
    ['after ten quiet seconds when the limit is near', { living: 460, idleMs: 10_000 }, true],
    ['not by a mere plan where the page fills the screen', { living: 459, isFullScreen: true }, false],
    ['even so when the limit is near', { living: 460, isFullScreen: true }, true],
    ['not in the middle of something', { living: 499, isBusy: true }, false],
    [
      'two seconds after the last touch when nothing connects any more',
      { isExhausted: true, idleMs: 2_000 },
      true,
    ],
    ['not while somebody clicks', { isExhausted: true, idleMs: 500 }, false],
    ['not again and again', { isExhausted: true, sinceLastMs: 60_000 }, false],
  ])('%s', (_, moment, expected) => {
    expect(isTimeToReload({ ...fine, ...moment })).toBe(expected);
  });

  it('by a budget of its own', () => {
    expect(isTimeToReload({ ...fine, living: 12 }, 10)).toBe(true);
    expect(isTimeToReload({ ...fine, living: 9 }, 10)).toBe(false);
  });
});
