import { describe, expect, it } from 'vitest';
import type { QualityFactor } from '#contract/quality.ts';
import { factorBeside, judge, smoothed, type Seen } from './score.ts';

const fine: Seen = {
  ageMs: 60,
  framesPerSecond: 15,
  nominalFramesPerSecond: 15,
  lossRatio: 0,
  freezeRatio: 0,
  latencyMs: 120,
  pictureWidth: 640,
  tileWidth: 480,
};

describe('the viewing score', () => {
  it('of a picture that nothing limits is 100', () => {
    expect(judge(fine)).toEqual({ score: 100, factor: 'none' });
  });

  it.each<[string, Partial<Seen>, number, string]>([
    ['a picture that is two seconds old', { ageMs: 2000 }, 50, 'age'],
    ['a picture that is three seconds old', { ageMs: 3000 }, 0, 'age'],
    ['no picture at all', { ageMs: Infinity, framesPerSecond: 0 }, 0, 'age'],
    ['half the pictures', { framesPerSecond: 6.75 }, 50, 'frames'],
    ['a tenth of the time frozen', { freezeRatio: 0.1 }, 50, 'freezes'],
    ['five per cent lost', { lossRatio: 0.05 }, 60, 'loss'],
    ['two seconds late', { latencyMs: 2000 }, 40, 'latency'],
    ['a sub stream on a whole screen', { tileWidth: 3840 }, 33, 'size'],
  ])('of %s names it', (_what, change, score, factor) => {
    expect(judge({ ...fine, ...change })).toEqual({ score, factor });
  });

  it('is the worst part, not the mean', () => {
    expect(judge({ ...fine, lossRatio: 0.02, latencyMs: 2500 })).toEqual({ score: 20, factor: 'latency' });
  });

  it('says nothing of what is not known', () => {
    expect(judge({ ageMs: 40 })).toEqual({ score: 100, factor: 'none' });
  });

  it('forgives a pixel, and a frame in ten', () => {
    expect(judge({ ...fine, framesPerSecond: 13.5, tileWidth: 1280 })).toEqual({
      score: 100,
      factor: 'none',
    });
  });
});

it('has a factor beside it for as long as something is missing, after the trouble is over too', () => {
  const perfect = judge({ ageMs: 40 });
  let [score, factor] = [20, 'loss' as QualityFactor];
  const named: [number, QualityFactor][] = [];
  while (factor !== 'none') {
    score = smoothed(score, perfect.score);
    factor = factorBeside(Math.round(score), perfect, factor);
    named.push([Math.round(score), factor]);
  }
  expect(named.slice(0, -1).every(([at, of]) => at < 95 && of === 'loss')).toBe(true);
  expect(named.length).toBeGreaterThan(5);
  expect(named.at(-1)?.[0]).toBeGreaterThanOrEqual(95);
  // What limits it now comes before what did.
  expect(factorBeside(60, judge({ ageMs: 40, lossRatio: 0.02 }), 'age')).toBe('loss');
});

it('falls at once and rises with care', () => {
  expect(smoothed(undefined, 70)).toBe(70);
  expect(smoothed(100, 0)).toBeCloseTo(20);
  expect(smoothed(0, 100)).toBeCloseTo(30);
});
