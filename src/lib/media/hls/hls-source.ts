import { lazily } from '../lazily.ts';
import type { MediaSession, MediaSource } from '../media-source.ts';
import type { HlsOptions } from './hls-session.ts';

/** Pictures by Low-Latency HLS, two seconds old, over plain HTTP. `url` is that of the multivariant playlist. */
export class HlsSource implements MediaSource {
  readonly way = 'hls';
  readonly #url: string;
  readonly #options: HlsOptions;

  constructor(url: string, options: HlsOptions = {}) {
    this.#url = url;
    this.#options = options;
  }

  async open(signal: AbortSignal): Promise<MediaSession> {
    signal.throwIfAborted();
    // A hundred kilobytes that most walls never need.
    const { openHls } = await lazily(import('./hls-session.ts'));
    return await openHls(this.#url, this.#options, signal);
  }
}
