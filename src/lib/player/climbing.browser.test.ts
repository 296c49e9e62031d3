import { expect, it } from 'vitest';
import type { MediaSession, Way } from '#lib/media/media-source.ts';
import { Climber } from './climber.ts';
import { Network } from './network.ts';
import type { PlayerState } from './state.ts';

const session = (way: Way): MediaSession => ({
  way,
  hasConnected: true,
  attach: () => () => undefined,
  captureTimeOf: () => undefined,
  ended: new Promise(() => undefined),
  vitals: async () => undefined,
  close: () => undefined,
});

const live: PlayerState = { status: 'live', liveSince: 0, failures: 0 };
/** How long a connection takes until its first picture, where there is one. */
const firstPictureMs = 1000;

/**
 * A page of sixteen tiles on a clock of its own. WebRTC fails for all of them for `faultMs`; gives how long after its end the
 * last of them is back on it, ms, and how many probes that took.
 */
function wall(faultMs: number): { backMs: number; probes: number } {
  let now = 1_000_000;
  const kept = new Map<string, string>();
  const network = new Network(
    () => ({
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    }),
    () => now,
  );
  const mendedAt = now + faultMs;
  let probes = 0;
  const tiles = Array.from({ length: 16 }, () => {
    const tile = { isBack: false, begun: undefined as number | undefined, side: session('whep') };
    const climber: Climber = new Climber(network, () => now, {
      begin: () => {
        probes += 1;
        tile.begun = now;
        tile.side = session('whep');
      },
      adopt: () => {
        tile.begun = undefined;
        tile.isBack = true;
        climber.shown(tile.side, true);
      },
      lesser: () => undefined,
      drop: () => (tile.begun = undefined),
    });
    climber.choose(['whep', 'hls']);
    climber.shown(session('whep'), true);
    climber.stalled();
    climber.stalled();
    climber.shown(session('hls'), true);
    return { tile, climber };
  });
  while (tiles.some(({ tile }) => !tile.isBack) && now < mendedAt + 120_000) {
    now += 250;
    for (const { tile, climber } of tiles) {
      if (tile.isBack) continue;
      const shows =
        tile.begun !== undefined && now >= mendedAt + firstPictureMs && now - tile.begun >= firstPictureMs;
      if (shows) climber.sideShown(tile.side);
      climber.tick(live, { frameAt: shows ? now : undefined, lagMs: undefined, lossRatio: 0 }, now);
    }
  }
  return { backMs: now - mendedAt, probes };
}

it.each([3, 8, 14, 20, 26, 31, 40, 55])(
  'sixteen tiles are back on the better way within fifteen seconds of a fault of %i s',
  (seconds) => {
    const { backMs, probes } = wall(seconds * 1000);
    expect(backMs).toBeLessThanOrEqual(15_000);
    // A page has five hundred connections: looking for the better way must not use them up.
    expect(probes).toBeLessThan(16 + 8);
  },
);
