import type { Vitals } from '../media-source.ts';

type Entry = Readonly<Record<string, unknown>> & { readonly type: string };

/**
 * Reads what we use out of a stats report. Every field is looked for by itself: Safari and Firefox lack some of them,
 * and Chromium's `framesPerSecond` disappears on a dead stream instead of going to 0.
 */
export function readVitals(entries: Iterable<Entry>): Vitals {
  const all = [...entries];
  const inbound = all.find((entry) => entry.type === 'inbound-rtp');
  const codec = all.find((entry) => entry.type === 'codec' && entry['id'] === inbound?.['codecId']);
  const pair = all.find(
    (entry) =>
      entry.type === 'candidate-pair' &&
      (entry['nominated'] === true || all.some((other) => other['selectedCandidatePairId'] === entry['id'])),
  );
  const mimeType = codec?.['mimeType'];
  return {
    ...number('framesDecoded', inbound?.['framesDecoded']),
    ...number('framesDropped', inbound?.['framesDropped']),
    ...number('bytesReceived', inbound?.['bytesReceived']),
    ...number('packetsLost', inbound?.['packetsLost']),
    ...number('packetsReceived', inbound?.['packetsReceived']),
    ...number('width', inbound?.['frameWidth']),
    ...number('height', inbound?.['frameHeight']),
    ...number('jitterMs', inMs(inbound?.['jitter'])),
    ...number('roundTripMs', inMs(pair?.['currentRoundTripTime'])),
    ...(typeof mimeType === 'string' ? { codec: mimeType.replace(/^video\//i, '') } : {}),
  };
}

function number<Name extends string>(name: Name, value: unknown): { readonly [K in Name]?: number } {
  return typeof value === 'number' ? ({ [name]: value } as { readonly [K in Name]: number }) : {};
}

const inMs = (seconds: unknown): number | undefined =>
  typeof seconds === 'number' ? seconds * 1000 : undefined;
