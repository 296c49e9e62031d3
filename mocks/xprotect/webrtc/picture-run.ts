import type { AccessUnit, Format, PictureSubject } from '#mocks/camera/pictures.ts';
import type { CameraFault } from '../faults.ts';
import type { CodedPicture } from '../image-server/coded-pictures.ts';
import type { LivePictures } from '../image-server/live-feed.ts';
import type { RecordedFrames } from '../image-server/recorded-frames.ts';
import type { PlaybackWish } from './wish.ts';

/** A picture and the time it is sent with: ms since the session's origin, not 90 kHz. */
export interface DuePicture {
  readonly unit: AccessUnit & CodedPicture;
  readonly timestamp: number;
}

/** The pictures of one session, as they fall due. */
export interface PictureRun {
  /** When to ask again, epoch ms. `Infinity`: there will be no more. */
  readonly dueAt: number;
  /** Those that are due; begins with the first call. Throws when a picture cannot be made. */
  take(now: number): DuePicture[];
}

/** How often it is looked whether a camera has come back, or more is recorded, ms. */
const lookMs = 250;
/** After a pause longer than this the past is not sent any more, ms. */
const catchUpMs = 3000;
/** Timestamps are 32-bit integers with a sign somewhere inside the gateway: 24.8 days. Behind it there is no picture. */
const lastTimestamp = 2 ** 31 - 1;

export interface LiveParts {
  readonly pictures: LivePictures;
  readonly subject: PictureSubject;
  readonly format: Format;
  /** What is wrong with the camera at the moment. */
  fault(): CameraFault | undefined;
}

/** What is live, from the keyframe before now onwards; its time is the origin. */
export class LiveRun implements PictureRun {
  readonly #of: LiveParts;
  #next: number | undefined;
  #origin: number | undefined;
  #frozen: DuePicture['unit'] | undefined;
  /** It was frozen: what is sent is coded as keyframes until one is due. */
  #thaws = false;
  dueAt = 0;

  constructor(of: LiveParts) {
    this.#of = of;
  }

  take(now: number): DuePicture[] {
    const { pictures, subject, format } = this.#of;
    const fault = this.#of.fault();
    if (fault === 'offline' || fault === 'silent') {
      this.#next = undefined;
      this.dueAt = now + lookMs;
      return [];
    }
    const newest = pictures.indexAt(subject, format, now);
    const timeOf = (index: number): number => pictures.timeOf(subject, format, index);
    if (this.#next === undefined || now - timeOf(this.#next) > catchUpMs)
      this.#next = pictures.keyframeAtOrBefore(subject, format, newest);
    if (fault !== 'frozen' && this.#frozen !== undefined) {
      this.#frozen = undefined;
      this.#thaws = true;
    }
    const due: DuePicture[] = [];
    for (; this.#next <= newest; this.#next++) {
      if (fault === 'frozen') this.#frozen ??= pictures.asKeyframe(subject, format, this.#next);
      if (pictures.keyframeAtOrBefore(subject, format, this.#next) === this.#next) this.#thaws = false;
      const coded = this.#thaws ? 'asKeyframe' : 'at';
      this.#origin ??= timeOf(this.#next);
      due.push({
        unit: this.#frozen ?? pictures[coded](subject, format, this.#next),
        timestamp: timeOf(this.#next) - this.#origin,
      });
    }
    this.dueAt = timeOf(this.#next);
    return due;
  }
}

/**
 * What was recorded, from the first keyframe at or after the wished time. The origin is the wished time, so timestamps jump
 * with the gaps. Where nothing is recorded it stands still for as long as the gap is, or jumps (`skipsGaps`).
 */
export class RecordedRun implements PictureRun {
  readonly #frames: RecordedFrames;
  readonly #unitAt: (index: number) => DuePicture['unit'];
  readonly #wish: PlaybackWish;
  /** Where playback was, and when that was. */
  #anchor: { mediaMs: number; wallMs: number } | undefined;
  #last: number | undefined;
  dueAt = 0;

  constructor(frames: RecordedFrames, unitAt: (index: number) => DuePicture['unit'], wish: PlaybackWish) {
    this.#frames = frames;
    this.#unitAt = unitAt;
    this.#wish = wish;
  }

  take(now: number): DuePicture[] {
    const { from, skipsGaps, speed } = this.#wish;
    const due: DuePicture[] = [];
    this.#anchor ??= { mediaMs: from, wallMs: now };
    for (;;) {
      const next = this.#last === undefined ? this.#first(now) : this.#frames.next(this.#last, now);
      if (next === undefined) {
        this.dueAt = now + lookMs;
        return due;
      }
      const timeMs = this.#frames.timeOf(next);
      const timestamp = timeMs - from;
      if (timestamp > lastTimestamp) {
        this.dueAt = Infinity;
        return due;
      }
      if (this.#isAtOnce(next, skipsGaps, now)) this.#anchor = { mediaMs: timeMs, wallMs: now };
      const wallMs = this.#anchor.wallMs + (timeMs - this.#anchor.mediaMs) / speed;
      if (wallMs > now) {
        this.dueAt = wallMs;
        return due;
      }
      due.push({ unit: this.#unitAt(next), timestamp });
      this.#last = next;
    }
  }

  /** The first picture where something is recorded at the wished time, and with `skipsGaps` every one behind a gap. */
  #isAtOnce(next: number, skipsGaps: boolean, now: number): boolean {
    if (this.#last !== undefined) return skipsGaps && next !== this.#last + 1;
    if (skipsGaps) return true;
    const before = this.#frames.previous(next, now);
    // Then the keyframe before it, and so the wished time, is in the same sequence.
    return before === next - 1;
  }

  #first(now: number): number | undefined {
    const { from } = this.#wish;
    let at = this.#frames.nearest(from, now);
    if (at === undefined) return undefined;
    if (this.#frames.timeOf(at) < from || this.#frames.keyframeOf(at) !== at)
      at = this.#frames.nextKeyframe(at, now);
    return at !== undefined && this.#frames.timeOf(at) >= from ? at : undefined;
  }
}
