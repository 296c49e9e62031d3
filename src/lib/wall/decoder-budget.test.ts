import { describe, expect, it } from 'vitest';
import {
  balanced,
  type Burden,
  type DecoderBudget,
  type Strain,
  strainOf,
  unstrained,
} from './decoder-budget.ts';
import { isDecodedInHardware } from './hardware-decoding.ts';

const tile = (key: string, urgency: number, more: Partial<Burden> = {}): Burden => ({
  key,
  urgency,
  isSpot: false,
  stream: 'sub',
  hasSub: true,
  hasStills: true,
  ...more,
});
const strained: Strain = { droppedRatio: 0.2, busyRatio: 0.5, rateRatio: 0.95 };
const calm: Strain = { droppedRatio: 0, busyRatio: 0.3, rateRatio: 0.95 };
const between: Strain = { droppedRatio: 0.03, busyRatio: 0.3, rateRatio: 0.95 };

/** The budget after `seconds` of looks, one every two seconds. */
function after(
  budget: DecoderBudget,
  burdens: readonly Burden[],
  strain: Strain,
  from: number,
  seconds: number,
) {
  let now = budget;
  for (let at = from; at <= from + seconds; at += 2) now = balanced(now, burdens, strain, at * 1000);
  return now;
}
const easedOf = (budget: DecoderBudget) => [...budget.eased].map(([key, ease]) => `${key} ${ease}`);

const wall = [
  tile('spot', 0, { isSpot: true, stream: 'main' }),
  tile('large', 1, { stream: 'main' }),
  tile('small', 2),
  tile('last', 3),
];

describe('the decoder budget', () => {
  it('leaves a wall alone that drops a little, or much for a moment', () => {
    expect(easedOf(after(unstrained, wall, between, 0, 120))).toEqual([]);
    const moment = after(unstrained, wall, strained, 0, 8);
    expect(easedOf(after(moment, wall, between, 10, 20))).toEqual([]);
  });

  it('eases main streams first, then the least important tiles, and never the spot', () => {
    let budget = after(unstrained, wall, strained, 0, 10);
    expect(easedOf(budget)).toEqual(['large stream']);
    budget = after(budget, wall, strained, 12, 10);
    expect(easedOf(budget)).toEqual(['large stream', 'last stills']);
    budget = after(budget, wall, strained, 24, 60);
    expect(easedOf(budget).sort()).toEqual(['large stills', 'last stills', 'small stills']);
  });

  it('counts decoding that takes nearly all cores as strain once pictures are missing, dropped or not', () => {
    const busy = { droppedRatio: 0, busyRatio: 0.9, rateRatio: 0.7 };
    expect(easedOf(after(unstrained, wall, busy, 0, 10))).toEqual(['large stream']);
  });

  it('takes a graphics card that takes its time for no strain, and for calm', () => {
    const latent = { droppedRatio: 0, busyRatio: 1.6, rateRatio: 0.98 };
    expect(easedOf(after(unstrained, wall, latent, 0, 60))).toEqual([]);
    const eased = after(unstrained, wall, strained, 0, 10);
    expect(easedOf(after(eased, wall, latent, 12, 40))).toEqual([]);
  });

  it('takes one step at a time, ten seconds apart', () => {
    expect(after(unstrained, wall, strained, 0, 18).eased.size).toBe(1);
    expect(after(unstrained, wall, strained, 0, 20).eased.size).toBe(2);
  });

  it('has nothing to ease where there is neither another stream nor stills', () => {
    const bare = [tile('a', 0, { hasSub: false, hasStills: false, stream: 'main' })];
    expect(easedOf(after(unstrained, bare, strained, 0, 60))).toEqual([]);
  });

  it('gives back what was taken, most important first, half a minute of calm apart', () => {
    let budget = after(unstrained, wall, strained, 0, 30);
    expect(easedOf(budget)).toEqual(['large stream', 'last stills', 'small stills']);
    budget = after(budget, wall, calm, 32, 28);
    expect(budget.eased.size).toBe(3);
    budget = after(budget, wall, calm, 62, 0);
    expect(easedOf(budget)).toEqual(['large stream', 'last stills']);
    budget = after(budget, wall, calm, 64, 60);
    expect(easedOf(budget)).toEqual([]);
  });

  it('waits twice as long after giving back too soon', () => {
    let budget = after(unstrained, wall, strained, 0, 10);
    budget = after(budget, wall, calm, 12, 30);
    expect(easedOf(budget)).toEqual([]);
    budget = after(budget, wall, strained, 44, 10);
    expect(easedOf(budget)).toEqual(['large stream']);
    expect(after(budget, wall, calm, 56, 58).eased.size).toBe(1);
    expect(after(budget, wall, calm, 56, 60).eased.size).toBe(0);
  });

  it('gives a tile everything back as soon as somebody looks at it, and forgets those that are gone', () => {
    const budget = after(unstrained, wall, strained, 0, 20);
    const looked = wall.map((one) => (one.key === 'last' ? { ...one, isSpot: true } : one));
    expect(easedOf(balanced(budget, looked, between, 22_000))).toEqual(['large stream']);
    expect(easedOf(balanced(budget, wall.slice(0, 1), between, 22_000))).toEqual([]);
  });
});

describe('decoders in hardware', () => {
  it.each([
    ['any of eight', { width: 160, height: 120 }, 8, true],
    ['a large one of nine', { width: 320, height: 240 }, 9, true],
    ['a wide one of nine with as many pixels', { width: 480, height: 270 }, 9, true],
    ['LiveKit’s lowest layer of nine', { width: 320, height: 180 }, 9, false],
    ['one that nobody described', undefined, 36, true],
  ])('%s', (_, stream, tiles, expected) => {
    expect(isDecodedInHardware(stream, tiles)).toBe(expected);
  });
});

describe('the strain of a wall', () => {
  it('is what is dropped of all pictures, and the cores’ time that decoding takes', () => {
    const strain = strainOf(
      [
        { framesPerSecond: 15, droppedRatio: 0.25, decodeMs: 20 },
        { framesPerSecond: 25, droppedRatio: 0, decodeMs: 4 },
        {},
      ],
      2,
    );
    expect(strain.droppedRatio).toBeCloseTo(5 / 45);
    expect(strain.busyRatio).toBeCloseTo((15 * 20 + 25 * 4) / 2000);
  });

  it('is told from how many pictures come of those that the cameras send', () => {
    const receptions = [
      { framesPerSecond: 10, nominalFramesPerSecond: 25 },
      { framesPerSecond: 16, nominalFramesPerSecond: 15 },
      { framesPerSecond: 3 },
    ];
    expect(strainOf(receptions, 2).rateRatio).toBeCloseTo(25 / 40);
  });

  it('is none where nothing is received or told', () => {
    expect(strainOf([], 4)).toEqual({ droppedRatio: 0, busyRatio: undefined, rateRatio: undefined });
  });
});
