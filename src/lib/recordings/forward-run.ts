import type { Gop } from './frame-source.ts';
import { chunkOf, configOf, setupOf, timeOfFrame } from './gop-decoder.ts';
import { PastError } from './past-error.ts';

/** Decoded pictures held at once: enough for a hiccup, few enough for decoders that own a fixed number. */
const mostReady = 6;
/** Coded pictures given to the decoder and not yet out. */
const mostInside = 8;

/**
 * Decodes forward, group after group, a little ahead of the time that is shown. Nothing is flushed in between, so going
 * from one group into the next costs nothing.
 */
export class ForwardRun {
  readonly #decoder: VideoDecoder;
  #configured = '';
  readonly #gops: Gop[] = [];
  #next = 0;
  #inside = 0;
  #ready: VideoFrame[] = [];
  #shown = -Infinity;
  #failure: PastError | undefined;

  constructor() {
    this.#decoder = new VideoDecoder({
      output: (frame) => {
        this.#inside = Math.max(0, this.#inside - 1);
        this.#ready.push(frame);
      },
      error: (cause) => {
        this.#failure = new PastError('damaged', 'The recording does not decode', { cause });
      },
    });
  }

  /** What broke the decoder; a run does not recover. */
  get failure(): PastError | undefined {
    return this.#failure;
  }

  /** The last group it was given. */
  get last(): Gop | undefined {
    return this.#gops.at(-1);
  }

  /** Gives it the next group, or more of the last one: it was still being recorded. */
  add(gop: Gop): void {
    const last = this.#gops.length - 1;
    if (this.#gops[last]?.start === gop.start) this.#gops[last] = gop;
    else this.#gops.push(gop);
  }

  /** Decodes on so that `time` can be shown soon. Pictures before it are decoded all the same, and not kept. */
  pump(time: number): void {
    if (this.#failure || this.#decoder.state === 'closed') return;
    this.#drop(time);
    while (this.#ready.length < mostReady && this.#inside < mostInside) {
      const gop = this.#gops[0];
      if (!gop) return;
      const frame = gop.frames[this.#next];
      if (!frame) {
        if (this.#gops.length > 1) {
          this.#gops.shift();
          this.#next = 0;
          continue;
        }
        return;
      }
      try {
        const configured = setupOf(gop);
        if (configured !== this.#configured) this.#decoder.configure(configOf(gop));
        this.#configured = configured;
        this.#decoder.decode(chunkOf(frame));
      } catch (cause) {
        this.#failure = new PastError('damaged', 'The recording does not decode', { cause });
        return;
      }
      this.#inside++;
      this.#next++;
    }
  }

  /**
   * The picture for `time`, if there is a later one than was given before; older ones are closed. Whoever gets it closes
   * it. Undefined while nothing new is due, or it is not decoded yet.
   */
  take(time: number): VideoFrame | undefined {
    this.#drop(time);
    const [first] = this.#ready;
    if (!first || timeOfFrame(first) > time) return undefined;
    this.#ready.shift();
    if (timeOfFrame(first) <= this.#shown) {
      first.close();
      return undefined;
    }
    this.#shown = timeOfFrame(first);
    return first;
  }

  /** Whether what is shown at `time` has been given out: the next picture is known to be later. */
  isUpTo(time: number): boolean {
    if (this.#shown > time) return true;
    const [next] = this.#ready;
    if (next) return timeOfFrame(next) > time && this.#shown > -Infinity;
    // Nothing decoded is waiting: is there anything coded that is due?
    const due = this.#gops.some(({ frames }) =>
      frames.some((frame) => frame.time > this.#shown && frame.time <= time),
    );
    return !due && this.#shown > -Infinity;
  }

  /** Gives back the decoder and every picture. Safe to call twice. */
  close(): void {
    for (const frame of this.#ready) frame.close();
    this.#ready = [];
    if (this.#decoder.state !== 'closed') this.#decoder.close();
  }

  /** Closes pictures that a later one replaces by `time`. */
  #drop(time: number): void {
    this.#ready.sort((a, b) => a.timestamp - b.timestamp);
    while (this.#ready.length > 1 && this.#ready[1] && timeOfFrame(this.#ready[1]) <= time)
      this.#ready.shift()?.close();
  }
}
