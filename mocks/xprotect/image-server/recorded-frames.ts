import type { Format } from '#mocks/camera/pictures.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import { sequencesAround, type SiteSpan } from '#mocks/site/recordings.ts';
import type { LivePictures } from './live-feed.ts';

/** A recorded span counted in pictures, both ends included. */
interface Stretch {
  readonly first: number;
  readonly last: number;
}

/**
 * The recorded pictures of one camera and stream, by their numbers. Motion starts to be recorded with the keyframe
 * before the prebuffer, so a stretch begins up to two seconds before its span says and any moment of a span can be decoded.
 */
export class RecordedFrames {
  readonly #camera: SiteCamera;
  readonly #format: Format;
  readonly #pictures: LivePictures;
  /** The stretch of the last answer: the next question is nearly always about the same one. */
  #near: Stretch | undefined;

  constructor(camera: SiteCamera, format: Format, pictures: LivePictures) {
    this.#camera = camera;
    this.#format = format;
    this.#pictures = pictures;
  }

  timeOf(index: number): number {
    return this.#pictures.timeOf(this.#camera, this.#format, index);
  }

  keyframeOf(index: number): number {
    return this.#pictures.keyframeAtOrBefore(this.#camera, this.#format, index);
  }

  /** The picture at or before a moment within what is recorded, else the one that is nearest to it in either direction. */
  nearest(timeMs: number, now: number): number | undefined {
    const { current, previous, next } = sequencesAround(this.#camera, timeMs, now);
    const index = this.#indexAt(timeMs);
    if (current !== undefined) return clamp(index, this.#stretch(current));
    const before = previous && this.#stretch(previous).last;
    const after = next && this.#stretch(next);
    if (after !== undefined && index >= after.first) return Math.min(index, after.last);
    if (before === undefined || after === undefined) return before ?? after?.first;
    return timeMs - this.timeOf(before) <= this.timeOf(after.first) - timeMs ? before : after.first;
  }

  next(index: number, now: number): number | undefined {
    const here = this.#stretchOf(index, now);
    if (here !== undefined && index < here.last) return index + 1;
    return this.#beside(index, now, 'next')?.first;
  }

  previous(index: number, now: number): number | undefined {
    const here = this.#stretchOf(index, now);
    if (here !== undefined && index > here.first) return index - 1;
    return this.#beside(index, now, 'previous')?.last;
  }

  /** The keyframe after this picture, in this span or a later one. */
  nextKeyframe(index: number, now: number): number | undefined {
    let at = this.next(index, now);
    while (at !== undefined && this.keyframeOf(at) !== at) at = this.next(at, now);
    return at;
  }

  previousKeyframe(index: number, now: number): number | undefined {
    const before = this.previous(index, now);
    return before === undefined ? undefined : this.keyframeOf(before);
  }

  /** The first picture of the span after, or of the one before this picture's. */
  sequence(index: number, now: number, which: 'next' | 'previous'): number | undefined {
    return this.#beside(index, now, which)?.first;
  }

  begin(now: number): number | undefined {
    const { current, next } = sequencesAround(this.#camera, 0, now);
    const span = current ?? next;
    return span && this.#stretch(span).first;
  }

  end(now: number): number | undefined {
    const { current, previous } = sequencesAround(this.#camera, now, now);
    const span = current ?? previous;
    return span && this.#stretch(span).last;
  }

  #indexAt(timeMs: number): number {
    return this.#pictures.indexAt(this.#camera, this.#format, timeMs);
  }

  #stretch(span: SiteSpan): Stretch {
    this.#near = { first: this.keyframeOf(this.#indexAt(span.start)), last: this.#indexAt(span.end - 1) };
    return this.#near;
  }

  /** The stretch that this picture is in; undefined once it has been deleted. */
  #stretchOf(index: number, now: number): Stretch | undefined {
    if (this.#near !== undefined && index >= this.#near.first && index < this.#near.last) return this.#near;
    const timeMs = this.timeOf(index);
    const { current, next } = sequencesAround(this.#camera, timeMs, now);
    if (current !== undefined) return this.#stretch(current);
    // The keyframe's part before the span itself.
    const after = next && this.#stretch(next);
    return after !== undefined && index >= after.first ? after : undefined;
  }

  #beside(index: number, now: number, which: 'next' | 'previous'): Stretch | undefined {
    const here = this.#stretchOf(index, now);
    const timeMs =
      here === undefined ? this.timeOf(index) : this.timeOf(which === 'next' ? here.last : here.first);
    const around = sequencesAround(this.#camera, timeMs, now);
    const span = which === 'next' ? this.#skipTo(around.next, here, now) : around.previous;
    return span && this.#stretch(span);
  }

  /** The first picture may lie before its span: then "next" of that moment is the very span we are in. */
  #skipTo(next: SiteSpan | undefined, here: Stretch | undefined, now: number): SiteSpan | undefined {
    if (next === undefined || here === undefined || this.#indexAt(next.start) > here.last) return next;
    return sequencesAround(this.#camera, next.start, now).next;
  }
}

const clamp = (index: number, { first, last }: Stretch): number => Math.min(Math.max(index, first), last);
