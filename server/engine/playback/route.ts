import { z } from 'zod';
import { EngineError } from '../error.ts';
import { expectMethod } from '../http/control.ts';
import { RequestError, type Answer } from '../http/problem.ts';
import type { Call } from '../http/server.ts';
import { frameStream, frameStreamType } from './frame-stream.ts';
import { openPlayback, type PlayedPicture } from './recorded-playback.ts';

/** What `POST /v3/playback` takes. Secrets have fields of their own, so that a URL can be logged. */
const PlaybackBody = z
  .strictObject({
    source: z
      .url({ protocol: /^rtsp$/ })
      .refine((url) => new URL(url).username === '', 'has credentials in the URL'),
    username: z.string().max(256).optional(),
    password: z.string().max(256).optional(),
    /** Epoch ms. */
    start: z.int().nonnegative(),
    end: z.int().positive(),
  })
  .refine(({ start, end }) => start < end, { path: ['end'] });

/** More at a time than people can look at; each is a TCP connection to the recorder and up to a MiB here. */
const mostPlaybacks = 64;

/** Recorded pictures by time-shifted RTSP, as a stream of frames (frame-stream.ts). */
export function playback(most: number = mostPlaybacks): (call: Call) => Promise<Answer | undefined> {
  const running = new Set<AbortSignal>();

  async function* counted(
    pictures: AsyncIterable<PlayedPicture>,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    try {
      yield* frameStream(pictures);
    } finally {
      running.delete(signal);
    }
  }

  return async (call) => {
    if (call.url !== '/v3/playback') return undefined;
    expectMethod(call.method, 'POST');
    const parsed = PlaybackBody.safeParse(readJson(await call.body(16 * 1024, 'application/json')));
    // Which field is wrong, never what was in it.
    if (!parsed.success)
      throw new RequestError(
        400,
        `The playback is not usable: ${[...new Set(parsed.error.issues.map((i) => i.path.join('.') || 'body'))].join(', ')}.`,
      );
    if (running.size >= most) throw new EngineError('overloaded', 'Too many recordings are played at once.');
    const { source, username, password = '', start, end } = parsed.data;
    const credentials = username === undefined ? undefined : { username, password };
    const { signal } = call;
    running.add(signal);
    // A caller that goes away before the first picture leaves a stream behind that nobody has begun to read.
    signal.addEventListener('abort', () => running.delete(signal), { once: true });
    try {
      const pictures = await openPlayback({ source, credentials, startMs: start, endMs: end }, signal);
      return { status: 200, headers: { 'content-type': frameStreamType }, stream: counted(pictures, signal) };
    } catch (error) {
      running.delete(signal);
      throw error;
    }
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestError(400, 'The body is not JSON.');
  }
}
