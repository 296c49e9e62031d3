import { describe, expect, it } from 'vitest';
import type { SpansAnswer, SpansQuery } from '#contract/recording.ts';
import { motionSpans, recordedSpans } from '#mocks/site/recordings.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { levelFor, levels, SpanCache } from './span-cache.ts';
import { atResolution, clip, type Span } from './spans.ts';

const hour = 3_600_000;
const day = 24 * hour;
const noon = Date.UTC(2026, 10, 20, 12);
const never = new AbortController().signal;

/** A cache before a pretend site; requests wait until they are answered. */
function setUp() {
  let now = noon;
  let isBroken = false;
  const asked: (SpansQuery & { signal: AbortSignal; answer: () => void })[] = [];
  const cache = new SpanCache({
    now: () => now,
    random: () => 1,
    read: (query, signal) =>
      new Promise((resolve, reject) => {
        const answer = () => {
          if (isBroken) reject(new Error('down'));
          else resolve(answerTo(query, now));
        };
        asked.push({ ...query, signal, answer });
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  });
  const settle = async () => {
    for (const { answer } of asked) answer();
    await new Promise((resolve) => setTimeout(resolve));
  };
  return {
    cache,
    asked,
    settle,
    pass: (ms: number) => (now += ms),
    break: (is: boolean) => (isBroken = is),
  };
}

const cameraOf = (id: string) => siteCameras[Number(id.slice(1)) - 1]!;
const flat = (spans: readonly Span[], from: number) =>
  spans.flatMap(({ start, end }) => [start - from, end - from]);

function answerTo({ cameras, from, to, resolutionMs }: SpansQuery, now: number): SpansAnswer {
  const of = (spans: Span[]) => flat(clip(atResolution(spans, resolutionMs), { start: from, end: to }), from);
  return {
    from,
    to,
    resolutionMs,
    cameras: cameras.map((cameraId) => ({
      cameraId,
      oldest: now - 90 * day,
      recorded: of(recordedSpans(cameraOf(cameraId), { start: from, end: to }, now)),
      motion: of(motionSpans(cameraOf(cameraId), { start: from, end: to }, now)),
      isComplete: true,
    })),
  };
}

describe('the level of detail', () => {
  it.each([
    [0.5, 1],
    [999, 1],
    [1000, 1000],
    [59_999, 10_000],
    [60_000, 60_000],
    [3_599_999, 600_000],
    [8_000_000, 3_600_000],
  ])('at %d ms a pixel is %i ms', (msPerPx, resolutionMs) => {
    expect(levelFor(msPerPx).resolutionMs).toBe(resolutionMs);
  });

  it('lets a screen of 4000 pixels ask for at most two dozen blocks', () => {
    for (const [i, { blockMs }] of levels.entries()) {
      const next = levels[i + 1]?.resolutionMs ?? (92 * day) / 4000;
      expect((next * 4000) / blockMs).toBeLessThan(24);
    }
  });
});

it('gives what the site has recorded, and knows nothing before', async () => {
  const { cache, settle } = setUp();
  const window = { start: noon - 3 * hour, end: noon - hour };
  expect(cache.past('c2', window, 100).unknown).toEqual([{ start: noon - 4 * hour, end: noon }]);
  cache.want('me', ['c2'], window, 100);
  await settle();
  const past = cache.past('c2', window, 100);
  expect(past.unknown).toEqual([]);
  expect(clip(past.recorded, window)).toEqual(recordedSpans(cameraOf('c2'), window, noon));
  expect(clip(past.motion, window)).toEqual(motionSpans(cameraOf('c2'), window, noon));
  expect(cache.oldestOf('c2')).toBe(noon - 90 * day);
});

it('asks for nine cameras over ninety days in two requests', () => {
  const { cache, asked } = setUp();
  const ids = Array.from({ length: 9 }, (_, i) => `c${i + 1}`);
  cache.want('me', ids, { start: noon - 90 * day, end: noon }, (90 * day) / 1918);
  expect(asked.length).toBeLessThanOrEqual(2);
  expect(asked.every(({ cameras, resolutionMs }) => cameras.length === 9 && resolutionMs === 3_600_000)).toBe(
    true,
  );
  expect(asked.every(({ from, to }) => to - from <= 92 * day)).toBe(true);
});

it('asks for each block once, however often and by whomever it is wanted', async () => {
  const { cache, asked, settle } = setUp();
  const window = { start: noon - 30 * hour, end: noon - 20 * hour };
  for (let i = 0; i < 50; i++) cache.want('me', ['c1', 'c2'], window, 5000);
  expect(asked).toHaveLength(1);
  await settle();
  cache.want('me', ['c2', 'c1'], window, 5000);
  expect(asked).toHaveLength(1);
  cache.want('me', ['c1', 'c2', 'c3'], window, 5000);
  expect(asked[1]?.cameras).toEqual(['c3']);
});

it('never asks for what has not happened', () => {
  const { cache, asked } = setUp();
  cache.want('me', ['c1'], { start: noon + 3 * hour, end: noon + 5 * hour }, 500);
  expect(asked).toHaveLength(0);
});

it('ends a request nobody wants any more, and asks again when it is wanted', async () => {
  const { cache, asked, settle } = setUp();
  const then = { start: noon - 30 * hour, end: noon - 29 * hour };
  cache.want('me', ['c1'], then, 500);
  cache.want('me', ['c1'], { start: noon - 2 * hour, end: noon - hour }, 500);
  expect(asked[0]?.signal.aborted).toBe(true);
  expect(asked[1]?.signal.aborted).toBe(false);
  await settle();
  expect(cache.failure).toBeUndefined();
  cache.want('me', ['c1'], then, 500);
  expect(asked).toHaveLength(3);
});

it('does not give up for one what another wants', () => {
  const { cache, asked } = setUp();
  cache.want('timeline', ['c1'], { start: noon - 30 * day, end: noon }, 600_000);
  cache.want('playhead', ['c1'], { start: noon - hour, end: noon }, 1);
  cache.want('playhead', ['c1'], { start: noon - 9 * hour, end: noon - 8 * hour }, 1);
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([false, true, false]);
});

it('shows a coarser level until the finer one has come', async () => {
  const { cache, settle } = setUp();
  cache.want('me', ['c2'], { start: noon - 2 * day, end: noon - day }, 60_000);
  await settle();
  const window = { start: noon - 30 * hour, end: noon - 26 * hour };
  const before = cache.past('c2', window, 1);
  expect(before.unknown).toEqual([]);
  expect(before.recorded.length).toBeGreaterThan(0);
  cache.want('me', ['c2'], window, 1);
  await settle();
  expect(clip(cache.past('c2', window, 1).recorded, window)).toEqual(
    recordedSpans(cameraOf('c2'), window, noon),
  );
});

it('reads the live edge again after a few seconds, and what is past never', async () => {
  const { cache, asked, settle, pass } = setUp();
  const window = { start: noon - 5 * hour, end: noon };
  cache.want('me', ['c1'], window, 500);
  await settle();
  pass(3_000);
  cache.want('me', ['c1'], window, 500);
  expect(asked).toHaveLength(1);
  pass(3_000);
  cache.want('me', ['c1'], window, 500);
  // The block that ended this very minute; the two before it are settled.
  expect(asked.slice(1).map(({ from, to }) => [from, to])).toEqual([[noon - 2 * hour, noon]]);
});

it('reads the live edge of a camera again as soon as its recorder tells of a change, and nothing else', async () => {
  const { cache, asked, settle, pass } = setUp();
  const want = () => cache.want('me', ['c1', 'c2'], { start: noon - 5 * hour, end: noon }, 500);
  want();
  await settle();
  pass(1_000);
  want();
  expect(asked).toHaveLength(1);
  cache.changed(['c2']);
  want();
  expect(asked.slice(1)).toMatchObject([{ cameras: ['c2'], from: noon - 2 * hour, to: noon }]);
  await settle();
  pass(1_000);
  want();
  expect(asked).toHaveLength(2);
});

it('waits longer after each failure, says what it was, and recovers', async () => {
  const { cache, asked, settle, pass, break: setBroken } = setUp();
  const window = { start: noon - 30 * hour, end: noon - 29 * hour };
  const want = () => cache.want('me', ['c1'], window, 500);
  setBroken(true);
  want();
  await settle();
  expect(cache.failure).toMatchObject({ message: 'down' });
  want();
  expect(asked).toHaveLength(1);
  pass(1_000);
  want();
  await settle();
  expect(asked).toHaveLength(2);
  pass(1_000);
  want();
  expect(asked).toHaveLength(2);
  setBroken(false);
  pass(1_000);
  want();
  await settle();
  expect(asked).toHaveLength(3);
  expect(cache.failure).toBeUndefined();
  expect(cache.past('c1', window, 500).unknown).toEqual([]);
});

it('lets go of everything when it is closed, twice', async () => {
  const { cache, asked, settle } = setUp();
  const loading = cache.load(['c1'], { start: noon - hour, end: noon }, 1, never);
  cache.close();
  cache.close();
  await settle();
  await loading;
  expect(asked[0]?.signal.aborted).toBe(true);
  cache.want('me', ['c1'], { start: noon - hour, end: noon }, 1);
  expect(asked).toHaveLength(1);
});

it('gives what it gave before, until something of that camera has come at that level', async () => {
  const { cache, settle, pass } = setUp();
  const window = { start: noon - 90 * 60_000, end: noon - 60_000 };
  const past = (id: string, msPerPx = 1) => cache.past(id, window, msPerPx);
  cache.want('timeline', ['c1', 'c2'], window, 1);
  await settle();
  const [first, second] = [past('c1'), past('c2')];
  expect(first.recorded.length).toBeGreaterThan(0);
  expect(past('c1')).toBe(first);
  // Wherever the window lies in the same block.
  expect(cache.past('c1', { start: window.start + 1, end: window.end - 1 }, 1)).toBe(first);

  cache.want('timeline', ['c1'], window, 1000);
  await settle();
  expect([past('c1') === first, past('c2') === second]).toEqual([true, true]);

  pass(3_600_000);
  cache.want('timeline', ['c1'], { start: noon - 60_000, end: noon + 3_500_000 }, 1);
  await settle();
  const later = past('c1');
  expect(later).not.toBe(first);
  expect(past('c1')).toBe(later);
  expect(past('c2')).toBe(second);
});

it('does not take for known what has come only in part', async () => {
  const { cache, settle } = setUp();
  const window = { start: noon - 5 * hour, end: noon };
  cache.want('timeline', ['c1'], { start: noon - 2 * hour, end: noon }, 1);
  await settle();
  expect(cache.past('c1', window, 1).unknown).not.toEqual([]);
  cache.want('timeline', ['c1'], window, 1);
  await settle();
  expect(cache.past('c1', window, 1).unknown).toEqual([]);
});
