import { describe, expect, it } from 'vitest';
import { columnsOf, historyAccount, hourMs, summed, type Stretch } from './quality-history.ts';

const stretch = (at: number, more: Partial<Stretch> = {}): Stretch => ({
  at,
  seconds: 10,
  score: 100,
  worst: 100,
  factor: 'none',
  liveShare: 1,
  ...more,
});

describe('stretches in one', () => {
  it('weigh by how long each was watched, and keep the worst moment and what limited them longest', () => {
    expect(
      summed([
        stretch(10_000, { seconds: 30 }),
        stretch(20_000, { score: 20, worst: 5, factor: 'loss', liveShare: 0.5 }),
        stretch(30_000, { score: 60, worst: 60, factor: 'latency' }),
        stretch(40_000, { score: 60, worst: 60, factor: 'latency' }),
      ]),
    ).toEqual({
      seconds: 60,
      score: 73,
      worst: 5,
      worstAt: 20_000,
      liveShare: expect.closeTo(0.917, 3),
      limits: [
        { factor: 'latency', seconds: 20 },
        { factor: 'loss', seconds: 10 },
      ],
    });
  });

  it('are nothing where nobody watched', () => {
    expect(summed([])).toBeUndefined();
  });
});

describe('columns', () => {
  it('end now, leave gaps where nobody watched, and take in nothing older', () => {
    const now = 1_000_000;
    const stretches = [
      stretch(now - 400_001, { score: 1 }),
      stretch(now - 400_000, { score: 2 }),
      stretch(now - 300_001, { score: 40 }),
      stretch(now - 300_000, { score: 60 }),
      stretch(now, { score: 90 }),
    ];
    expect(columnsOf(stretches, now, 400_000, 4).map((column) => column?.score)).toEqual([
      50,
      undefined,
      undefined,
      90,
    ]);
  });
});

describe('the account of a history', () => {
  it('is of the last hour and of all of it', () => {
    const now = 100 * hourMs;
    const stretches = [stretch(now - hourMs, { score: 20 }), stretch(now - 1, { score: 80 })];
    const account = historyAccount({ status: 'kept', stretches }, now);
    expect(account).toMatchObject({ hour: { score: 80 }, day: { score: 50 } });
  });

  it('says why there is none', () => {
    expect(historyAccount({ status: 'none', why: 'full' }, 0)).toEqual({ none: 'full' });
  });
});
