import { EngineError } from '#server/engine/error.ts';
import {
  openPlayback,
  type PlaybackTimes,
  usualPlaybackTimes,
} from '#server/engine/playback/recorded-playback.ts';
import { playbackError } from '#server/gateway/engine/engine-playback.ts';
import type { FedPicture, PlaybackFeed } from '#server/vms/playback-feed.ts';

/** Plays recordings right here, where no engine runs beside. */
export function inProcessFeed(times: Partial<PlaybackTimes> = {}): PlaybackFeed {
  return {
    async open({ url, username, password = '', start, end }, signal) {
      const credentials = username === undefined ? undefined : { username, password };
      const request = { source: url, credentials, startMs: start, endMs: end };
      const playing = await inWords(openPlayback(request, signal, { ...usualPlaybackTimes, ...times }));
      return pictures(playing);
    },
  };
}

async function* pictures(
  playing: AsyncGenerator<FedPicture, void, undefined>,
): AsyncGenerator<FedPicture, void, undefined> {
  try {
    for (;;) {
      const step = await inWords(playing.next());
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    await playing.return();
  }
}

/** The engine's errors as those of the port. */
async function inWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof EngineError ? playbackError(error.code, error) : error;
  }
}
