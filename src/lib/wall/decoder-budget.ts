import type { StreamName } from '#contract/camera.ts';

/** What may be late before a wall counts as too much for its computer: pictures decoded and not shown, 0…1. */
const mostDropped = 0.05;
/**
 * Of all cores' time, 0…1: above it decoding itself is the strain, where pictures are missing too. By itself it says little:
 * what browsers report is how long pictures took, and a graphics card takes its time without costing any.
 */
const mostBusy = 0.75;
/** Fewer pictures than this, of what the cameras send at their best, are missing. */
const fewestPictures = 0.8;
const calmDropped = 0.01;
const calmBusy = 0.6;
const calmPictures = 0.9;
/** How long it must be too much before a tile is eased, and between two, ms. */
const strainMs = 10_000;
/** How long it must be calm before a tile gets its picture back, ms; doubled each time that was too soon. */
const [calmMs, mostCalmMs] = [30_000, 480_000];

/** How much less than it could a tile shows: `stream`: the sub stream in place of the main one; `stills`: single pictures. */
export type Ease = 'stream' | 'stills';

/** One tile that is being received. */
export interface Burden {
  readonly key: string;
  /** Smaller is looked at more: that of the queue (admission.ts). */
  readonly urgency: number;
  /** Full screen or selected: never eased, it is what the wall is for. */
  readonly isSpot: boolean;
  /** What its size asks for. */
  readonly stream: StreamName;
  readonly hasSub: boolean;
  readonly hasStills: boolean;
}

/** What the receptions said of the last moments, all together. */
export interface Strain {
  /** Pictures that came too late to be shown, 0…1. */
  readonly droppedRatio: number;
  /** Time spent decoding, 0…1 of what all cores have; undefined where the browser does not tell. */
  readonly busyRatio: number | undefined;
  /** Pictures that came, 0…1 of what the cameras send at their best; undefined while that is not known. */
  readonly rateRatio: number | undefined;
}

/** What one reception said of the last moments; missing where the browser does not tell. */
export interface Reception {
  readonly framesPerSecond?: number;
  /** Decoded too late to be shown, 0…1. */
  readonly droppedRatio?: number;
  /** To decode one picture, ms. */
  readonly decodeMs?: number;
  /** What the camera sends at its best. */
  readonly nominalFramesPerSecond?: number | undefined;
}

/** The strain of all receptions together on a computer of so many `cores`. */
export function strainOf(receptions: readonly Reception[], cores: number): Strain {
  let [shown, dropped, decodedMs, expected, came] = [0, 0, 0, 0, 0];
  for (const { framesPerSecond = 0, droppedRatio = 0, decodeMs = 0, nominalFramesPerSecond } of receptions) {
    shown += framesPerSecond;
    if (nominalFramesPerSecond !== undefined) {
      expected += nominalFramesPerSecond;
      came += Math.min(framesPerSecond, nominalFramesPerSecond);
    }
    // Of all: those that were dropped and those that were shown.
    dropped += droppedRatio < 1 ? (framesPerSecond * droppedRatio) / (1 - droppedRatio) : 1;
    decodedMs += framesPerSecond * decodeMs;
  }
  return {
    droppedRatio: shown + dropped === 0 ? 0 : dropped / (shown + dropped),
    busyRatio: decodedMs === 0 ? undefined : decodedMs / 1000 / cores,
    rateRatio: expected === 0 ? undefined : came / expected,
  };
}

/** Whether decoding is too much: pictures come too late, or do not come while it takes all the time there is. */
function isTooMuch({ droppedRatio, busyRatio = 0, rateRatio = 1 }: Strain): boolean {
  return droppedRatio > mostDropped || (busyRatio > mostBusy && rateRatio < fewestPictures);
}

function isAtEase({ droppedRatio, busyRatio = 0, rateRatio = 1 }: Strain): boolean {
  return droppedRatio <= calmDropped && (busyRatio <= calmBusy || rateRatio >= calmPictures);
}

/** Which tiles show less than they could, and how it came to that. A value. */
export interface DecoderBudget {
  readonly eased: ReadonlyMap<string, Ease>;
  readonly strainedSince: number | undefined;
  readonly calmSince: number | undefined;
  readonly restoredAt: number | undefined;
  /** How long it must stay calm now. */
  readonly patienceMs: number;
}

/** A wall that shows all it can. */
export const unstrained: DecoderBudget = {
  eased: new Map(),
  strainedSince: undefined,
  calmSince: undefined,
  restoredAt: undefined,
  patienceMs: calmMs,
};

/**
 * One look at the strain, every few seconds. Too much for ten seconds: the least important tile gives way, first to its
 * sub stream, and when all have, to stills. Calm for half a minute: the most important of those gets back what it had
 * given last; if that was too much, the next time takes twice as long. One tile at a time, so that each step is seen to
 * help before the next.
 */
export function balanced(
  before: DecoderBudget,
  burdens: readonly Burden[],
  strain: Strain,
  now: number,
): DecoderBudget {
  const budget = { ...before, eased: pruned(before.eased, burdens) };
  if (isTooMuch(strain)) {
    const strainedSince = budget.strainedSince ?? now;
    if (now - strainedSince < strainMs) return { ...budget, strainedSince, calmSince: undefined };
    const wasTooSoon = budget.restoredAt !== undefined && now - budget.restoredAt < 2 * strainMs;
    return {
      eased: withOneMore(budget.eased, burdens),
      strainedSince: now,
      calmSince: undefined,
      restoredAt: undefined,
      patienceMs: wasTooSoon ? Math.min(mostCalmMs, budget.patienceMs * 2) : budget.patienceMs,
    };
  }
  if (!isAtEase(strain)) return { ...budget, strainedSince: undefined, calmSince: undefined };
  const calmSince = budget.calmSince ?? now;
  if (budget.eased.size === 0)
    return {
      ...budget,
      strainedSince: undefined,
      calmSince,
      patienceMs: now - calmSince > mostCalmMs ? calmMs : budget.patienceMs,
    };
  if (now - calmSince < budget.patienceMs) return { ...budget, strainedSince: undefined, calmSince };
  return {
    ...budget,
    eased: withOneLess(budget.eased, burdens),
    strainedSince: undefined,
    calmSince: now,
    restoredAt: now,
  };
}

/** Tiles that are gone, or have become what is looked at, owe nothing. The same map when that changes nothing. */
function pruned(eased: ReadonlyMap<string, Ease>, burdens: readonly Burden[]): ReadonlyMap<string, Ease> {
  const others = new Set(burdens.filter(({ isSpot }) => !isSpot).map(({ key }) => key));
  if ([...eased.keys()].every((key) => others.has(key))) return eased;
  return new Map([...eased].filter(([key]) => others.has(key)));
}

function withOneMore(
  eased: ReadonlyMap<string, Ease>,
  burdens: readonly Burden[],
): ReadonlyMap<string, Ease> {
  const least = burdens.filter(({ isSpot }) => !isSpot).toSorted((a, b) => b.urgency - a.urgency);
  const toSub = least.find(({ key, stream, hasSub }) => stream === 'main' && hasSub && !eased.has(key));
  if (toSub) return new Map([...eased, [toSub.key, 'stream']]);
  const toStills = least.find(({ key, hasStills }) => hasStills && eased.get(key) !== 'stills');
  return toStills ? new Map([...eased, [toStills.key, 'stills']]) : eased;
}

function withOneLess(
  eased: ReadonlyMap<string, Ease>,
  burdens: readonly Burden[],
): ReadonlyMap<string, Ease> {
  const most = burdens.filter(({ key }) => eased.has(key)).toSorted((a, b) => a.urgency - b.urgency);
  const tile = most.find(({ key }) => eased.get(key) === 'stills') ?? most[0];
  if (!tile) return eased;
  const next = new Map(eased);
  if (eased.get(tile.key) === 'stills' && tile.stream === 'main' && tile.hasSub) next.set(tile.key, 'stream');
  else next.delete(tile.key);
  return next;
}
