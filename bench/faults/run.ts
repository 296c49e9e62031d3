import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { readTiles, type TileReading } from '../../e2e/strip-in-page.ts';
import type { Fault, Ground } from './faults.ts';
import { takeWatched, type Watched } from './watch.ts';

/** How often the pixels are read while a fault lasts, ms. */
const lookEveryMs = 200;
/** Nobody waits longer for a picture, or for the best way. */
const patienceMs = 90_000;
/**
 * A picture older than this in a tile that says it is live is a lie, ms: it says "delayed" from 1 s on. What is played from a
 * buffer is older by nature, by 2.5 s at most; the tile names the way.
 */
const lieFromMs = (way: string | undefined): number => (way === 'hls' || way === 'stills' ? 3500 : 1500);
/** Pictures of a source that hangs come on time: only that they are all the same can tell, and that takes this long, ms. */
const sameFromMs = 2500;

/** What one fault did to the wall. Times in ms; absent where it did not come to that. */
export interface Verdict {
  readonly fault: string;
  /** From its beginning until each tile concerned said that something is wrong, the slowest. */
  readonly noticedMs?: number;
  readonly words: readonly string[];
  /** Ways the tiles came by before. */
  readonly ways: readonly string[];
  /** From its end until every tile was live with a picture taken after it. */
  readonly backMs?: number;
  /** From its end until every tile came by the way it came by before. */
  readonly backUpMs?: number;
  /** Longest time that a tile concerned was without a live picture while the fault lasted. */
  readonly withoutPictureMs: number;
  readonly blackFrames: number;
  /** When they were, seconds since the beginning. */
  readonly blackAtS: readonly number[];
  readonly frames: number;
  /** The oldest picture that was seen in a tile that said live, ms. */
  readonly oldestWhileLiveMs: number;
  /** Readings of a tile that said live and showed an old picture. */
  readonly lies: number;
  /** Of the first tile concerned: states and ways, with seconds since the beginning. */
  readonly history: readonly string[];
}

const isFresh = (tile: TileReading, since: number): boolean =>
  tile.state === 'live' && (tile.strip?.timeMs ?? 0) > since;

/** Lets a fault happen to the open wall and watches it until everything is as before. */
export async function suffer(
  page: Page,
  fault: Fault,
  ground: Ground,
  signal: AbortSignal,
): Promise<Verdict> {
  const before = await readTiles(page);
  await takeWatched(page);
  let lies = 0;
  let oldestWhileLiveMs = 0;
  const look = async (): Promise<TileReading[]> => {
    const tiles = await readTiles(page);
    for (const { state, way, says, strip, readAt } of tiles) {
      if (state !== 'live' || strip === undefined) continue;
      if (fault.should === 'say' && says !== '') continue;
      const ageMs = readAt - strip.timeMs;
      oldestWhileLiveMs = Math.max(oldestWhileLiveMs, ageMs);
      if (ageMs > (fault.should === 'say' ? sameFromMs : lieFromMs(way))) lies += 1;
    }
    await pause(lookEveryMs, undefined, { signal });
    return tiles;
  };

  await fault.prepare?.(ground);
  const begunAt = Date.now();
  await fault.begin(ground);
  while (Date.now() < begunAt + fault.lastsMs) await look();
  await fault.end(ground);
  const endedAt = Date.now();

  const waitFor = async (isMet: (tiles: readonly TileReading[]) => boolean): Promise<number | undefined> => {
    while (Date.now() < endedAt + patienceMs) {
      const tiles = await look();
      if (isMet(tiles)) return Date.now() - endedAt;
    }
    return undefined;
  };
  const backMs = await waitFor((tiles) => tiles.every((tile) => isFresh(tile, endedAt)));
  const wayOf = new Map(before.map(({ cameraNumber, way }) => [cameraNumber, way]));
  const backUpMs = await waitFor((tiles) =>
    tiles.every((tile) => tile.state === 'live' && tile.way === wayOf.get(tile.cameraNumber)),
  );

  const watched = await takeWatched(page);
  const concerned = watched.filter(
    ({ cameraNumber }) => fault.concerns === 'all' || cameraNumber === ground.numbers[0],
  );
  const noticed = concerned.map((tile) => noticedAfter(tile, begunAt));
  const blackAt = watched.flatMap((tile) => tile.blackAt);
  return {
    fault: fault.name,
    ...(noticed.every((ms) => ms !== undefined) ? { noticedMs: Math.max(...noticed) } : {}),
    words: [...new Set(concerned.flatMap((tile) => wordsSince(tile, begunAt)))].slice(0, 8),
    ways: [...new Set(before.map(({ way }) => way ?? 'none'))],
    ...(backMs === undefined ? {} : { backMs }),
    ...(backUpMs === undefined ? {} : { backUpMs }),
    withoutPictureMs: Math.max(...concerned.map((tile) => withoutPicture(tile, begunAt, endedAt))),
    blackFrames: blackAt.length,
    blackAtS: blackAt.map((at) => Number(((at - begunAt) / 1000).toFixed(2))),
    frames: watched.reduce((sum, tile) => sum + tile.frames, 0),
    oldestWhileLiveMs,
    lies,
    history: (concerned[0]?.changes ?? [])
      .filter(({ at }) => at >= begunAt)
      .map(({ at, state, way }) => `${((at - begunAt) / 1000).toFixed(1)} s ${state} ${way}`)
      .filter((line, i, all) => line.replace(/^\S+ s/, '') !== all[i - 1]?.replace(/^\S+ s/, '')),
  };
}

/** Ms from `begunAt` until the tile first said that something is wrong. */
function noticedAfter(tile: Watched, begunAt: number): number | undefined {
  const change = tile.changes.find(({ at, words }) => at >= begunAt && words !== '');
  return change === undefined ? undefined : change.at - begunAt;
}

const wordsSince = (tile: Watched, begunAt: number): string[] =>
  tile.changes.filter(({ at, words }) => at >= begunAt && words !== '').map(({ words }) => words);

/** The longest stretch in which the tile was neither live nor delayed, within the fault and until its picture is back, ms. */
function withoutPicture(tile: Watched, begunAt: number, endedAt: number): number {
  const hasPicture = (state: string): boolean => state === 'live' || state === 'delayed';
  let longest = 0;
  let since: number | undefined;
  for (const { at, state } of tile.changes) {
    if (at < begunAt) continue;
    if (hasPicture(state)) {
      if (since !== undefined) longest = Math.max(longest, at - since);
      since = undefined;
    } else since ??= at;
  }
  return since === undefined ? longest : Math.max(longest, endedAt - since);
}
