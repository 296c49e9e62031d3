import type { Vitals } from '#lib/media/media-source.ts';

/** What two readings of the counters, some time apart, say about the time between them. Absent: not known. */
export interface Rates {
  readonly framesPerSecond?: number;
  readonly bitsPerSecond?: number;
  /** Packets lost after repair, 0…1 of those expected. */
  readonly lossRatio?: number;
  /** Packets that were sent again because they had been lost, 0…1 of those received. */
  readonly repairedRatio?: number;
  /** Pictures decoded too late to be shown, 0…1. */
  readonly droppedRatio?: number;
  /** Of the time, 0…1, how much the picture stood though it should not have. */
  readonly freezeRatio?: number;
  /** How long a picture waited to be shown, ms. */
  readonly bufferMs?: number;
  /** How long a picture took to decode, ms. */
  readonly decodeMs?: number;
  /** Pictures asked for anew because none could be decoded (RTCP PLI and FIR). A number, not a rate: it is seldom any. */
  readonly keyframesAsked?: number;
}

/** Rates between two readings `elapsedMs` apart. A counter that went back (a new session) gives no rate. */
export function ratesBetween(before: Vitals, after: Vitals, elapsedMs: number): Rates {
  if (elapsedMs <= 0) return {};
  const grown = (name: keyof Vitals): number | undefined => growth(before[name], after[name]);
  const frames = grown('framesDecoded');
  const bytes = grown('bytesReceived');
  const dropped = grown('framesDropped');
  const received = grown('packetsReceived');
  const repaired = grown('packetsRepaired');
  const frozenMs = grown('freezesMs');
  // `packetsLost` may shrink when late packets arrive after all (RFC 3550 §6.4.1).
  const lost =
    before.packetsLost === undefined || after.packetsLost === undefined
      ? undefined
      : Math.max(0, after.packetsLost - before.packetsLost);
  return known({
    framesPerSecond: frames === undefined ? undefined : (frames * 1000) / elapsedMs,
    bitsPerSecond: bytes === undefined ? undefined : (bytes * 8000) / elapsedMs,
    lossRatio: lost === undefined || received === undefined ? undefined : share(lost, received),
    repairedRatio: repaired === undefined || !received ? undefined : Math.min(1, repaired / received),
    droppedRatio: dropped === undefined || frames === undefined ? undefined : share(dropped, frames),
    // A freeze is booked when it is over, so that one longer than the reading comes at once.
    freezeRatio: frozenMs === undefined ? undefined : Math.min(1, frozenMs / elapsedMs),
    bufferMs: each(grown('bufferedMs'), grown('framesBuffered')),
    decodeMs: each(grown('decodedMs'), frames),
    keyframesAsked: grown('keyframesAsked'),
  });
}

function growth(before: unknown, after: unknown): number | undefined {
  if (typeof before !== 'number' || typeof after !== 'number' || after < before) return undefined;
  return after - before;
}

const share = (part: number, rest: number): number => (part + rest === 0 ? 0 : part / (part + rest));
const each = (sum: number | undefined, count: number | undefined): number | undefined =>
  sum === undefined || count === undefined || count === 0 ? undefined : sum / count;

/** Leaves out what is not known. */
function known(rates: { readonly [Name in keyof Rates]: Rates[Name] | undefined }): Rates {
  return Object.fromEntries(Object.entries(rates).filter(([, value]) => value !== undefined));
}
