import { describe, expect, it, vi } from 'vitest';
import { QualityReport, type CameraQuality } from '#contract/quality.ts';
import type { Sample } from '#lib/player/sample.ts';
import { Historian, stretchesOf } from './historian.ts';
import type { CameraStretch } from './history-store.ts';
import { chosen, sorted, worstFirst } from './order.ts';
import { tallied, type WatchedTile } from './tally.ts';
import { QualityTeller } from './teller.ts';

const sample = (at: number, more: Partial<Sample> = {}): Sample => ({
  at,
  ageMs: 50,
  score: 100,
  factor: 'none',
  framesPerSecond: 15,
  ...more,
});
const tile = (samples: readonly Sample[]): WatchedTile => ({
  cameraId: 'p1',
  stream: 'sub',
  way: 'whep',
  samples,
});

describe('what seconds say together', () => {
  it('is the mean, the worst, and what limited most of them', () => {
    const seconds = [
      sample(1000, { score: 10, factor: 'age' }),
      sample(2000),
      sample(3000, { score: 60, factor: 'loss', lossRatio: 0.05 }),
      sample(4000, { score: 50, factor: 'loss', lossRatio: 0.07, ageMs: 4000 }),
    ];
    expect(tallied(tile(seconds), 1000)).toEqual({
      cameraId: 'p1',
      stream: 'sub',
      way: 'whep',
      seconds: 3,
      score: 70,
      worst: 50,
      factor: 'loss',
      liveShare: 2 / 3,
      framesPerSecond: 15,
      lossRatio: expect.closeTo(0.06),
    });
  });

  it('is nothing of a tile that nobody saw', () => {
    expect(tallied(tile([sample(1000)]), 1000)).toBeUndefined();
  });

  it('is what the contract takes', () => {
    const wild = sample(1, { bitsPerSecond: 1e12, latencyMs: 1e9, roundTripMs: 1e9, ageMs: undefined });
    const report = { pageId: crypto.randomUUID(), tiles: [tallied(tile([wild]), 0)] };
    expect(QualityReport.safeParse(report).success).toBe(true);
  });
});

describe('telling the BFF', () => {
  it('sends all tiles in one request, each second once, and goes on after a failure', async () => {
    vi.useFakeTimers();
    const sent: QualityReport[] = [];
    let samples = [sample(1000), sample(2000)];
    const teller = new QualityTeller({
      pageId: crypto.randomUUID(),
      tiles: () => [tile(samples), { ...tile(samples), cameraId: 'm1' }, { ...tile([]), cameraId: 'b1' }],
      send: async (report) => {
        sent.push(report);
        throw new Error('the BFF is away');
      },
      random: () => 0,
    });
    await vi.advanceTimersByTimeAsync(15_000);
    expect(sent.map(({ tiles }) => tiles.map(({ cameraId, seconds }) => [cameraId, seconds]))).toEqual([
      [
        ['p1', 2],
        ['m1', 2],
      ],
    ]);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(sent).toHaveLength(1);
    samples = [...samples, sample(3000)];
    await vi.advanceTimersByTimeAsync(15_000);
    expect(sent[1]?.tiles.map(({ seconds }) => seconds)).toEqual([1, 1]);
    teller.close();
    teller.close();
    samples = [...samples, sample(4000)];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(2);
    vi.useRealTimers();
  });
});

describe('writing the history down', () => {
  it('is done every ten seconds for all tiles at once, each second once, one write after the other', async () => {
    vi.useFakeTimers();
    const written: (readonly CameraStretch[])[] = [];
    let [samples, through] = [[sample(1000), sample(2000)], () => {}];
    const historian = new Historian({
      tiles: () => [tile(samples), { ...tile(samples), cameraId: 'm1' }, { ...tile([]), cameraId: 'b1' }],
      store: {
        add: (stretches) => {
          written.push(stretches);
          return new Promise((resolve) => (through = resolve));
        },
      },
      now: () => 7000,
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(written.map((one) => one.map(({ cameraId, at, seconds }) => [cameraId, at, seconds]))).toEqual([
      [
        ['p1', 7000, 2],
        ['m1', 7000, 2],
      ],
    ]);
    // A slow disk: what comes meanwhile waits, and is not lost.
    samples = [...samples, sample(3000)];
    await vi.advanceTimersByTimeAsync(30_000);
    expect(written).toHaveLength(1);
    through();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(written[1]?.map(({ seconds }) => seconds)).toEqual([1, 1]);
    historian.close();
    through();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(written).toHaveLength(2);
    vi.useRealTimers();
  });

  it('keeps of two tiles with one camera the worse', () => {
    const of = (score: number, cameraId = 'p1') => ({
      cameraId,
      stream: 'sub' as const,
      seconds: 10,
      score,
      worst: score,
      factor: 'none' as const,
      liveShare: 1,
    });
    const kept = stretchesOf([of(90.4), of(20), of(50), of(70.6, 'm1')], 1);
    expect(kept.map(({ cameraId, score }) => [cameraId, score])).toEqual([
      ['p1', 20],
      ['m1', 71],
    ]);
  });
});

describe('the list', () => {
  const camera = (number: number, score: number, viewers: number): CameraQuality => ({
    cameraId: `c${number}`,
    number,
    name: `Gate ${number}`,
    score,
    worst: score,
    factor: 'none',
    viewers,
    ways: [],
    since: number,
    reportedAt: 0,
  });
  const all = [camera(2, 90, 1), camera(10, 20, 5), camera(1, 90, 0)];
  const numbers = (order: Parameters<typeof sorted>[1]) =>
    sorted(all, order, 'en').map(({ number }) => number);

  it('begins with the worst', () => {
    expect(numbers(worstFirst)).toEqual([10, 1, 2]);
  });

  it('is turned round by choosing a column again', () => {
    expect(numbers(chosen(worstFirst, 'score'))).toEqual([1, 2, 10]);
  });

  it.each([
    ['name', [1, 2, 10]],
    ['number', [1, 2, 10]],
    ['viewers', [10, 2, 1]],
  ] as const)('can be sorted by %s', (column, expected) => {
    expect(numbers(chosen(worstFirst, column))).toEqual(expected);
  });
});
