import { z } from 'zod';
import { mostPreviews, PreviewHead, type PreviewsQuery } from '#contract/recording-previews.ts';
import { recordingMediaRoutes } from '#contract/recording-routes.ts';
import { urlOf } from '#lib/api/call.ts';
import { NetworkError, ProblemError, readProblem } from '#lib/api/errors.ts';
import { announceSignedOut } from '#lib/api/signed-out.ts';
import { PastError, pastErrorOf } from './past-error.ts';

/** A picture at or before a moment that was asked for. */
export interface Preview {
  /** The moment, epoch ms. */
  readonly at: number;
  /** When it was taken. */
  readonly start: number;
  /** It is the picture of every moment up to here, excluded; undefined where that is not known. */
  readonly until: number | undefined;
  /** RFC 6381; of keyframes. */
  readonly codec: string | undefined;
  /** A fragmented MP4 with one keyframe, as `readFragment` takes it, or a JPEG. Moments with the same picture share it. */
  readonly file: Uint8Array<ArrayBuffer>;
}

export interface PreviewsWish extends Pick<PreviewsQuery, 'stream' | 'form'> {
  /** Epoch ms; the most wanted first. What is more than {@link mostPreviews} is not asked for. */
  readonly moments: readonly number[];
  /** Of stills. */
  readonly width?: number;
}

/** Asks the BFF for previews. */
export type FetchPreviews = (
  cameraId: string,
  query: PreviewsQuery,
  signal: AbortSignal,
) => Promise<Response>;

/** A head is a line of JSON, a picture no larger than a keyframe is. */
const mostHeadBytes = 4096;
const mostPictureBytes = 16 * 1024 * 1024;

/** Asks the BFF. */
export const fetchPreviews: FetchPreviews = (cameraId, query, signal) =>
  fetch(urlOf(recordingMediaRoutes.recordedPreviews, { params: { cameraId }, query }), {
    credentials: 'same-origin',
    signal,
  });

/**
 * Many pictures of the past by one request, as they come. Moments at which nothing is recorded are passed over. Leaving the
 * loop, and aborting the signal, ends the request and the reading at the recorder. Throws a {@link PastError}, or the
 * signal's reason.
 */
export async function* readPreviews(
  cameraId: string,
  { moments, stream, form, width = 320 }: PreviewsWish,
  signal: AbortSignal,
  fetchThem: FetchPreviews = fetchPreviews,
): AsyncGenerator<Preview, void, undefined> {
  signal.throwIfAborted();
  const wanted = moments.slice(0, mostPreviews).map(Math.floor);
  if (wanted.length === 0) return;
  const from = Math.min(...wanted);
  const leaving = new AbortController();
  const ending = AbortSignal.any([signal, leaving.signal]);
  const files = new Map<number, Uint8Array<ArrayBuffer>>();
  try {
    const slots = wanted.map((at) => at - from);
    const response = await fetchThem(cameraId, { from, slots, stream, form, width }, ending);
    if (!response.ok) throw await readProblem(response);
    for await (const { head, picture } of partsOf(response)) {
      const at = wanted[head.slot];
      if (head.problem === 'no-recording') continue;
      if (head.problem !== undefined) throw new PastError(codeOf(head.problem), 'Previews ended early');
      const file = picture.length > 0 ? picture : files.get(head.start ?? NaN);
      if (at === undefined || head.start === undefined || file === undefined || head.start > at)
        throw new PastError('damaged', 'The previews are not those asked for');
      files.set(head.start, file);
      yield { at, start: head.start, until: head.until, codec: head.codec, file };
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ProblemError && cause.code === 'signed-out') announceSignedOut();
    throw pastErrorOf(
      cause instanceof TypeError
        ? new NetworkError('unreachable', 'No answer with previews', { cause })
        : cause,
    );
  } finally {
    leaving.abort();
  }
}

/** What the code of a problem in the middle of an answer means for a picture. */
function codeOf(problem: NonNullable<PreviewHead['problem']>): PastError['code'] {
  if (problem === 'codec-unsupported') return 'codec';
  return problem === 'not-permitted' || problem === 'signed-out' || problem === 'not-supported'
    ? problem
    : 'vms-unavailable';
}

/** The parts of an answer (contract/recording-previews.ts), each as soon as it is there. */
async function* partsOf(
  response: Response,
): AsyncGenerator<{ readonly head: PreviewHead; readonly picture: Uint8Array<ArrayBuffer> }> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  let held = new Uint8Array();
  let isOver = false;

  /** So many bytes; undefined at the end of the answer. */
  async function take(length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const chunks: Uint8Array[] = [held];
    let size = held.length;
    while (size < length && !isOver) {
      const step = await reader?.read();
      if (step?.value === undefined) isOver = true;
      else {
        chunks.push(step.value);
        size += step.value.length;
      }
    }
    const all = chunks.length === 1 ? held : new Uint8Array(size);
    if (chunks.length > 1) {
      let at = 0;
      for (const chunk of chunks) {
        all.set(chunk, at);
        at += chunk.length;
      }
    }
    held = all;
    if (size < length) return undefined;
    held = all.subarray(length);
    return all.subarray(0, length);
  }

  async function takePiece(most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const prefix = await take(4);
    if (prefix === undefined) return undefined;
    const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(0);
    if (length > most) throw new PastError('damaged', 'A piece of the previews is too large');
    return await take(length);
  }

  for (;;) {
    const head = await takePiece(mostHeadBytes);
    // An answer may end between two parts, not within one.
    if (head === undefined && held.length === 0) return;
    const picture = head && (await takePiece(mostPictureBytes));
    if (head === undefined || picture === undefined)
      throw new PastError('unreachable', 'The previews broke off');
    const parsed = z.safeDecode(PreviewHead, JSON.parse(new TextDecoder().decode(head)) as never);
    if (!parsed.success) throw new PastError('damaged', 'The previews do not say what they are');
    // A copy: what is kept does not hold the whole answer.
    yield { head: parsed.data, picture: picture.slice() };
  }
}
