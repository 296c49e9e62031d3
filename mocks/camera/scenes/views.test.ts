import { describe, expect, it } from 'vitest';
import { Stage } from './render/stage.ts';
import { loopSeconds, sceneNames } from './scenes.ts';
import { views } from './views.ts';

const [width, height] = [112, 60];

/** Bytes that differ. */
function changed(a: Uint8ClampedArray, b: Uint8ClampedArray): number {
  return a.reduce((count, value, i) => count + (Math.abs(value - (b[i] ?? 0)) > 3 ? 1 : 0), 0);
}

describe.each(sceneNames)('%s', (name) => {
  it('moves, flows into its own beginning, and keeps its last lines still', { timeout: 20_000 }, async () => {
    const stage = new Stage(await views[name](), width, height, 1280 / width);
    const between = (before: number, after: number): number => {
      const picture = stage.picture(before).slice();
      return changed(picture, stage.picture(after));
    };
    const step = 0.04;
    const steps = [2, 5, 9, 13].map((time) => between(time, time + step));
    const ordinary = Math.max(...steps);

    expect(between(0, loopSeconds * 0.4)).toBeGreaterThan(20);
    // A signal may change just there; a bus may not vanish.
    expect(between(loopSeconds - step, 0)).toBeLessThanOrEqual(2 * ordinary + 20);
    const middle = stage.picture(loopSeconds / 2);
    const quiet = middle.subarray(-16 * width * 4).filter((_, i) => i % 4 !== 3);
    expect(new Set(quiet)).toEqual(new Set([14]));
  });
});
