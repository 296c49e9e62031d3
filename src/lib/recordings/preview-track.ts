import { z } from 'zod';
import { mostPreviews, PreviewHead, type PreviewsQuery } from '#contract/recording-previews.ts';
import { recordingMediaRoutes } from '#contract/recording-routes.ts';
import { urlOf } from '#lib/api/call.ts';
import { NetworkError, ProblemError, readProblem } from '#lib/api/errors.ts';
import { announceSignedOut } from '#lib/api/signed-out.ts';
import { PastError } from './past-error.ts';
import { pastCodeOf, pastErrorOf } from './past-problem.ts';
import type { Wanted } from './scrub.ts';

/** A picture at or before a moment that was asked for. */
export interface Preview extends Wanted {
  /** When it was taken, epoch ms. */
  readonly start: number;
  /** It is the picture of every moment up to here, excluded; undefined where that is not known. */
  readonly until: number | undefined;
  /** RFC 6381; of keyframes. */
  readonly codec: string | undefined;
  /** A fragmented MP4 with one keyframe, as `readFragment` takes it, or a JPEG. Moments with the same picture share it. */
  readonly file: Uint8Array<ArrayBuffer>;
}

/** Why there is no picture: with `no-recording` of that moment, with anything else none of that camera comes any more. */
export interface NoPreview extends Wanted {
  readonly error: PastError;
}

export interface PreviewsWish extends Pick<PreviewsQuery, 'stream' | 'form'> {
  /** The most wanted first. What is more than {@link mostPreviews} is not asked for. */
  readonly wanted: readonly Wanted[];
  /** Of stills. */
  readonly width?: number;
}

/** Asks the BFF for previews. */
export type FetchPreviews = (query: PreviewsQuery, signal: AbortSignal) => Promise<Response>;

/** A head is a line of JSON, a picture no larger than a keyframe is. */
const mostHeadBytes = 4096;
const mostPictureBytes = 16 * 1024 * 1024;

/** Asks the BFF. */
export const fetchPreviews: FetchPreviews = (query, signal) =>
  fetch(urlOf(recordingMediaRoutes.recordedPreviews, { query }), {
    credentials: 'same-origin',
    signal,
  });

/**
 * Many pictures of the past by one request, as they come: of one camera in the order they are wanted, of several side by
 * side. Leaving the loop, and aborting the signal, ends the request and the reading at the recorders. Throws a
 * {@link PastError} where the answer itself fails, or the signal's reason.
 */
export async function* readPreviews(
  { wanted, stream, form, width = 320 }: PreviewsWish,
  signal: AbortSignal,
  fetchThem: FetchPreviews = fetchPreviews,
): AsyncGenerator<Preview | NoPreview, void, undefined> {
  signal.throwIfAborted();
  const asked = wanted.slice(0, mostPreviews).map(({ cameraId, at }) => ({ cameraId, at: Math.floor(at) }));
  if (asked.length === 0) return;
  const cameras = [...new Set(asked.map(({ cameraId }) => cameraId))];
  const from = Math.min(...asked.map(({ at }) => at));
  const leaving = new AbortController();
  const ending = AbortSignal.any([signal, leaving.signal]);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  try {
    const slots = asked.map(({ cameraId, at }) => ({ camera: cameras.indexOf(cameraId), ms: at - from }));
    const response = await fetchThem({ cameras, from, slots, stream, form, width }, ending);
    if (!response.ok) throw await readProblem(response);
    for await (const { head, picture } of partsOf(response)) {
      const one = asked[head.slot];
      if (one === undefined) throw new PastError('damaged', 'The previews are not those asked for');
      if (head.problem !== undefined) {
        if (head.problem === 'signed-out') announceSignedOut();
        yield { ...one, error: new PastError(pastCodeOf(head.problem), 'No preview') };
        continue;
      }
      const name = `${one.cameraId} ${head.start ?? ''}`;
      const file = picture.length > 0 ? picture : files.get(name);
      if (head.start === undefined || file === undefined || head.start > one.at)
        throw new PastError('damaged', 'The previews are not those asked for');
      files.set(name, file);
      yield { ...one, start: head.start, until: head.until, codec: head.codec, file };
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
