import { afterEach, describe, expect, it } from 'vitest';
import { TestCardSource } from '#lib/media/test-card/test-card-source.ts';
import { Player, type OpenPicture } from '#lib/player/player.svelte.ts';
import { Pulse } from '#lib/player/pulse.ts';
import { drawPlayer } from '#lib/player/testing/drawn-player.ts';
import { stretchesOf } from './historian.ts';
import { Tally } from './tally.ts';

const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

/** A player that is wanted, on a clock that can be moved on; and what the history would keep of it. */
async function stage(open: OpenPicture) {
  let aheadMs = 0;
  const pulse = new Pulse({
    monotonicNow: () => performance.now() + aheadMs,
    epochNow: () => performance.timeOrigin + performance.now() + aheadMs,
  });
  /** Lets seconds pass in the pulse's steps, and what was begun in between get on. */
  const pass = async (seconds: number): Promise<void> => {
    for (let step = 0; step < 4 * seconds; step++) {
      aheadMs += 250;
      pulse.beat();
      await new Promise((resolve) => setTimeout(resolve));
    }
  };
  const player = new Player({ open, pulse, random: () => 0 });
  await drawPlayer(player, cleanups);
  player.start();
  const tally = new Tally();
  const kept = () => {
    const { way, meters } = player;
    const tile = { cameraId: 'c14', stream: 'sub', way, samples: meters.readings.samples } as const;
    return stretchesOf(tally.take([tile]), 0);
  };
  return { player, pass, kept };
}

describe('the history of a camera that is just opened', () => {
  it('begins with its first picture, as good as that is', async () => {
    const card = new TestCardSource({ number: 14, name: 'Gate 3' }, 'whep');
    const turn = Promise.withResolvers<undefined>();
    const { player, pass, kept } = await stage(async (signal) => {
      await turn.promise;
      return card.open(signal);
    });
    await pass(4);
    expect([player.state.status, kept()]).toEqual(['connecting', []]);
    turn.resolve(undefined);
    await expect.poll(() => player.meters.readings.samples.length, { timeout: 8000 }).toBeGreaterThan(1);
    const [stretch] = kept();
    expect(stretch?.liveShare).toBe(1);
    expect(stretch?.worst).toBeGreaterThan(80);
  });

  it('tells of one that gives none, once it should have', async () => {
    const { player, pass, kept } = await stage(() => new Promise(() => {}));
    await pass(9);
    expect([player.state.status, kept()]).toEqual(['connecting', []]);
    await pass(20);
    expect(player.state.status).toBe('offline');
    const [stretch] = kept();
    expect(stretch).toMatchObject({ score: 0, worst: 0, liveShare: 0, factor: 'age' });
    expect(stretch?.seconds).toBeGreaterThanOrEqual(18);
  });
});
