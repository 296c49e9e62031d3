import type { RecordedSpan } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import { readTime, type RecorderParts, type SequenceKind } from './recorder-parts.ts';
import type { RecorderSoap } from './recorder-soap.ts';
import { SharedWork } from '#server/vms/shared-work.ts';
import { sequenceTypeIds, type SoapSequences } from './soap-sequences.ts';
import { type BitOrder, orderOf, probeOf, spansOf, type TimelineBits } from './timeline-bits.ts';

/**
 * Types to try for each kind, the likeliest first. The first one of recordings has been seen in use ("recorded data
 * available") and is documented nowhere.
 */
const candidates: Readonly<Record<SequenceKind, readonly string[]>> = {
  recorded: ['78289503-cbf4-43be-9dc3-9f34a8b60e6d', sequenceTypeIds.recorded],
  motion: [sequenceTypeIds.motion],
};

/** What was found out of a recorder is believed so long, ms; that it cannot, less long. */
const knownMs = 6 * 3_600_000;
const doubtMs = 10 * 60_000;

/** How a recorder writes lines of one kind. */
interface Notation {
  readonly type: string;
  readonly order: BitOrder;
}

interface Finding {
  readonly work: SharedWork<Notation | undefined>;
  until: number;
}

const entryForm = /<(?:\w+:)?TimeLineInformationData\b[^>]*>([\s\S]*?)<\/(?:\w+:)?TimeLineInformationData>/g;
const field = (entry: string, name: string): string =>
  new RegExp(`<(?:\\w+:)?${name}>\\s*([^<]*?)\\s*<`).exec(entry)?.[1] ?? '';
const intervalForm = /<(?:\w+:)?Interval>\s*<(?:\w+:)?MicroSeconds>(\d+)</;

/**
 * Months of a camera in one call of a kilobyte, by `TimeLineInformationGet`: a bit for each interval. Neither the types
 * nor the order of bits are official, so each recorder is first asked about a moment whose answer is known; one that
 * does not pass is not asked again for a while.
 */
export class SoapTimeline {
  readonly #parts: Pick<RecorderParts, 'recorderOf'>;
  readonly #soap: RecorderSoap;
  readonly #sequences: SoapSequences;
  readonly #found = new Map<string, Finding>();

  constructor(parts: Pick<RecorderParts, 'recorderOf'>, soap: RecorderSoap, sequences: SoapSequences) {
    this.#parts = parts;
    this.#soap = soap;
    this.#sequences = sequences;
  }

  /**
   * Intervals of `within` in which something was recorded, and in which there was motion, clipped to it: one call.
   * Undefined where this recorder cannot be asked in this way. Throws {@link VmsError} `unavailable`, or the signal's
   * reason.
   */
  async read(
    cameraId: string,
    within: RecordedSpan,
    intervalMs: number,
    signal: AbortSignal,
  ): Promise<{ recorded: RecordedSpan[]; motion: RecordedSpan[] } | undefined> {
    const [recorded, motion] = await Promise.all([
      this.#notation(cameraId, 'recorded', signal),
      this.#notation(cameraId, 'motion', signal),
    ]);
    if (recorded === undefined || motion === undefined) return undefined;
    const count = Math.ceil((within.end - within.start) / intervalMs);
    const asked = { start: within.start, intervalMs, count };
    const xml = await this.#ask(cameraId, [recorded.type, motion.type], asked, signal);
    const spans = ({ type, order }: Notation): RecordedSpan[] | undefined => {
      const bits = xml === undefined ? undefined : readLine(xml, type, asked);
      return bits && spansOf(bits, order).flatMap((span) => clipped(span, within));
    };
    const found = { recorded: spans(recorded), motion: spans(motion) };
    if (found.recorded === undefined || found.motion === undefined) return undefined;
    return { recorded: found.recorded, motion: found.motion };
  }

  async #notation(cameraId: string, kind: SequenceKind, signal: AbortSignal): Promise<Notation | undefined> {
    const key = `${(await this.#parts.recorderOf(cameraId, signal)).href} ${kind}`;
    let finding = this.#found.get(key);
    if (finding === undefined || performance.now() > finding.until || finding.work.isAbandoned) {
      const work = new SharedWork((inner) => this.#findOut(cameraId, kind, inner));
      finding = { work, until: performance.now() + knownMs };
      this.#found.set(key, finding);
    }
    try {
      const notation = await finding.work.join(signal);
      if (notation === undefined) finding.until = Math.min(finding.until, performance.now() + doubtMs);
      return notation;
    } catch (error) {
      if (this.#found.get(key) === finding) this.#found.delete(key);
      signal.throwIfAborted();
      if (error instanceof NothingThere) return undefined;
      throw error;
    }
  }

  async #findOut(cameraId: string, kind: SequenceKind, signal: AbortSignal): Promise<Notation | undefined> {
    const first = await this.#sequences.first(cameraId, Date.now(), signal, kind);
    if (first === undefined) throw new NothingThere();
    for (const type of candidates[kind]) {
      const probe = probeOf(first.start);
      const xml = await this.#ask(cameraId, [type], probe, signal);
      const bits = xml === undefined ? undefined : readLine(xml, type, probe);
      const order = bits === undefined ? undefined : orderOf(bits.bytes);
      if (order !== undefined) return { type, order };
    }
    return undefined;
  }

  /** The answer; undefined where the recorder refuses. */
  async #ask(
    cameraId: string,
    types: readonly string[],
    { start, intervalMs, count }: Omit<TimelineBits, 'bytes'>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      return await this.#soap.call(
        cameraId,
        'TimeLineInformationGet',
        `<deviceId>${cameraId}</deviceId><timeLineInformationTypes>` +
          `${types.map((type) => `<guid>${type}</guid>`).join('')}</timeLineInformationTypes>` +
          `<timeLineInformationBeginTime>${new Date(start).toISOString()}</timeLineInformationBeginTime>` +
          `<timeLineInformationInterval><MicroSeconds>${intervalMs * 1000}</MicroSeconds></timeLineInformationInterval>` +
          `<timeLineInformationCount>${count}</timeLineInformationCount>`,
        signal,
      );
    } catch (error) {
      if (error instanceof VmsError && error.code === 'unexpected-answer') return undefined;
      throw error;
    }
  }
}

function clipped({ start, end }: RecordedSpan, within: RecordedSpan): RecordedSpan[] {
  const span = { start: Math.max(start, within.start), end: Math.min(end, within.end) };
  return span.start < span.end ? [span] : [];
}

/** This camera has nothing to find anything out with; the next one may. */
class NothingThere extends Error {}

/** The line of this type, if it is about what was asked and as long as it says. */
export function readLine(
  xml: string,
  type: string,
  asked: Omit<TimelineBits, 'bytes'>,
): TimelineBits | undefined {
  for (const [, entry = ''] of xml.matchAll(entryForm)) {
    if (field(entry, 'Type').toLowerCase() !== type) continue;
    const start = readTime(field(entry, 'BeginTime'));
    const intervalMs = Number(intervalForm.exec(entry)?.[1]) / 1000;
    const count = Number(field(entry, 'Count'));
    const bytes = Buffer.from(field(entry, 'Data'), 'base64');
    const isWhole = bytes.length === Math.ceil(count / 8);
    const isAsked = start === asked.start && intervalMs === asked.intervalMs && count === asked.count;
    return isWhole && isAsked ? { start, intervalMs, count, bytes } : undefined;
  }
  return undefined;
}
