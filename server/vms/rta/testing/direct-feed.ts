import { EngineError } from '#server/engine/error.ts';
import {
  openPlayback,
  type PlaybackTimes,
  usualPlaybackTimes,
} from '#server/engine/playback/recorded-playback.ts';
import { playbackError } from '#server/gateway/engine/engine-playback.ts';
import type { FedPicture, PlaybackFeed, PlaybackWindow } from '#server/vms/playback-feed.ts';

/** A feed without a process between: what the engine does, called directly. Remembers what it was asked for. */
export class DirectFeed implements PlaybackFeed {
  readonly asked: PlaybackWindow[] = [];
  /** Pictures given so far. */
  pictures = 0;
  readonly #times: PlaybackTimes;

  constructor(times: Partial<PlaybackTimes> = {}) {
    this.#times = { ...usualPlaybackTimes, ...times };
  }

  async open(
    window: PlaybackWindow,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<FedPicture, void, undefined>> {
    this.asked.push(window);
    const { url, username, password = '', start, end } = window;
    const credentials = username === undefined ? undefined : { username, password };
    const inWords = <T>(work: Promise<T>): Promise<T> =>
      work.catch((error: unknown) => {
        throw error instanceof EngineError ? playbackError(error.code, error) : error;
      });
    const playing = await inWords(
      openPlayback({ source: url, credentials, startMs: start, endMs: end }, signal, this.#times),
    );
    return this.#pictures(playing, inWords);
  }

  async *#pictures(
    playing: AsyncGenerator<FedPicture, void, undefined>,
    inWords: <T>(work: Promise<T>) => Promise<T>,
  ): AsyncGenerator<FedPicture, void, undefined> {
    try {
      for (;;) {
        const step = await inWords(playing.next());
        if (step.done === true) return;
        this.pictures += 1;
        yield step.value;
      }
    } finally {
      await playing.return();
    }
  }
}
