import type { QualityFactor, TileQuality } from '#contract/quality.ts';
import type { StreamName } from '#contract/camera.ts';
import type { Way } from '#lib/media/media-source.ts';
import type { Sample } from '#lib/player/sample.ts';

/** A tile that is being watched. */
export interface WatchedTile {
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly way: Way | undefined;
  /** A second each, oldest first. */
  readonly samples: readonly Sample[];
}

/** Counts the seconds of a page's tiles, each once. */
export class Tally {
  #countedUntil = -Infinity;

  /** What the seconds since the last call say together, of each tile that somebody saw. */
  take(tiles: readonly WatchedTile[]): readonly TileQuality[] {
    const since = this.#countedUntil;
    this.#countedUntil = Math.max(since, ...tiles.map(({ samples }) => samples.at(-1)?.at ?? since));
    return tiles.flatMap((tile) => tallied(tile, since) ?? []);
  }
}

/** An older last picture is none: where a tile counts as stalled (player/limits.ts). */
const freshMs = 2700;

/**
 * What the samples after `since` (the pulse's ms) say together; undefined where there are none: a tile that nobody sees is
 * suspended, and not judged.
 */
export function tallied(tile: WatchedTile, since: number): TileQuality | undefined {
  const samples = tile.samples.filter(({ at }) => at > since);
  if (samples.length === 0) return undefined;
  const scores = samples.map(({ score }) => score);
  const live = samples.filter(({ ageMs }) => ageMs !== undefined && ageMs < freshMs);
  return {
    cameraId: tile.cameraId,
    stream: tile.stream,
    ...(tile.way === undefined ? {} : { way: tile.way }),
    seconds: Math.min(120, samples.length),
    score: mean(scores),
    worst: Math.min(...scores),
    factor: mostOf(samples),
    liveShare: live.length / samples.length,
    ...meanOf('framesPerSecond', samples, 1000),
    ...meanOf('bitsPerSecond', samples, 1e10),
    ...meanOf('lossRatio', samples, 1),
    ...meanOf('latencyMs', samples, 600_000),
    ...meanOf('roundTripMs', samples, 600_000),
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

type Measured = 'framesPerSecond' | 'bitsPerSecond' | 'lossRatio' | 'latencyMs' | 'roundTripMs';

function meanOf<Name extends Measured>(
  name: Name,
  samples: readonly Sample[],
  most: number,
): { readonly [K in Name]?: number } {
  const known = samples.flatMap((sample) => sample[name] ?? []);
  if (known.length === 0) return {};
  return { [name]: Math.min(most, mean(known)) } as { readonly [K in Name]: number };
}

/** What limited most of the seconds; of equals, what came last. Nothing only where nothing ever did for longer. */
function mostOf(samples: readonly Sample[]): QualityFactor {
  const counts = new Map<QualityFactor, number>();
  let most: QualityFactor = 'none';
  for (const { factor } of samples) {
    const count = (counts.get(factor) ?? 0) + 1;
    counts.set(factor, count);
    if (count >= (counts.get(most) ?? 0)) most = factor;
  }
  return most;
}
