import type { Vitals } from '#lib/media/media-source.ts';

/** What two readings of the counters, some time apart, say about the time between them. Absent: not known. */
export interface Rates {
  readonly framesPerSecond?: number;
  readonly bitsPerSecond?: number;
  /** Packets lost after repair, 0…1 of those expected. */
  readonly lossRatio?: number;
  /** Pictures decoded too late to be shown, 0…1. */
  readonly droppedRatio?: number;
}

/** Rates between two readings `elapsedMs` apart. A counter that went back (a new session) gives no rate. */
export function ratesBetween(before: Vitals, after: Vitals, elapsedMs: number): Rates {
  if (elapsedMs <= 0) return {};
  const frames = grown(before.framesDecoded, after.framesDecoded);
  const bytes = grown(before.bytesReceived, after.bytesReceived);
  const dropped = grown(before.framesDropped, after.framesDropped);
  const received = grown(before.packetsReceived, after.packetsReceived);
  // `packetsLost` may shrink when late packets arrive after all (RFC 3550 §6.4.1).
  const lost =
    before.packetsLost === undefined || after.packetsLost === undefined
      ? undefined
      : Math.max(0, after.packetsLost - before.packetsLost);
  return {
    ...(frames === undefined ? {} : { framesPerSecond: (frames * 1000) / elapsedMs }),
    ...(bytes === undefined ? {} : { bitsPerSecond: (bytes * 8000) / elapsedMs }),
    ...(lost === undefined || received === undefined ? {} : { lossRatio: share(lost, received) }),
    ...(dropped === undefined || frames === undefined ? {} : { droppedRatio: share(dropped, frames) }),
  };
}

function grown(before: number | undefined, after: number | undefined): number | undefined {
  if (before === undefined || after === undefined || after < before) return undefined;
  return after - before;
}

const share = (part: number, rest: number): number => (part + rest === 0 ? 0 : part / (part + rest));
