import type { Vitals } from '#lib/media/media-source.ts';
import { NominalRate } from './nominal-rate.ts';
import type { Rates } from './rates.ts';
import type { Sample } from './sample.ts';
import { factorBeside, judge, smoothed, type Seen } from './score.ts';

/** Two minutes, a second each. */
const mostSamples = 120;

/** What one second of a tile is judged by. */
export interface Second {
  readonly at: number;
  readonly ageMs: number | undefined;
  readonly vitals: Vitals | undefined;
  readonly rates: Rates;
  /** How wide the tile is, device pixels. */
  readonly tileWidth: number | undefined;
}

/** The last two minutes of a tile, and how good they were to watch. */
export class Readings {
  /** The newest last. A new array for each second, so that what draws it is drawn again. */
  samples = $state.raw<readonly Sample[]>([]);
  readonly #nominal = new NominalRate();

  /** The newest; undefined before the first. */
  get latest(): Sample | undefined {
    return this.samples.at(-1);
  }

  /** What the camera sends at its best of late. */
  get nominalFramesPerSecond(): number | undefined {
    return this.#nominal.framesPerSecond;
  }

  /** Takes in one second. */
  take({ at, ageMs, vitals, rates, tileWidth }: Second): Sample {
    if (rates.framesPerSecond !== undefined) this.#nominal.take(rates.framesPerSecond, at);
    const latencyMs = vitals && latencyOf(vitals, rates);
    const seen: Seen = {
      ...rates,
      ageMs: ageMs ?? Infinity,
      nominalFramesPerSecond: this.#nominal.framesPerSecond,
      latencyMs,
      pictureWidth: vitals?.width,
      tileWidth,
    };
    const verdict = judge(seen);
    const score = Math.round(smoothed(this.latest?.score, verdict.score));
    const sample: Sample = {
      ...rates,
      at,
      ageMs,
      roundTripMs: vitals?.roundTripMs,
      jitterMs: vitals?.jitterMs,
      latencyMs,
      score,
      factor: factorBeside(score, verdict, this.latest?.factor),
    };
    this.samples = [...this.samples.slice(1 - mostSamples), sample];
    return sample;
  }

  /** Another picture begins. */
  clear(): void {
    this.samples = [];
  }
}

/** What the way says of its latency, or what can be added up of it; undefined where there is nothing to add. */
export function latencyOf(vitals: Vitals, rates: Rates): number | undefined {
  if (vitals.latencyMs !== undefined) return vitals.latencyMs;
  if (vitals.roundTripMs === undefined && rates.bufferMs === undefined) return undefined;
  return (vitals.roundTripMs ?? 0) / 2 + (rates.bufferMs ?? 0) + (rates.decodeMs ?? 0);
}
