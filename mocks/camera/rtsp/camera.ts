import type { Format, PictureSubject } from '#mocks/camera/pictures.ts';
import type { Pictures } from '#mocks/camera/synthesis.ts';
import { reorderedKeyframe, reorderedPicture, reorderedSets, shownPlace } from './b-frames.ts';
import { repeatPicture } from './repeat-picture.ts';

/** What may be wrong with a camera. Absent or undefined: nothing. */
export interface CameraFaults {
  /** No packet leaves any more; RTSP goes on answering. Afterwards the stream resumes with a keyframe. */
  readonly silent?: boolean | undefined;
  /** The picture stands still from now on; packets, clocks and sender reports go on. Afterwards it moves from a keyframe on. */
  readonly frozen?: boolean | undefined;
  /** DESCRIBE and SETUP are answered 503, and connections that play the camera are cut once. */
  readonly refuse?: boolean | undefined;
  /** Main profile with B pictures, sent out of order. To be set before anybody asks for a description. */
  readonly bFrames?: boolean | undefined;
  /** Each stream sends what the other one sent before: somebody has exchanged the encodings. For after a `refuse`. */
  readonly isReconfigured?: boolean | undefined;
  /** Every so manieth RTP packet is lost on the way. */
  readonly dropRtpEvery?: number | undefined;
}

/** One camera: its subject, what is wrong with it, and the pictures it therefore sends. */
export class Camera {
  readonly subject: PictureSubject;
  readonly #pictures: Pictures;
  #faults: CameraFaults = {};
  /** When the picture last froze and thawed, epoch ms. */
  #frozenAt = 0;
  #thawedAt = 0;

  constructor(subject: PictureSubject, pictures: Pictures) {
    this.subject = subject;
    this.#pictures = pictures;
  }

  get faults(): CameraFaults {
    return this.#faults;
  }

  setFaults(faults: CameraFaults): void {
    const wasFrozen = this.#faults.frozen === true;
    if (faults.frozen === true && !wasFrozen) this.#frozenAt = Date.now();
    if (faults.frozen !== true && wasFrozen) this.#thawedAt = Date.now();
    this.#faults = faults;
  }

  /** Which encoding the stream of this name sends. */
  encoding(stream: Format): Format {
    if (this.#faults.isReconfigured !== true) return stream;
    return stream === 'main' ? 'sub' : 'main';
  }

  parameterSets(format: Format): { readonly sps: Uint8Array; readonly pps: Uint8Array } {
    const sets = this.#pictures.parameterSets(this.subject, this.encoding(format));
    return this.#faults.bFrames === true ? reorderedSets(sets) : sets;
  }

  indexAt(format: Format, timeMs: number): number {
    return this.#pictures.indexAt(this.subject, this.encoding(format), timeMs);
  }

  timeOf(format: Format, index: number): number {
    return this.#pictures.timeOf(this.subject, this.encoding(format), index);
  }

  keyframeAtOrBefore(format: Format, index: number): number {
    return this.#pictures.keyframeAtOrBefore(this.subject, this.encoding(format), index);
  }

  /** Which picture's time stands on the one sent as `index`: its own, unless B pictures change the order. */
  shownAs(format: Format, index: number): number {
    if (this.#faults.bFrames !== true) return index;
    const keyframe = this.keyframeAtOrBefore(format, index);
    const isLast = this.keyframeAtOrBefore(format, index + 1) !== keyframe;
    return keyframe + shownPlace(index - keyframe, isLast);
  }

  /** The NAL units sent as picture `index`. */
  nalUnits(format: Format, index: number): readonly Uint8Array[] {
    if (this.#faults.bFrames === true) return this.#reordered(format, index);
    const last = this.indexAt(format, this.#frozenAt);
    if (index > last && this.#standsAt(format, index)) return this.#frozen(format, index, last);
    return this.#pictures.at(this.subject, this.encoding(format), index).nalUnits;
  }

  /** Whether picture `index` is of a group that began frozen: what changes a picture is no use over another one. */
  #standsAt(format: Format, index: number): boolean {
    if (this.#faults.frozen === true) return true;
    return this.keyframeAtOrBefore(format, index) <= this.indexAt(format, this.#thawedAt);
  }

  /**
   * A camera whose sensor hangs keeps encoding: the last picture at every keyframe's turn, and pictures that say
   * "as before" in between.
   */
  #frozen(format: Format, index: number, last: number): readonly Uint8Array[] {
    const keyframe = this.keyframeAtOrBefore(format, index);
    if (index === keyframe) {
      return this.#pictures.asKeyframe(this.subject, this.encoding(format), last).nalUnits;
    }
    return [repeatPicture(this.parameterSets(format), index - keyframe)];
  }

  #reordered(format: Format, index: number): readonly Uint8Array[] {
    const sets = this.#pictures.parameterSets(this.subject, format);
    const keyframe = this.keyframeAtOrBefore(format, index);
    if (index === keyframe) {
      return reorderedKeyframe(this.#pictures.at(this.subject, format, index).nalUnits, sets);
    }
    return [reorderedPicture(sets, index - keyframe, this.shownAs(format, index) - keyframe)];
  }
}
