import { expect, it } from 'vitest';
import { NominalRate } from './nominal-rate.ts';

/** The rate after these readings, one a second. */
function after(...readings: number[]): number | undefined {
  const nominal = new NominalRate();
  readings.forEach((rate, second) => nominal.take(rate, second * 1000));
  return nominal.framesPerSecond;
}
const seconds = (count: number, rate: number): number[] => Array.from({ length: count }, () => rate);

it.each<[string, number[], number | undefined]>([
  ['not known before five seconds', seconds(4, 15), undefined],
  ['what comes', seconds(5, 15), 15],
  ['not what the burst at the begin says', [40, ...seconds(6, 15)], 15],
  ['still what it was when pictures are missing', [...seconds(20, 25), ...seconds(60, 10)], 25],
  ['what a camera sends at night, after ten minutes of it', [...seconds(50, 25), ...seconds(661, 12)], 12],
])('what a camera sends is %s', (_what, readings, rate) => {
  expect(after(...readings)).toBe(rate);
});
