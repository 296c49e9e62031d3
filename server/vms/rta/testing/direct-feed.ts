import { inProcessFeed } from '#server/doctor/in-process-feed.ts';
import type { PlaybackTimes } from '#server/engine/playback/recorded-playback.ts';
import type { FedPicture, PlaybackFeed, PlaybackWindow } from '#server/vms/playback-feed.ts';

/** A feed without a process between. Remembers what it was asked for. */
export class DirectFeed implements PlaybackFeed {
  readonly asked: PlaybackWindow[] = [];
  /** Pictures given so far. */
  pictures = 0;
  readonly #feed: PlaybackFeed;

  constructor(times: Partial<PlaybackTimes> = {}) {
    this.#feed = inProcessFeed(times);
  }

  async open(
    window: PlaybackWindow,
    signal: AbortSignal,
  ): Promise<AsyncGenerator<FedPicture, void, undefined>> {
    this.asked.push(window);
    return this.#counted(await this.#feed.open(window, signal));
  }

  async *#counted(
    playing: AsyncGenerator<FedPicture, void, undefined>,
  ): AsyncGenerator<FedPicture, void, undefined> {
    for await (const picture of playing) {
      this.pictures += 1;
      yield picture;
    }
  }
}
