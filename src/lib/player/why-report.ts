import type { QualityFactor } from '#contract/quality.ts';
import type { Shortage } from '#contract/reservation.ts';
import type { LatencyChoice, Preferred, Vitals, Way } from '#lib/media/media-source.ts';
import type { Fallback } from './climber.ts';
import type { RungChange } from './ladder.ts';
import { historyLines, type HistoryAccount } from './quality-history.ts';
import type { Rates } from './rates.ts';
import type { Sample } from './sample.ts';
import type { PlayerState } from './state.ts';

/** Everything that is known of why a tile is as it is: what the panel shows and the report holds. */
export interface Account {
  readonly camera: { readonly number: number; readonly name: string };
  readonly stream: string;
  readonly state: PlayerState['status'];
  readonly way: Way | undefined;
  readonly fallback: Fallback | undefined;
  readonly preferred: Preferred | undefined;
  /** Who uses up the quota, numbers only: whoever gets the report may not be told of persons. */
  readonly shortage: Pick<Shortage, 'agency' | 'used' | 'limit'> | undefined;
  readonly score: number | undefined;
  readonly factor: QualityFactor;
  readonly frameAgeMs: number | undefined;
  readonly vitals: Vitals | undefined;
  readonly rates: Rates;
  readonly nominalFramesPerSecond: number | undefined;
  /** Estimated, or what the way says. */
  readonly latencyMs: number | undefined;
  /** Within the last minute: counts, of the session in front or of one before it. */
  readonly keyframesAskedInMinute: number | undefined;
  /** Epoch ms on the server's clock. */
  readonly capturedAt: number | undefined;
  readonly latency: LatencyChoice;
  /** How it was over the last day, as far as this browser kept it; undefined until that was read. */
  readonly history: HistoryAccount | undefined;
  /** The tile, device pixels. */
  readonly tile: { readonly width: number; readonly height: number } | undefined;
}

/** A line of the panel: its name (`why.…` of the catalogue) and what it says, in units that all languages write alike. */
export interface Line {
  readonly name:
    | 'age'
    | 'stream'
    | 'codec'
    | 'size'
    | 'rate'
    | 'bits'
    | 'loss'
    | 'repaired'
    | 'packets-asked'
    | 'discarded'
    | 'jitter'
    | 'buffer'
    | 'freezes'
    | 'pauses'
    | 'dropped'
    | 'round-trip'
    | 'decode'
    | 'decoder'
    | 'path'
    | 'keyframes'
    | 'keyframes-asked'
    | 'latency'
    | 'captured';
  /** Undefined: the way, or this browser, does not tell. */
  readonly text: string | undefined;
}

const whole = (value: number | undefined, unit: string): string | undefined =>
  value === undefined ? undefined : `${Math.round(value)} ${unit}`;
const tenth = (value: number | undefined, unit: string): string | undefined =>
  value === undefined ? undefined : `${value.toFixed(1)} ${unit}`;
const percent = (share: number | undefined): string | undefined =>
  share === undefined ? undefined : `${(share * 100).toFixed(1)} %`;

const times = (count: number | undefined, ms: number | undefined): string | undefined =>
  count === undefined ? undefined : `${count} × Σ ${((ms ?? 0) / 1000).toFixed(1)} s`;

/** How often a picture was asked for anew within the last minute of these; undefined where no way has told. */
export function askedInMinute(samples: readonly Sample[]): number | undefined {
  const told = samples.slice(-60).flatMap(({ keyframesAsked }) => keyframesAsked ?? []);
  return told.length === 0 ? undefined : told.reduce((sum, one) => sum + one, 0);
}

/** The lines of the panel, always all of them and in one order, so that nothing jumps. */
export function linesOf({ stream, vitals, rates, tile, ...account }: Account): readonly Line[] {
  const { width, height } = vitals ?? {};
  const size = width && height ? `${width}×${height}` : undefined;
  const onTile = tile ? `${Math.round(tile.width)}×${Math.round(tile.height)}` : undefined;
  const nominal = account.nominalFramesPerSecond;
  const rate = tenth(rates.framesPerSecond, 'fps');
  const count = (value: number | undefined): string | undefined =>
    value === undefined ? undefined : String(value);
  const perMinute = account.keyframesAskedInMinute;
  return [
    { name: 'latency', text: whole(account.latencyMs, 'ms') },
    { name: 'rate', text: rate && nominal !== undefined ? `${rate} / ${nominal.toFixed(1)}` : rate },
    {
      name: 'bits',
      text:
        rates.bitsPerSecond === undefined ? undefined : `${(rates.bitsPerSecond / 1e6).toFixed(2)} Mbit/s`,
    },
    { name: 'loss', text: percent(rates.lossRatio) },
    { name: 'age', text: whole(account.frameAgeMs, 'ms') },
    { name: 'captured', text: account.capturedAt && new Date(account.capturedAt).toISOString() },
    { name: 'stream', text: stream },
    { name: 'codec', text: vitals?.codec },
    { name: 'size', text: size && onTile ? `${size} → ${onTile} px` : size },
    { name: 'repaired', text: percent(rates.repairedRatio) },
    { name: 'packets-asked', text: count(vitals?.packetsAsked) },
    { name: 'discarded', text: count(vitals?.packetsDiscarded) },
    { name: 'jitter', text: tenth(vitals?.jitterMs, 'ms') },
    { name: 'buffer', text: whole(rates.bufferMs, 'ms') },
    { name: 'freezes', text: times(vitals?.freezes, vitals?.freezesMs) },
    { name: 'pauses', text: times(vitals?.pauses, vitals?.pausesMs) },
    { name: 'dropped', text: percent(rates.droppedRatio) },
    { name: 'round-trip', text: whole(vitals?.roundTripMs, 'ms') },
    { name: 'decode', text: tenth(rates.decodeMs, 'ms') },
    { name: 'decoder', text: vitals?.decoder },
    { name: 'path', text: vitals?.path },
    { name: 'keyframes', text: count(vitals?.keyframesDecoded) },
    {
      name: 'keyframes-asked',
      text:
        vitals?.keyframesAsked === undefined
          ? undefined
          : perMinute === undefined
            ? String(vitals.keyframesAsked)
            : `${vitals.keyframesAsked}, ${perMinute} / min`,
    },
  ].map(({ name, text }) => ({ name, text: text === 0 ? undefined : text }) as Line);
}

/**
 * What somebody copies for whoever can help: a few lines to read, and all of it as JSON below. In English and without the
 * viewer's name or addresses, so that it may be passed on. `epochOf`: epoch ms of a moment of the pulse.
 */
export function reportOf(
  account: Account,
  changes: readonly RungChange[],
  epochOf: (moment: number) => number,
  page: { readonly now: number; readonly browser: string },
): string {
  const at = (epochMs: number): string => new Date(epochMs).toISOString();
  const { camera, fallback, preferred } = account;
  const ways = changes.map((change) => ({
    at: at(epochOf(change.at)),
    from: change.from,
    to: change.to,
    reason: change.reason,
  }));
  const lines = linesOf(account).flatMap(({ name, text }) =>
    text === undefined ? [] : [`${name}: ${text}`],
  );
  const json = { ...account, at: at(page.now), browser: page.browser, changes: ways };
  return [
    `Parapet, camera ${camera.number} ${camera.name}, ${at(page.now)}`,
    `state: ${account.state}, way: ${account.way ?? 'none'}${fallback ? ` (${fallback.reason})` : ''}${preferred ? ` (${preferred.reason})` : ''}`,
    account.score === undefined
      ? 'score: not known yet'
      : `score: ${account.score}, limited by: ${account.factor}`,
    ...lines,
    ...(account.history ? historyLines(account.history) : []),
    ...ways.map((change) => `${change.at} ${change.from} → ${change.to}: ${change.reason}`),
    '',
    JSON.stringify(json),
    '',
  ].join('\n');
}
