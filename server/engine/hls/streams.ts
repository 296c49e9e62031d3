import type { Path } from '../source/path.ts';
import { HlsStream } from './stream.ts';

/** Where paths come from, and who is told that a viewer has left one. */
export interface Paths {
  /** Throws `not-found` where nobody wants such a path. */
  path(name: string): Path;
  left(name: string): void;
}

/** Long enough for a player that was paused or is between two networks, short enough for the camera. */
const defaultIdleMs = 10_000;

/** The paths that are watched by LL-HLS now. */
export class HlsStreams {
  readonly #paths: Paths;
  readonly #idleMs: number;
  readonly #streams = new Map<string, HlsStream>();
  #last = 0;

  constructor(paths: Paths, idleMs = defaultIdleMs) {
    this.#paths = paths;
    this.#idleMs = idleMs;
  }

  /** The stream of that path, if it is watched. */
  find(name: string): HlsStream | undefined {
    return this.#streams.get(name);
  }

  /** The stream of that path, started when nobody watched it. Throws `not-found`. */
  open(name: string): HlsStream {
    const running = this.#streams.get(name);
    if (running !== undefined) return running;
    // Seconds of the epoch: as no second has more than one segment, a stream that begins anew goes on counting above
    // the one before, in this process or the last. Neither a player nor a cache mistakes one for the other.
    this.#last = Math.max(this.#last + 1, Math.floor(Date.now() / 1000));
    const stream = new HlsStream({
      path: this.#paths.path(name),
      first: this.#last,
      idleMs: this.#idleMs,
      ended: () => {
        this.#streams.delete(name);
        this.#paths.left(name);
      },
    });
    this.#streams.set(name, stream);
    return stream;
  }
}
