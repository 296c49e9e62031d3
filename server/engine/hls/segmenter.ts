import { fragment, type Sample } from '#server/fmp4/fragment.ts';
import { initSegment, timescale } from '#server/fmp4/init.ts';
import { videoTrack, type VideoTrack } from '#server/fmp4/track.ts';
import type { CodecName } from '../h26x/codec.ts';
import type { Picture } from './assembly.ts';

/** What a player loads first: whole pictures, about 200 ms of them. */
export interface Part {
  readonly bytes: Uint8Array;
  /** In ticks of 1/90,000 s. */
  readonly duration: number;
  /** It begins with a keyframe. */
  readonly isIndependent: boolean;
}

export interface Segment {
  /** Media sequence number. */
  readonly msn: number;
  /** Discontinuity sequence number: another one than the segment before has means that timestamps or parameter sets do not follow. */
  readonly discontinuity: number;
  /** Names its initialisation segment: the number of the first segment that used it. */
  readonly init: number;
  /** When its first picture was taken, epoch ms, on the source's clock where that is known. */
  readonly startMs: number;
  readonly parts: readonly Part[];
  /** In ticks, of all parts so far. */
  readonly duration: number;
  readonly isComplete: boolean;
}

/** Ticks; RFC 8216bis names no sizes, these are what players are tried with: parts of 200 ms, segments of a second or more. */
const partTicks = 0.2 * timescale;
const leastSegment = 0.99 * timescale;
/** A camera whose keyframes are further apart than this gets segments that begin without one. */
const mostSegment = 20 * timescale;
const mostSegmentBytes = 8_000_000;
/** Complete segments in a playlist, and those kept a little longer for players that have just read an older one. */
const listed = 7;
const kept = listed + 2;
/** Of complete segments. Two are kept however large. */
const mostBytes = 16_000_000;
/** Pictures missing for longer than this before a keyframe are taken out of the time line: a player need not wait through them. */
const gapTicks = 0.5 * timescale;
/** While there is only one picture. */
const anyInterval = timescale / 25;
/** Intervals that the usual one is the median of. */
const rememberedSteps = 9;

interface Open extends Segment {
  parts: Part[];
  duration: number;
  isComplete: boolean;
  bytes: number;
}

/**
 * Cuts the pictures of a path into parts and segments of fragmented MP4. The newest picture is held back until the next
 * one tells how long it lasts, so that every duration is the true one. Bounded in memory; knows no clock and no timer.
 */
export class Segmenter {
  readonly #codec: CodecName;
  #segments: Open[] = [];
  readonly #inits = new Map<number, Uint8Array>();
  #open: Open | undefined;
  #nextMsn: number;
  /** From 0: hls.js walks up to this number with every playlist. */
  #discontinuity = 0;
  #track: VideoTrack | undefined;
  #sets = '';
  #init = 0;
  #pending: Picture | undefined;
  #samples: Sample[] = [];
  #partStart = 0;
  #partDuration = 0;
  /** Ticks between the newest pictures. */
  #steps: number[] = [];
  #sequence = 0;
  #targetS = 2;
  #longestPart = 0;

  /** @param first the first media sequence number. */
  constructor(codec: CodecName, first: number) {
    this.#codec = codec;
    this.#nextMsn = first;
  }

  /** The segments of a playlist, oldest first; the last one may be incomplete, and has a part at least. */
  get segments(): readonly Segment[] {
    const complete = this.#segments.slice(-listed);
    return this.#open !== undefined && this.#open.parts.length > 0 ? [...complete, this.#open] : complete;
  }

  /** The segment of that number, listed or just gone from the list. */
  segment(msn: number): Segment | undefined {
    return this.#open?.msn === msn ? this.#open : this.#segments.find((segment) => segment.msn === msn);
  }

  /** The initialisation segment that segments name with `init`. */
  init(name: number): Uint8Array | undefined {
    return this.#inits.get(name);
  }

  /** The part that comes next. */
  get next(): { readonly msn: number; readonly part: number } {
    return this.#open === undefined
      ? { msn: this.#nextMsn, part: 0 }
      : { msn: this.#open.msn, part: this.#open.parts.length };
  }

  /** What the newest pictures are. */
  get track(): VideoTrack | undefined {
    return this.#track;
  }

  /**
   * Seconds that no segment is longer than, rounded. It grows when a camera turns out to have its keyframes further
   * apart: the format forbids that, but the alternative would be to make every viewer wait for two keyframes first.
   */
  get targetS(): number {
    return this.#targetS;
  }

  /** Ticks that no part is longer than: room for a camera's jitter, and still less than 1/0.85 of a part. */
  get partTarget(): number {
    return Math.max(1.1 * partTicks, this.#longestPart);
  }

  /** Pictures per second, and bits per second on average and at most over a segment, of what is here. */
  get rates(): { readonly pictures: number; readonly average: number; readonly peak: number } {
    const all = [...this.#segments, ...(this.#open === undefined ? [] : [this.#open])].filter(
      (segment) => segment.duration > 0,
    );
    const perSecond = (segments: readonly Open[]): number =>
      (segments.reduce((sum, segment) => sum + segment.bytes * 8, 0) * timescale) /
      Math.max(
        1,
        segments.reduce((sum, segment) => sum + segment.duration, 0),
      );
    return {
      pictures: timescale / this.#usual,
      average: Math.ceil(perSecond(all)),
      peak: Math.ceil(Math.max(0, ...all.map((segment) => perSecond([segment])))),
    };
  }

  /**
   * Takes the next picture.
   * @param takenMs when it was taken, epoch ms
   * @returns whether a part has become complete
   */
  push(picture: Picture, takenMs: number): boolean {
    const before = this.next;
    const pending = this.#pending;
    if (pending === undefined) {
      if (!picture.isKeyframe) return false;
    } else {
      const step = Math.max(1, picture.timestamp - pending.timestamp);
      const isGap =
        picture.isKeyframe && this.#steps.length > 0 && step > Math.max(gapTicks, 3 * this.#usual);
      this.#append(pending, isGap ? this.#usual : step);
      if (!isGap) this.#steps = [...this.#steps.slice(1 - rememberedSteps), step];
      const isOther = picture.isKeyframe && fingerprint(picture.parameterSets) !== this.#sets;
      if (isGap || isOther) this.#discontinuity++;
      if (isGap || isOther || this.#isLongEnough(picture.isKeyframe)) this.#closeSegment();
      else if (this.#partDuration + this.#usual / 2 >= partTicks) this.#closePart();
    }
    this.#pending = undefined;
    if (this.#open === undefined && !this.#begin(picture, takenMs)) return false;
    if (this.#samples.length === 0) this.#partStart = picture.timestamp;
    this.#pending = picture;
    const after = this.next;
    return after.msn !== before.msn || after.part !== before.part;
  }

  /**
   * The source broke: what comes next begins with a keyframe, and does not follow.
   * @returns whether a part has become complete
   */
  break(): boolean {
    const pending = this.#pending;
    if (pending === undefined) return false;
    this.#append(pending, this.#usual);
    this.#pending = undefined;
    this.#closeSegment();
    this.#discontinuity++;
    return true;
  }

  get #usual(): number {
    return this.#steps.toSorted((a, b) => a - b)[this.#steps.length >> 1] ?? anyInterval;
  }

  #isLongEnough(isKeyframe: boolean): boolean {
    const open = this.#open;
    if (open === undefined) return true;
    const duration = open.duration + this.#partDuration;
    return isKeyframe ? duration >= leastSegment : duration >= mostSegment || open.bytes >= mostSegmentBytes;
  }

  #append(picture: Picture, duration: number): void {
    this.#samples.push({ units: picture.units, duration, isKeyframe: picture.isKeyframe });
    this.#partDuration += duration;
  }

  #closePart(): void {
    const open = this.#open;
    const first = this.#samples[0];
    if (open === undefined || first === undefined) return;
    const part: Part = {
      bytes: fragment(this.#sequence++ % 2 ** 32, this.#partStart, this.#samples),
      duration: this.#partDuration,
      isIndependent: first.isKeyframe,
    };
    open.parts.push(part);
    open.duration += part.duration;
    open.bytes += part.bytes.length;
    this.#longestPart = Math.max(this.#longestPart, part.duration);
    this.#samples = [];
    this.#partDuration = 0;
  }

  #closeSegment(): void {
    this.#closePart();
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    open.isComplete = true;
    this.#targetS = Math.max(this.#targetS, Math.round(open.duration / timescale));
    this.#segments.push(open);
    let bytes = this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
    while (this.#segments.length > kept || (bytes > mostBytes && this.#segments.length > 2))
      bytes -= this.#segments.shift()?.bytes ?? 0;
    for (const name of this.#inits.keys())
      if (name !== this.#init && !this.#segments.some((segment) => segment.init === name))
        this.#inits.delete(name);
  }

  /** Begins a segment. Gives whether it could: without readable parameter sets there is none. */
  #begin(picture: Picture, takenMs: number): boolean {
    const msn = this.#nextMsn;
    const sets = picture.isKeyframe ? fingerprint(picture.parameterSets) : this.#sets;
    if (sets !== this.#sets) {
      try {
        this.#track = videoTrack(this.#codec, picture.parameterSets);
      } catch (error) {
        if (error instanceof RangeError) return false;
        throw error;
      }
      this.#sets = sets;
      this.#init = msn;
      this.#inits.set(msn, initSegment(this.#track));
    }
    this.#nextMsn++;
    this.#open = {
      msn,
      discontinuity: this.#discontinuity,
      init: this.#init,
      startMs: takenMs,
      parts: [],
      duration: 0,
      bytes: 0,
      isComplete: false,
    };
    return true;
  }
}

function fingerprint(sets: readonly Uint8Array[]): string {
  return sets.map((set) => Buffer.from(set).toString('latin1')).join('\n');
}
