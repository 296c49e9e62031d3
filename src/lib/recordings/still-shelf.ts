import { ByteLru } from './byte-lru.ts';
import type { FrameSource, Gop } from './frame-source.ts';
import { KeyframeDecoder } from './keyframe-decoder.ts';
import { askJpeg, type AskJpeg } from './jpeg-still.ts';
import { PastError } from './past-error.ts';
import type { Wanted } from './scrub.ts';
import { StillLanes, type StillLanesOptions } from './still-lanes.ts';

/** A keyframe, decoded and made small, or a picture that the recorder has made small. */
export interface PastStill {
  /** Of the picture, epoch ms. */
  readonly time: number;
  /** Undefined once it has been pushed out: look it up again. */
  readonly bitmap: ImageBitmap;
}

/** A lane, and how many pictures it has to make. */
interface Lane {
  readonly number: number;
  busy: number;
}

/** A still and whose it is. */
interface Placed extends PastStill {
  readonly cameraId: string;
}

export interface StillShelfOptions extends StillLanesOptions {
  readonly ask?: AskJpeg;
  /** Bytes of pictures that are kept. */
  readonly limitBytes?: number;
}

/** What is asked of a recorder that makes pictures small itself, px. */
const stillWidth = 480;
const mostBytes = 160 * 1024 * 1024;
/** Beside them, what lies ahead of a hand: 140 pictures of nine cameras. */
const foreseenBytes = 32 * 1024 * 1024;
/** So many places of each camera are kept: a hand that goes back over them finds them there. */
const keptPlaces = 80;
const widths = { least: 240, most: 640 };

/** Decoders are few: three of them keep nine tiles busy, and the machine alive. */
const laneCount = 3;
/** What it costs to set a decoder up for other pictures: as much as two of them. */
const newBeginning = 2;
/** Pictures are so far apart at the slowest that anybody records for hovering to be exact, ms. */
const exactMs = 100;
/** A recorder that makes no JPEGs is not asked for any again for so long, ms. */
const restMs = 60_000;
/** Answers about the moment or the person, whichever way a picture is asked for. */
const final: ReadonlySet<string> = new Set(['no-recording', 'not-permitted', 'not-found', 'signed-out']);

/** How wide pictures of so many cameras are kept, px: the more of them, the smaller is the tile that shows one. */
export function widthFor(cameras: number): number {
  const pixels = mostBytes / 4 / keptPlaces / Math.max(1, cameras);
  return Math.min(widths.most, Math.max(widths.least, 16 * Math.floor(Math.sqrt((pixels * 16) / 9) / 16)));
}

/**
 * Small pictures of all cameras' past: keyframes for dragging and for high speeds, the recorder's own JPEGs for hovering and
 * where keyframes cannot be decoded. For one page.
 */
export class StillShelf {
  readonly #source: FrameSource;
  readonly #askJpeg: AskJpeg;
  readonly #kept: ByteLru<string, Placed>;
  /** What was decoded ahead and has not been looked at yet: it must not push out what has. */
  readonly #foreseen: ByteLru<string, Placed>;
  /** By camera: when the stills that are here were taken, ascending. */
  readonly #times = new Map<string, number[]>();
  readonly #making: StillLanes;
  readonly #lanes: readonly Lane[] = Array.from({ length: laneCount }, (_, number) => ({ number, busy: 0 }));
  readonly #under = new Map<string, Promise<PastStill>>();
  readonly #end = new AbortController();
  #jpegRestsUntil = -Infinity;
  /** What is decoded ahead of need: one after the other, so that it never takes the decoders from what is needed now. */
  #ahead: Promise<unknown> = Promise.resolve();
  readonly #aheadLane: Lane = { number: laneCount, busy: 0 };
  /** For keyframes as they were coded, of which one is wanted now and then. */
  readonly #largeDecoder = new KeyframeDecoder();

  /** How wide keyframes are kept from now on, px. */
  keyframeWidth = widthFor(9);

  constructor(source: FrameSource, { ask = askJpeg, limitBytes, startWorker }: StillShelfOptions = {}) {
    this.#making = new StillLanes(laneCount + 1, { startWorker });
    this.#source = source;
    this.#askJpeg = ask;
    this.#kept = new ByteLru(limitBytes ?? mostBytes, (still) => this.#gone(still));
    this.#foreseen = new ByteLru(foreseenBytes, (still) => this.#gone(still));
  }

  /** The newest still here of those at or before `time`, no older than `toleranceMs`; else the next one after it. */
  best(cameraId: string, time: number, toleranceMs: number): PastStill | undefined {
    const times = this.#times.get(cameraId);
    if (!times) return undefined;
    const at = times.findLastIndex((one) => one <= time);
    const [earlier, later] = [times[at], times[at + 1]];
    if (earlier !== undefined && earlier >= time - toleranceMs) return this.#look(`${cameraId} ${earlier}`);
    return later !== undefined && later <= time + toleranceMs
      ? this.#look(`${cameraId} ${later}`)
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

  /**
   * The keyframes of many cameras and moments, most wanted first, by one request; failures are those of who needs one.
   * Nothing more is decoded once the signal has ended.
   */
  async fill(wanted: readonly Wanted[], signal: AbortSignal): Promise<void> {
    const forgiven = (): undefined => undefined;
    const decode = async ({ cameraId, at }: Wanted): Promise<void> => {
      const gop = signal.aborted ? undefined : this.#source.kept(cameraId, 'sub', 'keyframe', at);
      if (gop) await this.#still(gop, this.#aheadLane);
    };
    await this.#source
      .fill(wanted, 'sub', signal, (one) => {
        this.#ahead = this.#ahead.then(() => decode(one)).catch(forgiven);
      })
      .catch(forgiven);
    await this.#ahead;
  }

  /**
   * The keyframe at or before `time` as large as it was coded, and when it was taken; whoever gets it closes it. Undefined where it is not here or
   * what is kept of it is no smaller. Throws a {@link PastError}.
   */
  async large(
    cameraId: string,
    time: number,
  ): Promise<{ readonly time: number; readonly frame: VideoFrame } | undefined> {
    const gop = this.#source.kept(cameraId, 'sub', 'keyframe', time);
    if (!gop || gop.width <= this.keyframeWidth) return undefined;
    return { time: gop.start, frame: await this.#largeDecoder.decode(gop) };
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
    const still = await this.#still(gop);
    signal.throwIfAborted();
    return still;
  }

  /** The group's keyframe, decoded unless it is here already. */
  async #still(gop: Gop, by?: Lane): Promise<PastStill> {
    const key = `${gop.cameraId} ${gop.start}`;
    const isAhead = by === this.#aheadLane;
    const kept = isAhead ? (this.#kept.get(key) ?? this.#foreseen.get(key)) : this.#look(key);
    if (kept) return kept;
    let under = this.#under.get(key);
    if (!under) {
      under = this.#make(gop, by ?? this.#freeFor(gop)).finally(() => this.#under.delete(key));
      this.#under.set(key, under);
    }
    return await under;
  }

  /** What is here under that name. Once it was looked at it is no longer only foreseen. */
  #look(key: string): Placed | undefined {
    const foreseen = this.#foreseen.take(key);
    if (foreseen) this.#kept.set(key, foreseen.value, foreseen.bytes);
    return this.#kept.get(key);
  }

  /** The lane that is through with it soonest. */
  #freeFor(gop: Gop): Lane {
    const cost = ({ number, busy }: Lane): number =>
      busy + (this.#making.isFor(number, gop) ? 0 : newBeginning);
    return this.#lanes.reduce((best, one) => (cost(one) < cost(best) ? one : best));
  }

  /** Gives back every picture and decoder. Safe to call twice. */
  close(): void {
    this.#end.abort();
    this.#kept.clear();
    this.#foreseen.clear();
    this.#times.clear();
    this.#making.close();
    this.#largeDecoder.close();
  }

  async #make(gop: Gop, lane: Lane): Promise<PastStill> {
    lane.busy++;
    try {
      const width = Math.min(this.keyframeWidth, gop.width);
      const bitmap = await this.#making.make(lane.number, gop, width);
      return this.#keep(gop.cameraId, { time: gop.start, bitmap }, lane === this.#aheadLane);
    } finally {
      lane.busy--;
    }
  }

  #keep(cameraId: string, still: PastStill, isAhead = false): PastStill {
    const { time, bitmap } = still;
    const placed = { ...still, cameraId };
    if (this.#end.signal.aborted) {
      bitmap.close();
      throw new PastError('damaged', 'The shelf is closed');
    }
    const times = this.#times.get(cameraId) ?? [];
    this.#times.set(cameraId, times);
    // What is replaced leaves its place first.
    const key = `${cameraId} ${time}`;
    this.#kept.delete(key);
    this.#foreseen.delete(key);
    times.splice(times.findLastIndex((one) => one <= time) + 1, 0, time);
    (isAhead ? this.#foreseen : this.#kept).set(key, placed, bitmap.width * bitmap.height * 4);
    return placed;
  }

  #gone({ cameraId, time, bitmap }: Placed): void {
    bitmap.close();
    const times = this.#times.get(cameraId);
    const at = times?.lastIndexOf(time) ?? -1;
    if (at >= 0) times?.splice(at, 1);
  }
}
