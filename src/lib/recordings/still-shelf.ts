import { ByteLru } from './byte-lru.ts';
import type { FrameSource } from './frame-source.ts';
import { GopDecoder } from './gop-decoder.ts';
import { askJpeg, type AskJpeg } from './jpeg-still.ts';
import { PastError } from './past-error.ts';

/** A keyframe, decoded and made small, or a picture that the recorder has made small. */
export interface PastStill {
  /** Of the picture, epoch ms. */
  readonly time: number;
  /** Undefined once it has been pushed out: look it up again. */
  readonly bitmap: ImageBitmap;
}

/** A still and whose it is. */
interface Placed extends PastStill {
  readonly cameraId: string;
}

export interface StillShelfOptions {
  readonly ask?: AskJpeg;
  /** Bytes of pictures that are kept. */
  readonly limitBytes?: number;
}

/** Wide enough for a tile that is being dragged over, px. 480 × 270 are half a megabyte. */
const stillWidth = 480;
const mostBytes = 128 * 1024 * 1024;
/** Decoders are few: three of them keep nine tiles busy, and the page alive. */
const decoderCount = 3;
/** Pictures are so far apart at the slowest that anybody records for hovering to be exact, ms. */
const exactMs = 100;
/** A recorder that makes no JPEGs is not asked for any again for so long, ms. */
const restMs = 60_000;
/** Answers about the moment or the person, whichever way a picture is asked for. */
const final: ReadonlySet<string> = new Set(['no-recording', 'not-permitted', 'not-found', 'signed-out']);

/**
 * Small pictures of all cameras' past: keyframes for dragging and for high speeds, the recorder's own JPEGs for hovering and
 * where keyframes cannot be decoded. For one page.
 */
export class StillShelf {
  readonly #source: FrameSource;
  readonly #askJpeg: AskJpeg;
  readonly #kept: ByteLru<string, Placed>;
  /** By camera: when the stills that are here were taken, ascending. */
  readonly #times = new Map<string, number[]>();
  readonly #decoders = Array.from({ length: decoderCount }, () => ({ decoder: new GopDecoder(), busy: 0 }));
  readonly #under = new Map<string, Promise<PastStill>>();
  readonly #end = new AbortController();

  #jpegRestsUntil = -Infinity;

  constructor(source: FrameSource, { ask = askJpeg, limitBytes }: StillShelfOptions = {}) {
    this.#source = source;
    this.#askJpeg = ask;
    this.#kept = new ByteLru(limitBytes ?? mostBytes, (still) => this.#gone(still));
  }

  /** The newest still here of those at or before `time`, no older than `toleranceMs`; else the next one after it. */
  best(cameraId: string, time: number, toleranceMs: number): PastStill | undefined {
    const times = this.#times.get(cameraId);
    if (!times) return undefined;
    const at = times.findLastIndex((one) => one <= time);
    const [earlier, later] = [times[at], times[at + 1]];
    if (earlier !== undefined && earlier >= time - toleranceMs)
      return this.#kept.get(`${cameraId} ${earlier}`);
    return later !== undefined && later <= time + toleranceMs
      ? this.#kept.get(`${cameraId} ${later}`)
      : undefined;
  }

  /**
   * The picture of that moment itself, as the recorder makes it small; the keyframe before it where the recorder does
   * not. Throws a {@link PastError}, or the signal's reason.
   */
  async exact(cameraId: string, time: number, signal: AbortSignal): Promise<PastStill> {
    signal.throwIfAborted();
    const kept = this.best(cameraId, time, exactMs);
    if (kept && kept.time <= time) return kept;
    if (performance.now() >= this.#jpegRestsUntil)
      try {
        return await this.#loadJpeg(cameraId, time, signal);
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof PastError && final.has(cause.code)) throw cause;
        this.#jpegRestsUntil = performance.now() + restMs;
      }
    return this.#loadKeyframe(cameraId, time, signal);
  }

  /**
   * The keyframe at or before `time`, fetched and decoded if need be; the recorder's JPEG where this browser cannot decode
   * it. Throws a {@link PastError}, or the signal's reason.
   */
  async load(cameraId: string, time: number, signal: AbortSignal): Promise<PastStill> {
    try {
      return await this.#loadKeyframe(cameraId, time, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const isBlind =
        cause instanceof PastError && (cause.code === 'codec' || cause.code === 'not-supported');
      if (!isBlind || performance.now() < this.#jpegRestsUntil) throw cause;
      return await this.#loadJpeg(cameraId, time, signal).catch((other: unknown) => {
        signal.throwIfAborted();
        // Why there are no keyframes is what there is to know.
        if (!(other instanceof PastError) || !final.has(other.code)) throw cause;
        throw other;
      });
    }
  }

  /** The keyframes of many moments of a camera, most wanted first, by one request; failures are those of who needs one. */
  async fill(cameraId: string, moments: readonly number[], signal: AbortSignal): Promise<void> {
    const forgiven = (): undefined => undefined;
    const decoding: Promise<unknown>[] = [];
    await this.#source
      .fill(cameraId, 'sub', moments, signal, (moment) => {
        decoding.push(this.#loadKeyframe(cameraId, moment, signal).catch(forgiven));
      })
      .catch(forgiven);
    await Promise.all(decoding);
  }

  async #loadJpeg(cameraId: string, time: number, signal: AbortSignal): Promise<PastStill> {
    const { time: found, jpeg } = await this.#askJpeg(cameraId, time, stillWidth, signal);
    const bitmap = await createImageBitmap(jpeg).catch((cause: unknown) => {
      throw new PastError('damaged', 'The still cannot be read', { cause });
    });
    return this.#keep(cameraId, { time: found, bitmap });
  }

  async #loadKeyframe(cameraId: string, time: number, signal: AbortSignal): Promise<PastStill> {
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
      return this.#keep(gop.cameraId, { time: gop.start, bitmap });
    } finally {
      free.busy--;
    }
  }

  #keep(cameraId: string, still: PastStill): PastStill {
    const { time, bitmap } = still;
    const placed = { ...still, cameraId };
    if (this.#end.signal.aborted) {
      bitmap.close();
      throw new PastError('damaged', 'The shelf is closed');
    }
    const times = this.#times.get(cameraId) ?? [];
    this.#times.set(cameraId, times);
    // What is replaced leaves its place first.
    this.#kept.delete(`${cameraId} ${time}`);
    times.splice(times.findLastIndex((one) => one <= time) + 1, 0, time);
    this.#kept.set(`${cameraId} ${time}`, placed, bitmap.width * bitmap.height * 4);
    return placed;
  }

  #gone({ cameraId, time, bitmap }: Placed): void {
    bitmap.close();
    const times = this.#times.get(cameraId);
    const at = times?.lastIndexOf(time) ?? -1;
    if (at >= 0) times?.splice(at, 1);
  }
}
