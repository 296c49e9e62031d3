import { frameHeaders } from '#contract/recording.ts';
import { recordingMediaRoutes } from '#contract/recording-routes.ts';
import { urlOf } from '#lib/api/call.ts';
import { NetworkError, ProblemError, readProblem } from '#lib/api/errors.ts';
import { announceSignedOut } from '#lib/api/signed-out.ts';
import { PastError } from './past-error.ts';
import { pastErrorOf } from './past-problem.ts';

/** A picture that the recorder has made small and coded as JPEG. */
export interface JpegStill {
  /** Of the picture, epoch ms: at or before the moment asked for. */
  readonly time: number;
  readonly jpeg: Blob;
}

/** Asks for the picture of a moment, no wider than `width`. Throws a {@link PastError}, or the signal's reason. */
export type AskJpeg = (
  cameraId: string,
  at: number,
  width: number,
  signal: AbortSignal,
) => Promise<JpegStill>;

const patienceMs = 10_000;

/** Asks the BFF. */
export const askJpeg: AskJpeg = async (cameraId, at, width, signal) => {
  try {
    const response = await fetch(
      urlOf(recordingMediaRoutes.recordedStill, {
        params: { cameraId },
        query: { at: Math.floor(at), width },
      }),
      {
        headers: { accept: 'image/jpeg, application/problem+json' },
        credentials: 'same-origin',
        signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
      },
    ).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new NetworkError('unreachable', 'No answer with a still', { cause });
    });
    if (!response.ok) throw await readProblem(response);
    const time = Date.parse(response.headers.get(frameHeaders.start) ?? '');
    if (Number.isNaN(time)) throw new PastError('damaged', 'The still does not say its time');
    return { time, jpeg: await response.blob() };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ProblemError && cause.code === 'signed-out') announceSignedOut();
    throw pastErrorOf(cause);
  }
};
