import { expect, it } from 'vitest';
import type { Vitals } from '../media-source.ts';
import { Darkness } from './darkness.ts';

/** Whether it lasts, after each second with these counters. */
function seconds(count: number, of: (second: number) => Vitals): boolean {
  const darkness = new Darkness();
  let isLasting = false;
  for (let second = 0; second < count; second += 1)
    isLasting = darkness.isLasting(of(second), 1000 + second * 1000);
  return isLasting;
}

const coming = (second: number): Vitals => ({ bytesReceived: 20_000 * (second + 1), framesDecoded: 0 });

it('lasts where bytes come for eight seconds and no picture', () => {
  expect(seconds(8, coming)).toBe(false);
  expect(seconds(9, coming)).toBe(true);
});

it.each<[string, (second: number) => Vitals]>([
  ['nothing comes: that is the network’s or the camera’s', () => ({ bytesReceived: 0, framesDecoded: 0 })],
  ['hardly anything comes', (second) => ({ bytesReceived: 1000 * second, framesDecoded: 0 })],
  ['a picture was decoded', (second) => ({ ...coming(second), framesDecoded: second < 3 ? 0 : 1 })],
  ['the browser does not count pictures', (second) => ({ bytesReceived: 20_000 * second })],
])('does not where %s', (_, of) => {
  expect(seconds(30, of)).toBe(false);
});
