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
  const decoder = inbound?.['decoderImplementation'];
  const path = pathOf(all, pair);
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
    ...number('packetsRepaired', inbound?.['retransmittedPacketsReceived']),
    ...number('keyframesAsked', sum(inbound?.['pliCount'], inbound?.['firCount'])),
    ...number('packetsAsked', inbound?.['nackCount']),
    ...number('keyframesDecoded', inbound?.['keyFramesDecoded']),
    ...number('packetsDiscarded', inbound?.['packetsDiscarded']),
    ...number('pauses', inbound?.['pauseCount']),
    ...number('pausesMs', inMs(inbound?.['totalPausesDuration'])),
    ...number('freezes', inbound?.['freezeCount']),
    ...number('freezesMs', inMs(inbound?.['totalFreezesDuration'])),
    ...number('bufferedMs', inMs(inbound?.['jitterBufferDelay'])),
    ...number('framesBuffered', inbound?.['jitterBufferEmittedCount']),
    ...number('decodedMs', inMs(inbound?.['totalDecodeTime'])),
    ...(typeof decoder === 'string' && decoder !== 'unknown' ? { decoder } : {}),
    ...(path === undefined ? {} : { path }),
    ...(typeof mimeType === 'string' ? { codec: mimeType.replace(/^video\//i, '') } : {}),
  };
}

function number<Name extends string>(name: Name, value: unknown): { readonly [K in Name]?: number } {
  return typeof value === 'number' ? ({ [name]: value } as { readonly [K in Name]: number }) : {};
}

/** `host/srflx udp`: our candidate, theirs, and the protocol; with what carries it to the relay where one is between. */
function pathOf(all: readonly Entry[], pair: Entry | undefined): string | undefined {
  const find = (id: unknown): Entry | undefined => all.find((entry) => entry['id'] === id);
  const [local, remote] = [find(pair?.['localCandidateId']), find(pair?.['remoteCandidateId'])];
  const words = [local?.['candidateType'], remote?.['candidateType']].filter(
    (one) => typeof one === 'string',
  );
  if (words.length === 0) return undefined;
  const carrier = local?.['relayProtocol'] ?? local?.['protocol'] ?? remote?.['protocol'];
  return words.join('/') + (typeof carrier === 'string' ? ` ${carrier}` : '');
}

const sum = (a: unknown, b: unknown): unknown =>
  typeof a === 'number' ? a + (typeof b === 'number' ? b : 0) : undefined;

const inMs = (seconds: unknown): number | undefined =>
  typeof seconds === 'number' ? seconds * 1000 : undefined;
