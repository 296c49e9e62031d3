import { ByteLru } from './byte-lru.ts';
import type { FrameSource } from './frame-source.ts';
import { GopDecoder } from './gop-decoder.ts';
import { PastError } from './past-error.ts';

/** A keyframe, decoded and made small. */
export interface PastStill {
  readonly time: number;
  /** Undefined once it has been pushed out: look it up again. */
  readonly bitmap: ImageBitmap;
}

/** Wide enough for a tile that is being dragged over, px. 480 × 270 are half a megabyte. */
const stillWidth = 480;
const limitBytes = 128 * 1024 * 1024;
/** Decoders are few: three of them keep nine tiles busy, and the page alive. */
const decoderCount = 3;

/** Keyframes of all cameras as small pictures, for dragging, for high speeds and for hovering. For one page. */
export class StillShelf {
  readonly #source: FrameSource;
  readonly #kept: ByteLru<string, PastStill>;
  readonly #times = new Map<string, number[]>();
  readonly #decoders = Array.from({ length: decoderCount }, () => ({ decoder: new GopDecoder(), busy: 0 }));
  readonly #under = new Map<string, Promise<PastStill>>();
  readonly #end = new AbortController();

  constructor(source: FrameSource) {
    this.#source = source;
    this.#kept = new ByteLru(limitBytes, ({ bitmap }) => bitmap.close());
  }

  /** The newest still here of those at or before `time`, no older than `toleranceMs`; else the next one after it. */
  best(cameraId: string, time: number, toleranceMs: number): PastStill | undefined {
    const times = this.#times.get(cameraId);
    if (!times) return undefined;
    let at = times.findLastIndex((one) => one <= time);
    for (; at >= 0; at--) {
      const one = times[at];
      if (one === undefined || one < time - toleranceMs) break;
      const still = this.#kept.get(`${cameraId} ${one}`);
      if (still) return still;
    }
    const later = times.find((one) => one > time && one <= time + toleranceMs);
    return later === undefined ? undefined : this.#kept.get(`${cameraId} ${later}`);
  }

  /**
   * The keyframe at or before `time`, fetched and decoded if need be. Throws a {@link PastError}, or the signal's reason.
   */
  async load(cameraId: string, time: number, signal: AbortSignal): Promise<PastStill> {
    const gop = await this.#source.get(cameraId, 'sub', 'keyframe', time, signal);
    const key = `${cameraId} ${gop.start}`;
    const kept = this.#kept.get(key);
    if (kept) return kept;
    let under = this.#under.get(key);
    if (!under) {
      under = this.#decode(gop).finally(() => this.#under.delete(key));
      this.#under.set(key, under);
    }
    const still = await under;
    signal.throwIfAborted();
    return still;
  }

  /** Gives back every picture and decoder. Safe to call twice. */
  close(): void {
    this.#end.abort();
    this.#kept.clear();
    this.#times.clear();
    for (const { decoder } of this.#decoders) decoder.close();
  }

  async #decode(gop: Awaited<ReturnType<FrameSource['get']>>): Promise<PastStill> {
    const free = this.#decoders.reduce((least, one) => (one.busy < least.busy ? one : least));
    free.busy++;
    try {
      const frame = await free.decoder.frameAt(gop, gop.start, this.#end.signal);
      const width = Math.min(stillWidth, gop.width);
      const height = Math.max(1, Math.round((width * gop.height) / gop.width));
      const bitmap = await createImageBitmap(frame, { resizeWidth: width, resizeHeight: height }).finally(
        () => frame.close(),
      );
      const still = { time: gop.start, bitmap };
      if (this.#end.signal.aborted) {
        bitmap.close();
        throw new PastError('damaged', 'The shelf is closed');
      }
      const times = this.#times.get(gop.cameraId) ?? [];
      this.#times.set(gop.cameraId, times);
      const at = times.findLastIndex((one) => one <= gop.start);
      if (times[at] !== gop.start) times.splice(at + 1, 0, gop.start);
      this.#kept.set(`${gop.cameraId} ${gop.start}`, still, width * height * 4);
      return still;
    } finally {
      free.busy--;
    }
  }
}
