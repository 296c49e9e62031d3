import { z } from 'zod';
import type { FedPicture, PlaybackFeed } from '#server/vms/playback-feed.ts';
import { VmsError } from '#server/vms/vms.ts';
import { readFrameStream } from './frame-stream-reader.ts';

export interface EnginePlaybackOptions {
  /** `http://127.0.0.1:<port>`. A function where the port can change with a restart; undefined while it is not known. */
  readonly url: string | (() => string | undefined);
  /** The bearer secret the engine was started with. */
  readonly secret: string;
  /** Connecting to the recorder and being let in may take so long, ms. */
  readonly patienceMs?: number;
}

const Problem = z.object({ code: z.string() });

/** What the engine says no with, in the words of the port. Ours, so that nothing of an address gets through. */
export function playbackError(code: string, cause?: unknown): VmsError {
  switch (code) {
    case 'not-found':
      return new VmsError('no-such-stream', 'Nothing is recorded at this time', { cause });
    case 'source-refused':
      return new VmsError('refused', 'The recorder refuses playback to this user', { cause });
    case 'codec-unsupported':
      return new VmsError('unexpected-answer', 'The recording is in a codec that browsers do not take', {
        cause,
      });
    case 'b-frames':
      return new VmsError('unexpected-answer', 'The recording has B-frames', { cause });
    case 'camera-offline':
      return new VmsError('unavailable', 'The recorder does not play', { cause });
    case 'overloaded':
      return new VmsError('unavailable', 'Too many recordings are played at once', { cause });
    default:
      return new VmsError('unavailable', 'The media engine does not answer', { cause });
  }
}

/** Plays recordings through the embedded media engine, over loopback HTTP. */
export function createEnginePlayback(options: EnginePlaybackOptions): PlaybackFeed {
  const patienceMs = options.patienceMs ?? 15_000;
  return {
    async open(window, signal) {
      signal.throwIfAborted();
      const url = typeof options.url === 'string' ? options.url : options.url();
      if (url === undefined) throw playbackError('');
      // Ends the answer when its reader leaves, whoever else still holds the signal.
      const leaving = new AbortController();
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), patienceMs);
      let response: Response;
      try {
        response = await fetch(`${url}/v3/playback`, {
          method: 'POST',
          headers: { authorization: `Bearer ${options.secret}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            source: window.url,
            start: window.start,
            end: window.end,
            ...(window.username === undefined ? {} : { username: window.username }),
            ...(window.password === undefined ? {} : { password: window.password }),
          }),
          redirect: 'error',
          signal: AbortSignal.any([signal, leaving.signal, late.signal]),
        });
        if (!response.ok) {
          const problem = Problem.safeParse(await response.json().catch(() => undefined));
          throw playbackError(response.status === 401 ? '' : (problem.data?.code ?? ''));
        }
      } catch (cause) {
        leaving.abort();
        if (cause instanceof VmsError) throw cause;
        signal.throwIfAborted();
        throw playbackError('', cause);
      } finally {
        clearTimeout(timer);
      }
      return pictures(response.body, leaving, signal);
    },
  };
}

async function* pictures(
  body: ReadableStream<Uint8Array> | null,
  leaving: AbortController,
  signal: AbortSignal,
): AsyncGenerator<FedPicture, void, undefined> {
  if (body === null) throw playbackError('');
  try {
    for await (const item of readFrameStream(body)) {
      if ('failed' in item) throw playbackError(item.failed);
      yield item;
    }
  } catch (cause) {
    if (cause instanceof VmsError) throw cause;
    signal.throwIfAborted();
    throw playbackError('', cause);
  } finally {
    leaving.abort();
  }
}
