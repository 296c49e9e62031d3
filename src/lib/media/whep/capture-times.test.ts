import { expect, it } from 'vitest';
import { CaptureTimes, clockOf } from './capture-times.ts';

const epochMs = 1_764_400_000_000;
const toNtp = (ms: number): number => ms + 2_208_988_800_000;

/** A browser that knows of one picture, and counts how often it is asked. */
function browser() {
  const known = { rtpTimestamp: 0, captureTimestamp: undefined as number | undefined };
  let asked = 0;
  const times = new CaptureTimes({
    getSynchronizationSources: () => {
      asked += 1;
      return [{ ...known, source: 1, timestamp: 0 }];
    },
  });
  return { known, times, asked: () => asked };
}

it('knows when a picture was taken from the one that the browser knows of, across the wrap of the stamps', () => {
  const { known, times } = browser();
  Object.assign(known, { rtpTimestamp: 2 ** 32 - 900, captureTimestamp: toNtp(epochMs) });
  expect(times.of(2 ** 32 - 900, 0)).toBe(epochMs);
  expect(times.of(900, 20)).toBe(epochMs + 20);
});

it('asks once a second while pictures come as they should', () => {
  const { known, times, asked } = browser();
  known.captureTimestamp = toNtp(epochMs);
  for (let at = 0; at < 5000; at += 40) expect(times.of(at * 90, at + 85)).toBe(epochMs + at);
  expect(asked()).toBeLessThan(7);
});

it('is not deceived by old pictures that are sent again with stamps of now', () => {
  const { known, times } = browser();
  known.captureTimestamp = toNtp(epochMs);
  for (let at = 0; at < 400; at += 40) times.of(at * 90, at);
  // A second without a picture, then those of the last two, a millisecond apart by their stamps.
  for (let i = 0; i < 25; i++) {
    const rtpTimestamp = (1400 + i) * 90;
    Object.assign(known, { rtpTimestamp, captureTimestamp: toNtp(epochMs - 600 + i * 80) });
    expect(times.of(rtpTimestamp, 1400 + i * 20)).toBe(epochMs - 600 + i * 80);
  }
});

it('knows nothing where nobody tells', () => {
  expect(browser().times.of(1, 1)).toBeUndefined();
  expect(new CaptureTimes({ getSynchronizationSources: () => [] }).of(1, 1)).toBeUndefined();
});

it('finds the clock in an answer that has one', () => {
  expect(clockOf('v=0\r\na=x-capture-clock:1764400000123\r\nm=video 9\r\n')).toBe(1_764_400_000_123);
  expect(clockOf('v=0\r\na=group:BUNDLE 0\r\n')).toBeUndefined();
});
