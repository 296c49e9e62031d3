import type { QualityFactor } from '#contract/quality.ts';
import type { Rates } from './rates.ts';
import { firstFrameMs, type PlayerState } from './state.ts';

/** What is known of a tile's picture over the last second. Absent: not known, and not judged. */
export interface Seen extends Rates {
  /** Age of the last picture, ms; Infinity when there is none. */
  readonly ageMs: number;
  /** Pictures a second that this camera sent at its best of late. */
  readonly nominalFramesPerSecond?: number | undefined;
  /** From the camera to the screen, ms, as far as it is known. */
  readonly latencyMs?: number | undefined;
  /** How wide the picture is, and how wide the tile, device pixels. */
  readonly pictureWidth?: number | undefined;
  readonly tileWidth?: number | undefined;
}

/** What keeps a picture from being as good as it could be. */
export type Factor = Exclude<QualityFactor, 'none'>;

/** How good it is to watch a tile: 0 (no picture) to 100, and what limits it; `none` where nothing does. */
export interface Verdict {
  readonly score: number;
  readonly factor: QualityFactor;
}

/**
 * Whether what a tile shows is judged: not while nobody sees it, and not while it begins. How it is to watch is not known
 * before the first picture, for as long as one may take to come; that none has come after so long is known.
 */
export function isJudged(state: PlayerState, now: number): boolean {
  if (state.status === 'connecting' || state.status === 'queued') return now - state.since >= firstFrameMs;
  return state.status !== 'idle' && state.status !== 'suspended';
}

const percent = (value: number): number => Math.min(100, Math.max(0, value));

/** As good as perfect: nobody wants to be told what limits this. */
const nothingLimits = 95;

/**
 * The viewing score: the worst of its parts rather than their mean, so that there is always one factor to name. Each part
 * is 0…100:
 *
 * - `age`: 100 up to 1 s of age of the last picture, 0 from 3 s on, when a tile is stalled;
 * - `frames`: pictures a second, of 90 % of what the camera sends at its best;
 * - `freezes`: 100 − 500 × the share of the time that the picture stood;
 * - `loss`: 100 − 8 for each per cent of packets lost after repair;
 * - `latency`: 100 up to 500 ms, then one less for each 25 ms;
 * - `size`: 100 while the picture has at least half the pixels across that the tile has, then in proportion. */
export function judge(seen: Seen): Verdict {
  const parts: Partial<Record<Factor, number>> = { age: percent(100 - (seen.ageMs - 1000) / 20) };
  const { framesPerSecond, nominalFramesPerSecond, freezeRatio, lossRatio, latencyMs } = seen;
  // Without a picture of late, age says it all; the rates then speak of a session that is gone.
  if (parts.age === 0) return { score: 0, factor: 'age' };
  if (framesPerSecond !== undefined && nominalFramesPerSecond !== undefined && nominalFramesPerSecond > 0)
    parts.frames = percent((100 * framesPerSecond) / (0.9 * nominalFramesPerSecond));
  if (freezeRatio !== undefined) parts.freezes = percent(100 - 500 * freezeRatio);
  if (lossRatio !== undefined) parts.loss = percent(100 - 800 * lossRatio);
  if (latencyMs !== undefined) parts.latency = percent(100 - Math.max(0, latencyMs - 500) / 25);
  if (seen.pictureWidth !== undefined && seen.tileWidth !== undefined && seen.tileWidth > 0)
    parts.size = percent((200 * seen.pictureWidth) / seen.tileWidth);
  let worst: [Factor, number] = ['age', parts.age ?? 100];
  for (const part of Object.entries(parts) as [Factor, number][]) if (part[1] < worst[1]) worst = part;
  const [factor, score] = worst;
  return { score: Math.round(score), factor: score >= nothingLimits ? 'none' : factor };
}

/**
 * What to name beside a smoothed score: what limits this second, else what the score has not yet recovered from. `before`:
 * what was named a second ago.
 */
export function factorBeside(score: number, now: Verdict, before: QualityFactor | undefined): QualityFactor {
  return now.factor === 'none' && score < nothingLimits ? (before ?? 'none') : now.factor;
}

/** How fast the smoothed score follows, of the difference: bad news at once, good news with care. */
const follow = { up: 0.3, down: 0.8 } as const;

/** The score as it is shown: exponentially smoothed. `before` undefined: the first. */
export function smoothed(before: number | undefined, now: number): number {
  if (before === undefined) return now;
  return before + (now - before) * (now > before ? follow.up : follow.down);
}
