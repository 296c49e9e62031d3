import { expect, it } from 'vitest';
import { Strain } from './strain.ts';

/** Sends sixty packets a second from `from` on for so long, of which this share is asked for again a moment later. */
function send(strain: Strain, from: number, forMs: number, share: number): number {
  let owed = 0;
  for (let at = from; at < from + forMs; at += 1000 / 60) {
    strain.sent(at);
    owed += share;
    if (owed >= 1) strain.asked(Math.floor(owed), at + 5);
    owed %= 1;
  }
  return from + forMs;
}

it('finds a line that carries half of the stream in a second, and tries the whole again when it is calm', () => {
  const strain = new Strain();
  let at = send(strain, 1000, 5000, 0);
  expect(strain.isTooMuch(at)).toBe(false);
  at = send(strain, at, 1000, 0.5);
  expect(strain.isTooMuch(at)).toBe(true);
  at = send(strain, at, 2000, 0);
  expect(strain.isTooMuch(at)).toBe(true);
  at = send(strain, at, 2000, 0);
  expect(strain.isTooMuch(at)).toBe(false);
});

it('leaves a lossy line alone, and one that lost everything for a moment', () => {
  const strain = new Strain();
  let at = send(strain, 1000, 30_000, 0.12);
  expect(strain.isTooMuch(at)).toBe(false);
  strain.asked(120, at);
  at = send(strain, at, 300, 0.5);
  at = send(strain, at, 1000, 0);
  expect(strain.isTooMuch(at)).toBe(false);
});

it('waits longer each time that it tried too soon, and forgets it once the stream has passed', () => {
  const strain = new Strain();
  const calms: number[] = [];
  let at = 1000;
  const tooMuchFor = (): void => {
    at = send(strain, at, 1000, 0.5);
    const since = at;
    while (strain.isTooMuch(at)) at = send(strain, at, 250, 0);
    calms.push(Math.round((at - since) / 1000));
  };
  for (let i = 0; i < 3; i++) tooMuchFor();
  at = send(strain, at, 21_000, 0);
  tooMuchFor();
  expect(calms).toEqual([3, 6, 12, 3]);
});

it('says nothing of a stream too thin to tell', () => {
  const strain = new Strain();
  for (let at = 0; at < 20_000; at += 500) {
    strain.sent(at);
    strain.asked(at % 1000 === 0 ? 1 : 2, at + 5);
  }
  expect(strain.isTooMuch(20_000)).toBe(false);
});
