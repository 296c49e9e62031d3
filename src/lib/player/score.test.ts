import { describe, expect, it } from 'vitest';
import type { QualityFactor } from '#contract/quality.ts';
import { factorBeside, isJudged, judge, smoothed, type Seen } from './score.ts';
import { firstFrameMs, next, type PlayerEvent, type PlayerState } from './state.ts';

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

describe('a second of a tile', () => {
  const limits = { delayedMs: 1000, stalledMs: 2700, reconnectMs: 4700 };
  const tick = (at: number, frameAt?: number): PlayerEvent => ({ type: 'tick', at, frameAt, limits });
  const after = (...events: PlayerEvent[]): PlayerState =>
    events.reduce<PlayerState>((state, event) => next(state, event, () => 0).state, { status: 'idle' });
  const start: PlayerEvent = { type: 'start', at: 1000 };
  const refusal = { type: 'failed', at: 1500, isTransient: true } as const;
  const soon = 1000 + firstFrameMs - 1;

  it.each<[string, readonly PlayerEvent[], number]>([
    ['nobody wants it', [], 1000],
    ['it connects', [start], soon],
    ['it waits for its turn', [start, { type: 'queued', at: 1001, place: 9 }], soon],
    ['its first attempt failed', [start, { ...refusal, code: 'unreachable' }], soon],
    ['nobody sees it', [start, { type: 'suspend', at: 2000 }], 90_000],
    [
      'somebody sees it again',
      [start, { type: 'suspend', at: 2000 }, { type: 'resume', at: 80_000 }],
      81_000,
    ],
  ])('is not judged while %s', (_what, events, now) => {
    expect(isJudged(after(...events), now)).toBe(false);
  });

  it.each<[string, readonly PlayerEvent[], number]>([
    ['the first picture is there', [start, { type: 'first-frame', at: 1400 }], 1500],
    ['the pictures have stopped', [start, { type: 'first-frame', at: 1400 }, tick(4500, 1400)], 4501],
    ['the first picture should be there', [start], soon + 1],
    ['it still waits for its turn', [start, { type: 'queued', at: 9000, place: 9 }], soon + 1],
    ['the camera is known to be away', [start, { ...refusal, code: 'camera-offline' }], 1501],
    ['it is refused', [start, { ...refusal, isTransient: false, code: 'not-permitted' }], 1501],
  ])('is judged once %s', (_what, events, now) => {
    expect(isJudged(after(...events), now)).toBe(true);
  });
});
