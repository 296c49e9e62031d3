import type { RecordedSpan } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import type { Calls } from '../calls.ts';
import type { ConfigApi } from '../config-api.ts';
import type { FreshToken } from '../fresh-token.ts';
import type { KnownStream } from '../streams.ts';

/** What the adapter lends to its part for recordings. Camera ids are lower-case GUIDs here, checked already. */
export interface RecorderParts {
  readonly calls: Calls;
  readonly api: ConfigApi;
  readonly vmsToken: FreshToken;
  /** Certificates (PEM) to trust instead of the public ones. */
  readonly ca: string | undefined;
  /** `webServerUri` of the recorder this camera is on. */
  recorderOf(cameraId: string, signal: AbortSignal): Promise<URL>;
  /** The same, where it is known without asking. */
  knownRecorderOf(cameraId: string): string | undefined;
  /** The recorder did not answer: another one may have taken the camera over, look again the next time. */
  forgetRecorder(cameraId: string): void;
  streamsOf(cameraId: string, signal: AbortSignal): Promise<readonly KnownStream[]>;
}

/** Who gives up sooner than this did not wait for the recorder, ms. */
const silenceMs = 1000;

/** Whether a call that ended with its signal had been waiting long enough to think the recorder gone. `from`: monotonic. */
export const isSilent = (signal: AbortSignal, from: number): boolean =>
  signal.aborted && performance.now() - from >= silenceMs;

/** The recorder at this address did not answer: whether the camera is on another one by now. Does not reject. */
export async function hasMoved(
  parts: Pick<RecorderParts, 'recorderOf' | 'forgetRecorder'>,
  cameraId: string,
  from: URL,
  signal: AbortSignal,
): Promise<boolean> {
  parts.forgetRecorder(cameraId);
  const now = await parts.recorderOf(cameraId, signal).catch(() => from);
  return now.href !== from.href;
}

/** Which sequences: what is recorded, or where motion was seen. */
export type SequenceKind = 'recorded' | 'motion';

/** Reads the spans that touch a window, whole or clipped, ascending. */
export interface SequenceReader {
  read(
    cameraId: string,
    kind: SequenceKind,
    within: RecordedSpan,
    signal: AbortSignal,
  ): Promise<readonly RecordedSpan[]>;
  /** The first of all recorded sequences. */
  first(cameraId: string, now: number, signal: AbortSignal): Promise<RecordedSpan | undefined>;
}

/** The recorder has no such operation. */
export class NotOffered extends VmsError {
  constructor(message: string, options?: ErrorOptions) {
    super('unexpected-answer', message, options);
  }
}

/** A moment as XProtect writes it: seven digits of a second, and UTC where no zone is said. NaN for what is none. */
export function readTime(text: string): number {
  // The usual form, thousands of times an answer.
  if (text.length === 24 && text.endsWith('Z')) return Date.parse(text);
  const isZoned = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text);
  return Date.parse((isZoned ? text : `${text}Z`).replace(/(\.\d{3})\d+/, '$1'));
}
