import { attachStream } from '../attach-stream.ts';
import { pause } from '../pause.ts';
import { StreamError, type MediaSession, type Vitals } from '../media-source.ts';
import type { Still } from './ask-still.ts';

/** Asks for a still later than the last; undefined when none came. */
type Ask = (last: Still | undefined, signal: AbortSignal, patienceMs: number) => Promise<Still | undefined>;

export interface StillsPace {
  readonly paceMs: number;
  readonly random: () => number;
}

/** The server waits five seconds for a new still; an answer takes no longer than this, ms. */
const patienceMs = 10_000;
/** Attempts in a row that came to nothing before it is said to have broken. */
const mostFailures = 4;
/** The longest pause between two attempts, ms. */
const mostPauseMs = 5000;

/**
 * Stills drawn on a canvas that nobody sees, and captured from it: so they are frames of a video as everything else is,
 * and count as such for whoever watches over it.
 */
export class StillsSession implements MediaSession {
  readonly way = 'stills';
  /** Nothing would have come of asking otherwise: everything here is HTTP. */
  readonly hasConnected = true;
  readonly ended: Promise<void>;
  readonly #ask: Ask;
  readonly #pace: StillsPace;
  readonly #end = Promise.withResolvers<undefined>();
  readonly #life = new AbortController();
  readonly #canvas = document.createElement('canvas');
  readonly #brush: CanvasRenderingContext2D | null;
  #stream: MediaStream | undefined;
  #video: HTMLVideoElement | undefined;
  #capturedAt: number | undefined;
  #frames = 0;
  #bytes = 0;

  constructor(ask: Ask, pace: StillsPace) {
    this.#ask = ask;
    this.#pace = pace;
    this.ended = this.#end.promise;
    // Nobody has to listen.
    this.ended.catch(() => undefined);
    this.#brush = this.#canvas.getContext('2d', { alpha: false });
    addEventListener('pagehide', () => this.close(), { signal: this.#life.signal });
  }

  attach(video: HTMLVideoElement): () => void {
    if (this.#life.signal.aborted) return () => undefined;
    // Without a rate of its own: a frame is what is asked for, and nothing else.
    this.#stream ??= this.#canvas.captureStream(0);
    const { signal } = this.#life;
    this.#video = video;
    const detach = attachStream(video, this.#stream);
    // What was drawn before somebody looked reaches nobody.
    const again = (): void => {
      if (!signal.aborted && this.#video === video && this.#frames > 0) this.#present(this.#canvas);
    };
    video.addEventListener('loadstart', again, { once: true, signal });
    again();
    return () => {
      video.removeEventListener('loadstart', again);
      if (this.#video === video) this.#video = undefined;
      detach();
    };
  }

  captureTimeOf(video: HTMLVideoElement): number | undefined {
    return video === this.#video ? this.#capturedAt : undefined;
  }

  async vitals(): Promise<Vitals | undefined> {
    if (this.#life.signal.aborted) return undefined;
    const { width, height } = this.#canvas;
    return {
      framesDecoded: this.#frames,
      framesDropped: 0,
      arrivals: this.#frames,
      bytesReceived: this.#bytes,
      codec: 'JPEG',
      ...(this.#frames > 0 ? { width, height } : {}),
    };
  }

  close(): void {
    if (this.#life.signal.aborted) return;
    this.#life.abort();
    this.#video = undefined;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    // A canvas keeps its pixels until it is collected, which nothing hurries.
    this.#canvas.width = this.#canvas.height = 0;
    this.#end.resolve(undefined);
  }

  /** Shows this still. Throws a {@link StreamError} when it is none. */
  async show({ jpeg, capturedAt }: Still): Promise<void> {
    const bitmap = await createImageBitmap(jpeg).catch((cause: unknown) => {
      throw new StreamError('protocol', 'A still could not be decoded', { cause });
    });
    try {
      if (this.#life.signal.aborted) return;
      const { width, height } = bitmap;
      if (this.#canvas.width !== width || this.#canvas.height !== height)
        [this.#canvas.width, this.#canvas.height] = [width, height];
      this.#capturedAt = capturedAt;
      this.#frames += 1;
      this.#bytes += jpeg.size;
      this.#present(bitmap);
    } finally {
      bitmap.close();
    }
  }

  /** Goes on after the first still, until it breaks or is closed. */
  run(first: Still | undefined): void {
    void this.#follow(first).catch((error: unknown) => {
      if (!this.#life.signal.aborted) this.#end.reject(error);
    });
  }

  async #follow(first: Still | undefined): Promise<void> {
    const { signal } = this.#life;
    let last = first;
    let failures = 0;
    for (;;) {
      const startedAt = performance.now();
      try {
        const still = await this.#ask(last, signal, patienceMs);
        failures = 0;
        if (still && (still.capturedText === undefined || still.capturedText !== last?.capturedText)) {
          await this.show(still);
          last = still;
        }
      } catch (error) {
        signal.throwIfAborted();
        failures += 1;
        if (!(error instanceof StreamError) || !mayPass(error) || failures >= mostFailures) throw error;
        await pause(pauseAfter(failures, error.retryAfterMs, this.#pace.random), signal);
      }
      await pause(Math.max(0, this.#pace.paceMs - (performance.now() - startedAt)), signal);
    }
  }

  #present(picture: CanvasImageSource): void {
    this.#brush?.drawImage(picture, 0, 0);
    const track = this.#stream?.getVideoTracks()[0] as CanvasCaptureMediaStreamTrack | undefined;
    track?.requestFrame();
  }
}

/** Worth asking again by the same way. What else went wrong is for whoever opened it to decide on. */
const mayPass = ({ code }: StreamError): boolean =>
  code === 'unreachable' || code === 'overloaded' || code === 'protocol';

/** Full jitter under a ceiling that doubles; what the server asks for is kept to, within reason. */
function pauseAfter(failures: number, retryAfterMs: number | undefined, random: () => number): number {
  const ceiling = Math.min(mostPauseMs, 500 * 2 ** failures);
  return Math.min(mostPauseMs, Math.max(retryAfterMs ?? 0, random() * ceiling));
}
