import type { Gop } from './frame-source.ts';
import { PastError } from './past-error.ts';

/** What a decoder needs of a group of pictures. */
export type CodedGroup = Pick<Gop, 'codec' | 'description' | 'width' | 'height' | 'frames'>;

const supported = new Map<string, Promise<boolean>>();

/** Whether this browser has WebCodecs at all. It needs a secure context. */
export function hasWebCodecs(): boolean {
  return typeof VideoDecoder === 'function';
}

/** Throws a {@link PastError} with the code `codec` unless this browser can decode the group. Asked once per codec. */
export async function needCodec(gop: CodedGroup): Promise<void> {
  if (!hasWebCodecs()) throw new PastError('codec', 'The browser has no WebCodecs');
  let answer = supported.get(gop.codec);
  if (!answer) {
    answer = VideoDecoder.isConfigSupported(configOf(gop)).then(
      ({ supported: is }) => is === true,
      () => false,
    );
    supported.set(gop.codec, answer);
  }
  if (!(await answer)) throw new PastError('codec', `The browser cannot decode ${gop.codec}`);
}

export function configOf({ codec, description, width, height }: CodedGroup): VideoDecoderConfig {
  return { codec, description, codedWidth: width, codedHeight: height, optimizeForLatency: true };
}

/** Groups with the same one need no new beginning of a decoder. */
export function setupOf({ codec, description }: CodedGroup): string {
  return `${codec} ${description.join()}`;
}

/** Microseconds, as WebCodecs counts; epoch microseconds are whole numbers well below 2^53. */
export function chunkOf(frame: Gop['frames'][number]): EncodedVideoChunk {
  return new EncodedVideoChunk({
    type: frame.isKey ? 'key' : 'delta',
    timestamp: frame.time * 1000,
    data: frame.data,
  });
}

/** When a decoded frame was taken, epoch ms. */
export function timeOfFrame(frame: VideoFrame): number {
  return Math.round(frame.timestamp / 1000);
}

/** One decoder of the browser's, made when it is needed and again when the browser has taken it away. */
export class OneDecoder {
  readonly #init: VideoDecoderInit;
  #decoder: VideoDecoder | undefined;
  #configured = '';

  constructor(init: VideoDecoderInit) {
    this.#init = init;
  }

  /** It, set up for such pictures. Throws what `configure` throws. */
  for(group: CodedGroup): VideoDecoder {
    if (!this.#decoder || this.#decoder.state === 'closed') {
      this.#configured = '';
      this.#decoder = new VideoDecoder(this.#init);
    }
    const configured = setupOf(group);
    if (configured !== this.#configured) this.#decoder.configure(configOf(group));
    this.#configured = configured;
    return this.#decoder;
  }

  /** Gives it back, with what is inside. Safe to call twice. */
  drop(): void {
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.#decoder = undefined;
  }
}

/** Decodes parts of groups, one after the other. Every frame that is not given out is closed at once. */
export class GopDecoder {
  readonly #decoder = new OneDecoder({
    output: (frame) => this.#onFrame(frame),
    error: (cause) => this.#fail?.(cause),
  });
  #onFrame: (frame: VideoFrame) => void = (frame) => frame.close();
  #fail: ((cause: unknown) => void) | undefined;
  #isClosed = false;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Decodes the first `count` frames of a group and gives each to `onFrame`, who closes it. Calls queue. Throws a
   * {@link PastError}, or the signal's reason.
   */
  async each(
    gop: CodedGroup,
    onFrame: (frame: VideoFrame) => void,
    signal: AbortSignal,
    count = gop.frames.length,
  ): Promise<void> {
    const turn = this.#last.then(() => this.#decode(gop, onFrame, signal, count));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Gives the decoder back. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    this.#decoder.drop();
  }

  async #decode(
    gop: CodedGroup,
    onFrame: (frame: VideoFrame) => void,
    signal: AbortSignal,
    count: number,
  ): Promise<void> {
    signal.throwIfAborted();
    if (this.#isClosed) throw new PastError('damaged', 'The decoder is closed');
    await needCodec(gop);
    signal.throwIfAborted();
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    const leave = (): void => failed.reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    this.#fail = failed.reject;
    this.#onFrame = onFrame;
    try {
      const decoder = this.#decoder.for(gop);
      for (const frame of gop.frames.slice(0, count)) decoder.decode(chunkOf(frame));
      await Promise.race([decoder.flush(), failed.promise]);
    } catch (cause) {
      // What is under way must not come out into the next turn.
      this.#decoder.drop();
      signal.throwIfAborted();
      throw new PastError('damaged', 'The recording does not decode', { cause });
    } finally {
      signal.removeEventListener('abort', leave);
      this.#onFrame = (frame) => frame.close();
      this.#fail = undefined;
    }
  }
}
