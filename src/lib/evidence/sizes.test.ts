import { expect, it } from 'vitest';
import { bytesText, lengthText } from './sizes.ts';

it.each([
  [0, '0 byte'],
  [999, '999 byte'],
  [12_400, '12 kB'],
  [1_440_000_000, '1.4 GB'],
  [36_000_000, '36 MB'],
])('%s bytes are %s', (bytes, text) => {
  expect(bytesText(bytes, 'en')).toBe(text);
});

it.each([
  [0, '0:00'],
  [61_400, '1:01'],
  [3_723_000, '1:02:03'],
])('%s ms are %s', (ms, text) => {
  expect(lengthText(ms, 'en')).toBe(text);
});
