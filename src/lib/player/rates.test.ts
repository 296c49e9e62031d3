import { expect, it } from 'vitest';
import { ratesBetween } from './rates.ts';

it('says what happened between two readings', () => {
  const before = {
    framesDecoded: 100,
    framesDropped: 0,
    bytesReceived: 10_000,
    packetsReceived: 200,
    packetsLost: 4,
  };
  const after = {
    framesDecoded: 127,
    framesDropped: 3,
    bytesReceived: 60_000,
    packetsReceived: 290,
    packetsLost: 14,
  };
  expect(ratesBetween(before, after, 2000)).toEqual({
    framesPerSecond: 13.5,
    bitsPerSecond: 200_000,
    lossRatio: 0.1,
    droppedRatio: 0.1,
  });
});

it('knows that late packets can undo a loss', () => {
  const before = { packetsReceived: 10, packetsLost: 5 };
  expect(ratesBetween(before, { packetsReceived: 20, packetsLost: 3 }, 1000)).toEqual({ lossRatio: 0 });
});

it('says nothing of counters that are missing or began again', () => {
  expect(ratesBetween({}, { framesDecoded: 5 }, 1000)).toEqual({});
  expect(ratesBetween({ framesDecoded: 50 }, { framesDecoded: 5 }, 1000)).toEqual({});
  expect(ratesBetween({ framesDecoded: 5 }, { framesDecoded: 50 }, 0)).toEqual({});
});

it('calls a second without packets no loss', () => {
  const still = { packetsReceived: 10, packetsLost: 0 };
  expect(ratesBetween(still, still, 1000)).toEqual({ lossRatio: 0 });
});
