import { describe, expect, it } from 'vitest';
import { Timeline } from './timeline.ts';

/** Ticks from the first to each of the following. */
function place(steps: readonly [timestamp: number, arrivalMs: number][], clockRate = 90_000): number[] {
  const timeline = new Timeline();
  const placed = steps.map(([timestamp, arrivalMs]) => timeline.place(timestamp >>> 0, clockRate, arrivalMs));
  return placed.map((at) => at - (placed[0] ?? 0));
}

describe('timeline', () => {
  it('keeps the distances of the source, not those of arrival', () => {
    expect(
      place([
        [1000, 50],
        [4600, 95],
        [8200, 131],
        [11_800, 190],
      ]),
    ).toEqual([0, 3600, 7200, 10_800]);
  });

  it('goes on where the timestamps wrap', () => {
    expect(
      place([
        [2 ** 32 - 1800, 0],
        [1800, 41],
      ]),
    ).toEqual([0, 3600]);
  });

  it('counts in 90 kHz whatever the clock of the source', () => {
    expect(
      place(
        [
          [0, 0],
          [40, 41],
          [80, 82],
        ],
        1000,
      ),
    ).toEqual([0, 3600, 7200]);
  });

  it('puts the time that passed where the clock of the source jumps', () => {
    expect(
      place([
        [0, 0],
        [900_000_000, 40],
        [900_003_600, 81],
      ]),
    ).toEqual([0, 3600, 7200]);
    expect(
      place([
        [900_000_000, 0],
        [100, 40],
      ]),
    ).toEqual([0, 3600]);
  });

  it('squeezes pictures that come faster than they were taken', () => {
    // A recorder that starts with the last two seconds: no viewer should watch them for two seconds.
    const burst: [number, number][] = Array.from({ length: 30 }, (_, i) => [i * 6000, 10]);
    const placed = place([...burst, [180_000, 77], [186_000, 144]]);
    expect(placed.slice(0, 30)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(placed[30]).toBe(29 + 6000);
    expect(placed[31]).toBe(29 + 12_000);
  });

  it('keeps distances when packets were held up and then come at once', () => {
    expect(
      place([
        [0, 0],
        [6000, 800],
        [12_000, 800],
        [18_000, 801],
      ]),
    ).toEqual([0, 6000, 12_000, 18_000]);
  });

  it('never goes back, and gives one picture one time', () => {
    expect(
      place([
        [9000, 0],
        [9000, 1],
        [6000, 2],
        [12_000, 3],
      ]),
    ).toEqual([0, 0, 1, 270]);
  });

  it('begins anew on the same clock after a restart', () => {
    const timeline = new Timeline();
    const first = timeline.place(5000, 90_000, 1000);
    timeline.restart();
    expect(timeline.place(5000, 90_000, 3000) - first).toBe(180_000);
  });
});
