import { lazily } from '../lazily.ts';
import type { MediaSession, MediaSource } from '../media-source.ts';
import type { LiveKitOptions } from './livekit-session.ts';

/** Pictures out of a LiveKit room. `url` is where a ticket into it is asked for, anew for each opening. */
export class LiveKitSource implements MediaSource {
  readonly way = 'livekit';
  readonly #url: string;
  readonly #options: LiveKitOptions;

  constructor(url: string, options: LiveKitOptions = {}) {
    this.#url = url;
    this.#options = options;
  }

  async open(signal: AbortSignal): Promise<MediaSession> {
    signal.throwIfAborted();
    const { openLiveKit } = await lazily(import('./livekit-session.ts'));
    return await openLiveKit(this.#url, this.#options, signal);
  }
}
