import type { SiteCamera } from '#mocks/site/cameras.ts';
import { motionSequences, oldestKept, sequences, type SiteSpan } from '#mocks/site/recordings.ts';
import { xprotectTime } from './odd-json.ts';
import type { RecorderCommandParts } from './recorder-command.ts';
import { liveStill, recordedStill } from './recorder-stills.ts';
import type { SoapCall } from './soap.ts';

const namespace = 'http://videoos.net/2/XProtectCSRecorderCommand';

/** The types of sequence that a recorder tells of, with their ids as on real servers. */
export const sequenceTypes = {
  RecordingSequence: 'f9c62604-d0c5-4050-ae25-72de51639b14',
  MotionSequence: '53cb5e33-2183-44bd-9491-8364d2457480',
  RecordingWithTriggerSequence: '0601d294-b7e5-4d93-9614-9658561ad5e4',
} as const;

/** The type whose bits tell what is recorded; a constant seen in use, confirmed by nothing official. */
export const recordedDataAvailable = '78289503-cbf4-43be-9dc3-9f34a8b60e6d';

/** How far ahead of the clock a recording in progress says that it ends: to the end of the block being written, ms. */
const blockMs = 2000;

/** Most that one call gives, whatever `maxCount` says. */
const entryCap = 10_000;

/** The number of a fault for arguments that make no sense is not on record; this one is ours. */
const badArgument = 20_000;

/** Why an operation cannot be done. */
export class RecorderFault extends Error {
  readonly side: 'Client' | 'Server';
  readonly number: number;

  constructor(side: 'Client' | 'Server', message: string, number: number) {
    super(message);
    this.side = side;
    this.number = number;
  }
}

/** A span as it stands at `now`, with an end that may lie slightly ahead of the clock. */
export function reportedSpans(spans: readonly SiteSpan[], now: number): SiteSpan[] {
  return spans.map((span) =>
    span.end === now ? { start: span.start, end: Math.ceil((now + 1) / blockMs) * blockMs } : span,
  );
}

/** Sequences of a type (name or id) that touch `within`, whole, as recorder and gateway tell them. Throws on another type. */
export function sequencesOf(camera: SiteCamera, type: string, within: SiteSpan, now: number): SiteSpan[] {
  const wanted = type.replace(/[{}]/g, '').toLowerCase();
  const isOf = (name: keyof typeof sequenceTypes) =>
    wanted === name.toLowerCase() || wanted === sequenceTypes[name];
  if (isOf('RecordingSequence') || isOf('RecordingWithTriggerSequence') || wanted === recordedDataAvailable)
    return reportedSpans(sequences(camera, within, now), now);
  if (isOf('MotionSequence')) return reportedSpans(motionSequences(camera, within, now), now);
  throw new RecorderFault('Client', 'Unknown sequence type', badArgument);
}

/** A page of months of sequences must not cost as much as all of them, ms. */
const strideMs = 7 * 86_400_000;

/** The first `count` of {@link sequencesOf}. */
export function firstSequencesOf(
  camera: SiteCamera,
  type: string,
  within: SiteSpan,
  count: number,
  now: number,
): SiteSpan[] {
  const found: SiteSpan[] = [];
  const end = Math.min(within.end, now + blockMs);
  let start = Math.max(within.start, oldestKept(now));
  while (start < end && found.length < count) {
    const stride = { start, end: Math.min(start + strideMs, end) };
    for (const span of sequencesOf(camera, type, stride, now))
      if (span.start > (found.at(-1)?.start ?? -Infinity)) found.push(span);
    start = stride.end;
  }
  return found.slice(0, count);
}

type Operation = (call: SoapCall, parts: RecorderCommandParts) => string;

export const recorderOperations: Readonly<Record<string, Operation>> = {
  GetVersion: () => result('GetVersion', '25.1.1804.0'),

  SequencesGetTypes: (call, parts) => {
    cameraOf(call, parts);
    const types = Object.entries(sequenceTypes).map(
      ([name, id]) => `<SequenceType><Id>${id}</Id><Name>${name}</Name></SequenceType>`,
    );
    return result('SequencesGetTypes', types.join(''));
  },

  SequencesGet: (call, parts) => {
    const within = { start: time(call, 'minTime'), end: time(call, 'maxTime') };
    const found = firstSequencesOf(
      cameraOf(call, parts),
      text(call, 'sequenceType'),
      within,
      count(call, 'maxCount'),
      Date.now(),
    );
    return result('SequencesGet', entries(found));
  },

  SequencesGetAround: (call, parts) => around('SequencesGetAround', call, parts, Infinity, Infinity),

  SequencesGetAroundWithSpan: (call, parts) =>
    around(
      'SequencesGetAroundWithSpan',
      call,
      parts,
      microseconds(call, 'maxTimeBefore') / 1000,
      microseconds(call, 'maxTimeAfter') / 1000,
    ),

  TimeLineInformationGet: (call, parts) => {
    const camera = cameraOf(call, parts);
    const { timeline } = parts.features.now;
    if (timeline === 'none')
      throw new RecorderFault('Server', "Method 'TimeLineInformationGet' not supported", 40_000);
    const start = time(call, 'timeLineInformationBeginTime');
    const interval = microseconds(call, 'timeLineInformationInterval') / 1000;
    const length = count(call, 'timeLineInformationCount', 1_000_000);
    if (interval <= 0) throw new RecorderFault('Client', 'The interval is not positive', badArgument);
    const lines = guids(call, 'timeLineInformationTypes').map((type) => {
      const spans = sequencesOf(camera, type, { start, end: start + interval * length }, Date.now());
      return (
        `<TimeLineInformationData><DeviceId>${camera.id}</DeviceId><Type>${type}</Type>` +
        `<BeginTime>${xprotectTime(start)}</BeginTime><Interval><MicroSeconds>${interval * 1000}</MicroSeconds></Interval>` +
        `<Count>${length}</Count><Data>${bitmap(spans, { start, interval, length }, timeline).toString('base64')}</Data></TimeLineInformationData>`
      );
    });
    return result('TimeLineInformationGet', lines.join(''));
  },

  GetRetentionTimeLimit: (call, parts) => {
    cameraOf(call, parts);
    return result('GetRetentionTimeLimit', xprotectTime(oldestKept(Date.now())));
  },

  JPEGGetAt: recorded('JPEGGetAt', () => true),
  JPEGGetAtOrBefore: recorded('JPEGGetAtOrBefore', (found, at) => found <= at),
  JPEGGetAtOrAfter: recorded('JPEGGetAtOrAfter', (found, at) => found >= at),
  JPEGGetLive: (call, parts) => {
    const size = { maxWidth: count(call, 'maxWidth'), maxHeight: count(call, 'maxHeight') };
    return still('JPEGGetLive', call, parts, (camera) => liveStill(camera, size, parts));
  },
};

function around(
  operation: string,
  call: SoapCall,
  parts: RecorderCommandParts,
  before: number,
  after: number,
): string {
  const centre = time(call, 'centerTime');
  const now = Date.now();
  const within = { start: Math.max(0, centre - before), end: Math.min(centre + after + 1, now + blockMs) };
  const found = sequencesOf(cameraOf(call, parts), text(call, 'sequenceType'), within, now);
  // The one that covers the centre counts as one before it.
  const earlier = found.filter(({ start }) => start <= centre);
  const later = found.filter(({ start }) => start > centre);
  const countBefore = count(call, 'maxCountBefore');
  return result(
    operation,
    entries([
      ...(countBefore === 0 ? [] : earlier.slice(-countBefore)),
      ...later.slice(0, count(call, 'maxCountAfter')),
    ]),
  );
}

function recorded(operation: string, isAllowed: (timeMs: number, at: number) => boolean): Operation {
  return (call, parts) => {
    const at = time(call, 'time');
    return still(operation, call, parts, (camera) => recordedStill(camera, at, parts, isAllowed));
  };
}

function still(
  operation: string,
  call: SoapCall,
  parts: RecorderCommandParts,
  draw: (camera: SiteCamera) => string | undefined,
): string {
  const camera = cameraOf(call, parts);
  if (!parts.features.now.stills || !parts.stills.has(camera))
    throw new RecorderFault('Server', `Method '${operation}' not supported`, 40_000);
  const data = draw(camera);
  return data === undefined ? `<${operation}Response xmlns="${namespace}"/>` : result(operation, data);
}

const result = (operation: string, content: string): string =>
  `<${operation}Response xmlns="${namespace}">` +
  (content === '' ? `<${operation}Result />` : `<${operation}Result>${content}</${operation}Result>`) +
  `</${operation}Response>`;

const entries = (spans: readonly SiteSpan[]): string =>
  spans
    .map(({ start, end }) => {
      const begin = new Date(start).toISOString();
      return `<SequenceEntry><TimeBegin>${begin}</TimeBegin><TimeTrigged>${begin}</TimeTrigged><TimeEnd>${new Date(end).toISOString()}</TimeEnd></SequenceEntry>`;
    })
    .join('');

/** One bit for each interval that something was recorded in. */
function bitmap(
  spans: readonly SiteSpan[],
  { start, interval, length }: { start: number; interval: number; length: number },
  order: 'lowest-first' | 'highest-first',
): Buffer {
  const bits = Buffer.alloc(Math.ceil(length / 8));
  for (const span of spans) {
    const from = Math.max(0, Math.floor((span.start - start) / interval));
    const to = Math.min(length, Math.ceil((span.end - start) / interval));
    for (let i = from; i < to; i++) {
      const bit = order === 'lowest-first' ? i & 7 : 7 - (i & 7);
      bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << bit);
    }
  }
  return bits;
}

function cameraOf(call: SoapCall, { cameras }: RecorderCommandParts): SiteCamera {
  const camera = cameras.get(text(call, 'deviceId').replace(/[{}]/g, '').toLowerCase());
  // The number of this fault is not on record.
  if (camera === undefined) throw new RecorderFault('Client', 'Device not found', 40_002);
  return camera;
}

const text = (call: SoapCall, name: string): string => call.parameters[name] ?? '';

function time(call: SoapCall, name: string): number {
  const value = Date.parse(text(call, name));
  if (Number.isNaN(value)) throw new RecorderFault('Client', `'${name}' is not a time`, badArgument);
  return value;
}

function count(call: SoapCall, name: string, cap = entryCap): number {
  const value = Number(text(call, name));
  if (!Number.isInteger(value) || value < 0)
    throw new RecorderFault('Client', `'${name}' is not a count`, badArgument);
  return Math.min(value, cap);
}

function microseconds(call: SoapCall, name: string): number {
  const value = Number((call.content[name] as { MicroSeconds?: string } | undefined)?.MicroSeconds);
  if (!Number.isFinite(value)) throw new RecorderFault('Client', `'${name}' is not a time span`, badArgument);
  return value;
}

/** A list of `guid`, in the service's namespace or in Microsoft's: prefixes have been taken off already. */
function guids(call: SoapCall, name: string): string[] {
  const list = (call.content[name] as { guid?: unknown } | undefined)?.guid;
  return (Array.isArray(list) ? list : [list]).filter((id): id is string => typeof id === 'string');
}
