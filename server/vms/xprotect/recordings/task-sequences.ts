import { z } from 'zod';
import type { RecordedSpan } from '#server/vms/recordings.ts';
import type { ConfigApi } from '../config-api.ts';
import { readTime, type SequenceKind, type SequenceReader } from './recorder-parts.ts';
import { Turns } from './turns.ts';

const Moment = z.string().transform(readTime).pipe(z.number());
const Answer = z.object({
  result: z.object({ sequences: z.array(z.object({ timeBegin: Moment, timeEnd: Moment })) }),
});

const types: Readonly<Record<SequenceKind, string>> = {
  recorded: 'RecordingSequence',
  motion: 'MotionSequence',
};
const pageSize = 1000;
const pageCap = 1000;
/** Tasks under way at a time: the gateway passes them on to recorders and is for others too. */
const callsAtATime = 4;
const dayMs = 86_400_000;
/** A length of time has three digits for its days; nothing older is asked for, ms. */
const longestMs = 999 * dayMs;

/** Sequences by the camera task `GetSequences`, which only newer releases offer. */
export class TaskSequences implements SequenceReader {
  readonly #api: ConfigApi;
  readonly #turns = new Turns(callsAtATime);

  constructor(api: ConfigApi) {
    this.#api = api;
  }

  /** Whether this camera's tasks name it. */
  async isOffered(cameraId: string, signal: AbortSignal): Promise<boolean> {
    const tasks = await this.#api.tasks(`cameras/${cameraId}`, signal);
    return tasks.some((id) => id.toLowerCase() === 'getsequences');
  }

  async read(cameraId: string, kind: SequenceKind, within: RecordedSpan, signal: AbortSignal) {
    const found: RecordedSpan[] = [];
    let from = Math.max(within.start, within.end - longestMs);
    for (let page = 0; page < pageCap; page++) {
      const spans = await this.#page(cameraId, kind, { start: from, end: within.end }, pageSize, signal);
      found.push(...spans);
      const last = spans.at(-1);
      // One before the window may have come along, so a full page is one of at least the size asked for.
      if (last === undefined || spans.length < pageSize || last.end <= from || last.end >= within.end) break;
      from = last.end;
    }
    return found;
  }

  async first(cameraId: string, now: number, signal: AbortSignal) {
    return (await this.#page(cameraId, 'recorded', { start: now - longestMs, end: now }, 1, signal))[0];
  }

  /** The sequence that covers the start, and those that begin after it; one with another end counts as either. */
  async #page(
    cameraId: string,
    kind: SequenceKind,
    { start, end }: RecordedSpan,
    count: number,
    signal: AbortSignal,
  ): Promise<RecordedSpan[]> {
    const answer = await this.#turns.take(signal, () =>
      this.#api.task(
        `cameras/${cameraId}`,
        'GetSequences',
        {
          sequenceType: types[kind],
          time: new Date(start).toISOString(),
          timeBefore: timeSpan(1000),
          timeAfter: timeSpan(end - start),
          maxCountBefore: 1,
          maxCountAfter: count,
        },
        Answer,
        signal,
      ),
    );
    return answer.result.sequences
      .map(({ timeBegin, timeEnd }) => ({ start: timeBegin, end: timeEnd }))
      .filter((span) => span.end > start && span.start < end && span.start < span.end)
      .toSorted((a, b) => a.start - b.start);
  }
}

/** `ddd.HH:mm:ss`, rounded up to a whole second; 999 days at most. */
export function timeSpan(ms: number): string {
  const seconds = Math.ceil(Math.min(ms, longestMs) / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const days = String(Math.floor((seconds * 1000) / dayMs)).padStart(3, '0');
  return `${days}.${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
