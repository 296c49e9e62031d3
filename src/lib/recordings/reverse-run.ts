import type { Gop } from './frame-source.ts';
import { type GopDecoder, timeOfFrame } from './gop-decoder.ts';

interface Picture {
  readonly time: number;
  readonly bitmap: ImageBitmap;
}

/** A group whose pictures are all there, so that it can be shown backwards. */
interface Unrolled {
  readonly gop: Gop;
  readonly pictures: readonly Picture[];
}

export interface ReverseRunOptions {
  readonly decoder: GopDecoder;
  /** Bytes of decoded pictures that may be held. Fewer pictures of each group are kept where it is too little. */
  readonly limitBytes: number;
  /** Device pixels that the tile is wide: larger pictures are made no larger than that. */
  readonly width: () => number;
}

/** Groups are coded forwards: to go back, each is decoded whole, and shown from its end. Holds two at a time. */
export class ReverseRun {
  readonly #options: ReverseRunOptions;
  #groups: Unrolled[] = [];
  #under: Promise<void> | undefined;
  readonly #end = new AbortController();

  constructor(options: ReverseRunOptions) {
    this.#options = options;
  }

  /** Whether it holds the group that answers for `time`. */
  has(time: number): boolean {
    return this.#groups.some(({ gop }) => isIn(gop, time));
  }

  /** Whether it is decoding a group now. */
  get isBusy(): boolean {
    return this.#under !== undefined;
  }

  /** The picture for `time`: the last one kept of those at or before it. It stays the run's own. */
  at(time: number): Picture | undefined {
    const group = this.#groups.find(({ gop }) => isIn(gop, time));
    return group?.pictures.findLast((picture) => picture.time <= time) ?? group?.pictures[0];
  }

  /**
   * Decodes a group, keeping every `stride`th picture counted back from its end. One at a time: resolves at once when
   * another is under way. Throws what the decoder throws.
   */
  async unroll(gop: Gop, speed: number): Promise<void> {
    if (this.#under || this.#end.signal.aborted) return;
    this.#under = this.#unroll(gop, Math.abs(speed)).finally(() => (this.#under = undefined));
    await this.#under;
  }

  /** Gives back every picture. Safe to call twice. */
  close(): void {
    this.#end.abort();
    for (const group of this.#groups) close(group);
    this.#groups = [];
  }

  async #unroll(gop: Gop, speed: number): Promise<void> {
    const { decoder, limitBytes, width } = this.#options;
    const { signal } = this.#end;
    const scaled = Math.min(1, Math.max(160, width()) / gop.width);
    const size = {
      resizeWidth: Math.max(2, Math.round(gop.width * scaled)),
      resizeHeight: Math.max(2, Math.round(gop.height * scaled)),
    };
    const bytes = size.resizeWidth * size.resizeHeight * 4;
    const room = Math.max(1, Math.floor(limitBytes / 2 / bytes));
    // Faster than the screen draws, some are skipped anyway.
    const stride = Math.max(1, Math.ceil(gop.frames.length / room), Math.floor(speed));
    const kept = new Set(
      gop.frames
        .map(({ time }) => time)
        .sort((a, b) => b - a)
        .filter((_, i) => i % stride === 0),
    );
    const pending: Promise<Picture>[] = [];
    try {
      await decoder.each(
        gop,
        (frame) => {
          const time = timeOfFrame(frame);
          if (!kept.has(time)) {
            frame.close();
            return;
          }
          pending.push(
            createImageBitmap(frame, size)
              .then((bitmap) => ({ time, bitmap }))
              .finally(() => frame.close()),
          );
        },
        signal,
      );
    } finally {
      const done = await Promise.allSettled(pending);
      const pictures = done.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const group = { gop, pictures: pictures.sort((a, b) => a.time - b.time) };
      if (signal.aborted) close(group);
      else this.#keep(group);
    }
  }

  #keep(group: Unrolled): void {
    this.#groups.push(group);
    while (this.#groups.length > 2) {
      const gone = this.#groups.shift();
      if (gone) close(gone);
    }
  }
}

const isIn = ({ start, end, frames }: Gop, time: number): boolean =>
  time >= start && time < (end ?? (frames.at(-1)?.time ?? start) + 1);

function close({ pictures }: Unrolled): void {
  for (const { bitmap } of pictures) bitmap.close();
}
