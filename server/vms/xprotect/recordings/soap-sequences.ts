import type { RecordedSpan } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import { readTime, type SequenceKind, type SequenceReader } from './recorder-parts.ts';
import type { RecorderSoap } from './recorder-soap.ts';

/** Ids of the types of sequence, the same on every system. */
export const sequenceTypeIds: Readonly<Record<SequenceKind, string>> = {
  recorded: 'f9c62604-d0c5-4050-ae25-72de51639b14',
  motion: '53cb5e33-2183-44bd-9491-8364d2457480',
};

/** Entries asked for at a time: what other clients ask for as well. */
const pageSize = 1000;
/** A million sequences of one camera in one window are a fault, not a recording. */
const pageCap = 1000;

const entryForm = /<(?:\w+:)?SequenceEntry\b[^>]*>([\s\S]*?)<\/(?:\w+:)?SequenceEntry>/g;
const beginForm = /<(?:\w+:)?TimeBegin>([^<]+)</;
const endForm = /<(?:\w+:)?TimeEnd>([^<]+)</;

/** Sequences by SOAP `SequencesGet`, which every release has. */
export class SoapSequences implements SequenceReader {
  readonly #soap: RecorderSoap;

  constructor(soap: RecorderSoap) {
    this.#soap = soap;
  }

  async read(cameraId: string, kind: SequenceKind, within: RecordedSpan, signal: AbortSignal) {
    const found: RecordedSpan[] = [];
    let from = within.start;
    for (let page = 0; page < pageCap; page++) {
      const entries = await this.#page(cameraId, kind, { start: from, end: within.end }, pageSize, signal);
      found.push(...entries);
      const last = entries.at(-1);
      // The next page begins where this one ends; one that does not lead on is the last.
      if (last === undefined || entries.length < pageSize || last.end <= from || last.end >= within.end)
        break;
      from = last.end;
    }
    return found;
  }

  async first(cameraId: string, now: number, signal: AbortSignal, kind: SequenceKind = 'recorded') {
    return (await this.#page(cameraId, kind, { start: 0, end: now }, 1, signal))[0];
  }

  /** Whether the recorder knows sequences of motion of this camera. */
  async knowsMotion(cameraId: string, signal: AbortSignal): Promise<boolean> {
    const xml = await this.#soap.call(
      cameraId,
      'SequencesGetTypes',
      `<deviceId>${cameraId}</deviceId>`,
      signal,
    );
    return xml.toLowerCase().includes(sequenceTypeIds.motion);
  }

  async #page(
    cameraId: string,
    kind: SequenceKind,
    within: RecordedSpan,
    count: number,
    signal: AbortSignal,
  ): Promise<RecordedSpan[]> {
    const xml = await this.#soap.call(
      cameraId,
      'SequencesGet',
      `<deviceId>${cameraId}</deviceId><sequenceType>${sequenceTypeIds[kind]}</sequenceType>` +
        `<minTime>${new Date(within.start).toISOString()}</minTime><maxTime>${new Date(within.end).toISOString()}</maxTime>` +
        `<maxCount>${count}</maxCount>`,
      signal,
    );
    return readEntries(xml);
  }
}

/** Thousands of entries of one plain shape: read by pattern, a tree of them takes fifty times as long. */
export function readEntries(xml: string): RecordedSpan[] {
  const spans: RecordedSpan[] = [];
  for (const [, entry = ''] of xml.matchAll(entryForm)) {
    const start = readTime(beginForm.exec(entry)?.[1] ?? '');
    const end = readTime(endForm.exec(entry)?.[1] ?? '');
    if (Number.isNaN(start) || Number.isNaN(end))
      throw new VmsError('unexpected-answer', 'The recorder told a sequence without its times');
    if (start < end) spans.push({ start, end });
  }
  return spans.toSorted((a, b) => a.start - b.start);
}
