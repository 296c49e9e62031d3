import type { QualityFactor } from '#contract/quality.ts';
import type { Rates } from './rates.ts';

/** One second of a tile. */
export interface Sample extends Rates {
  /** The pulse's ms. */
  readonly at: number;
  readonly ageMs: number | undefined;
  readonly roundTripMs?: number | undefined;
  readonly jitterMs?: number | undefined;
  /** Estimated: half the round trip, the wait in the buffer and decoding; or what the way says. */
  readonly latencyMs?: number | undefined;
  /** Smoothed. */
  readonly score: number;
  readonly factor: QualityFactor;
}
