import { describe, expect, it } from 'vitest';
import { Sameness } from './sameness.ts';

/** A grid of pixels, reproducible. */
function scene(seed: number, noise: number, length = 576): Uint8Array {
  let state = seed;
  const random = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Uint8Array.from({ length }, (_, index) => {
    // The sum of four is near enough to a bell.
    const off = (random() + random() + random() + random() - 2) * noise;
    return Math.round(90 + (index % 40) + off);
  });
}

/** Looks twice a second at what `picture` gives. Gives after how many seconds it was first said to stand. */
function watch(
  watcher: Sameness,
  seconds: number,
  picture: (second: number) => Uint8Array,
  { from = 0, bytesPerFrame }: { from?: number; bytesPerFrame?: (second: number) => number } = {},
): number | undefined {
  let noticed: number | undefined;
  for (let second = 0; second < seconds; second += 0.5) {
    if (bytesPerFrame !== undefined && second % 1 === 0) watcher.weigh(bytesPerFrame(second));
    watcher.take({ at: (from + second) * 1000, luma: picture(second) });
    if (watcher.standsSince !== undefined) noticed ??= second;
  }
  return noticed;
}

describe('a source that repeats one picture', () => {
  it('is found out after six seconds where the picture always moved', () => {
    const watcher = new Sameness();
    expect(watch(watcher, 30, (second) => scene(second + 1, 6))).toBeUndefined();
    const still = scene(99, 6);
    expect(watch(watcher, 30, () => still, { from: 30 })).toBe(6);
    expect(watcher.standsSince).toBe(30_000);
  });

  it('is found out within one and a half where it moved for a minute, and is so again', () => {
    const watcher = new Sameness();
    const moving = (second: number) => scene(2 * second + 1, 6);
    expect(watch(watcher, 62, moving)).toBeUndefined();
    const still = scene(99, 6);
    expect(watch(watcher, 5, () => still, { from: 62 })).toBe(1);
    expect(watcher.standsSince).toBe(62_000);
    // It moves again, and hangs once more.
    expect(watch(watcher, 20, (second) => moving(second + 200), { from: 67 })).toBeUndefined();
    const again = scene(77, 6);
    expect(watch(watcher, 30, () => again, { from: 87 })).toBe(1);
    expect(watch(watcher, 20, (second) => moving(second + 400), { from: 117 })).toBeUndefined();
    expect(watch(watcher, 5, () => still, { from: 137 })).toBe(1);
  });

  it('is found out within three where all that moved was a burned-in second', () => {
    const watcher = new Sameness();
    const still = scene(1, 6);
    const withClock = (second: number) =>
      still.map((value, index) => (index === 5 ? 4 * (Math.floor(second) % 60) : value));
    expect(watch(watcher, 70, withClock)).toBeUndefined();
    expect(watch(watcher, 20, () => withClock(69), { from: 70 })).toBeLessThanOrEqual(2);
  });

  it('is not taken for one whose pictures do not come', () => {
    const watcher = new Sameness();
    watch(watcher, 70, (second) => scene(2 * second + 1, 6));
    // Two seconds without pictures: nobody looks. The next one is another.
    watch(watcher, 5, (second) => scene(2 * second + 501, 6), { from: 72 });
    expect([watcher.standsSince, watcher.patienceMs]).toEqual([undefined, 950]);
  });

  it('is found out when it hung from the start, after forty', () => {
    const still = scene(1, 6);
    expect(watch(new Sameness(), 60, () => still)).toBe(40);
  });

  it('is found out though a keyframe is coded a little differently each time', () => {
    const still = scene(1, 6);
    const coded = (second: number) => still.map((value) => value + (Math.floor(second) % 4 === 0 ? 1 : 0));
    expect(watch(new Sameness(), 60, coded)).toBe(40);
  });

  it('is given the benefit of the doubt while its pictures cost what they did when they moved', () => {
    // Every other second has a keyframe in it, which costs the same whatever it shows.
    const cost = (plain: number) => (second: number) => (second % 4 === 0 ? 5000 : plain);
    const still = scene(99, 6);
    const noticed = [1100, 60].map((plain) => {
      const watcher = new Sameness();
      watch(watcher, 40, (second) => scene(second + 1, 6), { bytesPerFrame: cost(1200) });
      return watch(watcher, 20, () => still, { from: 40, bytesPerFrame: cost(plain) });
    });
    expect(noticed).toEqual([undefined, 6]);
  });

  it('is told to move again with the first other picture', () => {
    const watcher = new Sameness();
    const still = scene(1, 6);
    watch(watcher, 60, () => still);
    watch(watcher, 2, () => scene(2, 6), { from: 60 });
    expect(watcher.standsSince).toBeUndefined();
  });
});

describe('a scene in which nothing happens', () => {
  it('is left alone while there is noise, as there is at night', () => {
    expect(watch(new Sameness(), 600, (second) => scene(second + 1, 3))).toBeUndefined();
  });

  it('is left alone while a clock runs in a corner', () => {
    const still = scene(1, 6);
    const withClock = (second: number) =>
      still.map((value, index) => (index === 5 ? 4 * (Math.floor(second) % 60) : value));
    expect(watch(new Sameness(), 120, withClock)).toBeUndefined();
  });

  it('is left alone while it gets dark, slowly', () => {
    const still = scene(1, 0);
    const dusk = (second: number) => still.map((value) => value - Math.floor(second / 8));
    expect(watch(new Sameness(), 300, dusk)).toBeUndefined();
  });

  it('that stands again and again for as long is left alone from then on', () => {
    const watcher = new Sameness();
    expect(watch(watcher, 62, (second) => scene(2 * second + 1, 6))).toBeUndefined();
    const told: (number | undefined)[] = [];
    for (let time = 0; time < 6; time++) {
      const from = 62 + time * 24;
      const still = scene(1_000 + time, 6);
      told.push(watch(watcher, 20, () => still, { from }));
      expect(
        watch(watcher, 4, (second) => scene(500 * time + 2 * second, 6), { from: from + 20 }),
      ).toBeUndefined();
    }
    expect(told).toEqual([1, 1, 1, undefined, undefined, undefined]);
  });

  it('is given as long as is usual for it', () => {
    const watcher = new Sameness();
    // A clean picture in which something moves twice a minute.
    const rare = (second: number) => scene(1, 0).fill(20 * Math.floor(second / 30), 0, 20);
    expect(watch(watcher, 300, rare)).toBeUndefined();
    expect(watcher.patienceMs).toBe(40_000);
  });
});

it('says nothing of the time in which nobody could look', () => {
  const watcher = new Sameness();
  const still = scene(1, 6);
  watch(watcher, 20, () => still);
  watch(watcher, 20, () => still, { from: 300 });
  expect(watcher.standsSince).toBeUndefined();
});
