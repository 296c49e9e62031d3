import type { QualityFactor } from '#contract/quality.ts';
import type { LatencyChoice, Vitals, Way } from '#lib/media/media-source.ts';
import type { Fallback } from './climber.ts';
import type { RungChange } from './ladder.ts';
import type { Rates } from './rates.ts';
import type { PlayerState } from './state.ts';

/** Everything that is known of why a tile is as it is: what the panel shows and the report holds. */
export interface Account {
  readonly camera: { readonly number: number; readonly name: string };
  readonly stream: string;
  readonly state: PlayerState['status'];
  readonly way: Way | undefined;
  readonly fallback: Fallback | undefined;
  readonly score: number | undefined;
  readonly factor: QualityFactor;
  readonly frameAgeMs: number | undefined;
  readonly vitals: Vitals | undefined;
  readonly rates: Rates;
  readonly nominalFramesPerSecond: number | undefined;
  /** Estimated, or what the way says. */
  readonly latencyMs: number | undefined;
  /** Epoch ms on the server's clock. */
  readonly capturedAt: number | undefined;
  readonly latency: LatencyChoice;
  /** The tile, device pixels. */
  readonly tile: { readonly width: number; readonly height: number } | undefined;
}

/** A line of the panel: its name (`why.…` of the catalogue) and what it says, in units that all languages write alike. */
export interface Line {
  readonly name:
    | 'stream'
    | 'codec'
    | 'size'
    | 'rate'
    | 'bits'
    | 'loss'
    | 'repaired'
    | 'jitter'
    | 'buffer'
    | 'freezes'
    | 'dropped'
    | 'round-trip'
    | 'decode'
    | 'decoder'
    | 'path'
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

/** The lines of the panel, always all of them and in one order, so that nothing jumps. */
export function linesOf({ stream, vitals, rates, tile, ...account }: Account): readonly Line[] {
  const { width, height } = vitals ?? {};
  const size = width && height ? `${width}×${height}` : undefined;
  const onTile = tile ? `${Math.round(tile.width)}×${Math.round(tile.height)}` : undefined;
  const nominal = account.nominalFramesPerSecond;
  const rate = tenth(rates.framesPerSecond, 'fps');
  const freezes = vitals?.freezes;
  return [
    { name: 'latency', text: whole(account.latencyMs, 'ms') },
    { name: 'captured', text: account.capturedAt && new Date(account.capturedAt).toISOString() },
    { name: 'stream', text: stream },
    { name: 'codec', text: vitals?.codec },
    { name: 'size', text: size && onTile ? `${size} → ${onTile} px` : size },
    { name: 'rate', text: rate && nominal !== undefined ? `${rate} / ${nominal.toFixed(1)}` : rate },
    {
      name: 'bits',
      text:
        rates.bitsPerSecond === undefined ? undefined : `${(rates.bitsPerSecond / 1e6).toFixed(2)} Mbit/s`,
    },
    { name: 'loss', text: percent(rates.lossRatio) },
    { name: 'repaired', text: percent(rates.repairedRatio) },
    { name: 'jitter', text: tenth(vitals?.jitterMs, 'ms') },
    { name: 'buffer', text: whole(rates.bufferMs, 'ms') },
    {
      name: 'freezes',
      text:
        freezes === undefined
          ? undefined
          : `${freezes} × Σ ${((vitals?.freezesMs ?? 0) / 1000).toFixed(1)} s`,
    },
    { name: 'dropped', text: percent(rates.droppedRatio) },
    { name: 'round-trip', text: whole(vitals?.roundTripMs, 'ms') },
    { name: 'decode', text: tenth(rates.decodeMs, 'ms') },
    { name: 'decoder', text: vitals?.decoder },
    { name: 'path', text: vitals?.path },
    {
      name: 'keyframes-asked',
      text: vitals?.keyframesAsked === undefined ? undefined : String(vitals.keyframesAsked),
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
  const { camera, fallback } = account;
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
    `state: ${account.state}, way: ${account.way ?? 'none'}${fallback ? ` (${fallback.reason})` : ''}`,
    `score: ${account.score ?? '–'}, limited by: ${account.factor}`,
    ...lines,
    ...ways.map((change) => `${change.at} ${change.from} → ${change.to}: ${change.reason}`),
    '',
    JSON.stringify(json),
    '',
  ].join('\n');
}
