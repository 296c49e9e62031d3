import type { Socket } from 'node:net';
import type { AccessUnit, Format, PictureSubject } from '#mocks/camera/pictures.ts';
import type { CameraFault } from '../faults.ts';
import type { CodedPicture } from './coded-pictures.ts';
import { imageResponse, livePackage } from './response.ts';
import type { WheelEntry } from './live-wheel.ts';

/** Where pictures come from. The demo's synthesis is one; tests bring their own. */
export interface LivePictures {
  /** Number of the newest picture at this time. */
  indexAt(subject: PictureSubject, format: Format, timeMs: number): number;
  timeOf(subject: PictureSubject, format: Format, index: number): number;
  at(subject: PictureSubject, format: Format, index: number): AccessUnit & CodedPicture;
  /** The same as a keyframe, with its own time, whatever it is. */
  asKeyframe(subject: PictureSubject, format: Format, index: number): AccessUnit & CodedPicture;
  keyframeAtOrBefore(subject: PictureSubject, format: Format, index: number): number;
}

/** How far a reader may fall behind before pictures are left out up to the next keyframe, bytes. */
const patienceBytes = 4 * 1024 * 1024;
/** After a pause longer than this the past is not sent any more, ms. */
const catchUpMs = 1000;
/** Status comes by itself about this often, ms. */
const statusEveryMs = 10_000;

/** The pictures of one `live` request, from the keyframe before now onwards. */
export class LiveFeed implements WheelEntry {
  readonly #socket: Socket;
  readonly #pictures: LivePictures;
  readonly #subject: PictureSubject;
  readonly #format: Format;
  readonly #requestId: string;
  #fault: CameraFault | undefined;
  #next: number;
  #keyframeTimeMs = 0;
  #sequence = 0;
  #awaitsKeyframe = false;
  #frozen: (AccessUnit & CodedPicture) | undefined;
  /** It was frozen: what is sent is coded as keyframes until one is due. */
  #thaws = false;
  #statusAt: number;
  dueAt: number;

  constructor(
    socket: Socket,
    of: {
      pictures: LivePictures;
      subject: PictureSubject;
      format: Format;
      requestId: string;
      fault: CameraFault | undefined;
    },
  ) {
    this.#socket = socket;
    this.#pictures = of.pictures;
    this.#subject = of.subject;
    this.#format = of.format;
    this.#requestId = of.requestId;
    this.#fault = of.fault;
    const now = Date.now();
    this.#next = this.#entryAt(now);
    this.#statusAt = now + statusEveryMs;
    this.#say(now, { 1: true, 2: false, 3: false, 5: this.#fault === 'offline' });
    this.dueAt = this.#isDark() ? Infinity : now;
  }

  /** The camera got a fault, another one, or none. */
  setFault(fault: CameraFault | undefined): void {
    if (fault === this.#fault) return;
    const now = Date.now();
    const wasDark = this.#isDark();
    if (this.#fault === 'offline' || fault === 'offline') this.#say(now, { 5: fault === 'offline' });
    this.#fault = fault;
    this.#frozen = undefined;
    if (this.#isDark()) this.dueAt = Infinity;
    else if (wasDark) {
      this.#next = this.#entryAt(now);
      this.dueAt = now;
    } else if (fault === undefined) this.#thaws = true;
  }

  turn(now: number): void {
    if (this.#isDark()) return;
    try {
      this.#catchUp(now);
    } catch {
      // One camera whose picture cannot be made must not take the others with it.
      this.dueAt = Infinity;
      this.#socket.destroy();
    }
  }

  #catchUp(now: number): void {
    if (now - this.#timeOf(this.#next) > catchUpMs + 2000) this.#next = this.#entryAt(now);
    const newest = this.#pictures.indexAt(this.#subject, this.#format, now);
    for (; this.#next <= newest; this.#next++) this.#send(this.#next);
    this.dueAt = this.#timeOf(this.#next);
    if (now >= this.#statusAt) {
      this.#statusAt = now + statusEveryMs;
      this.#say(now, { 2: Math.floor(now / statusEveryMs) % 2 === 0 });
    }
  }

  #isDark(): boolean {
    return this.#fault === 'offline' || this.#fault === 'silent';
  }

  /** Where a new reader starts: the keyframe at or before now, so that the first picture can be decoded at once. */
  #entryAt(now: number): number {
    const newest = this.#pictures.indexAt(this.#subject, this.#format, now);
    return this.#pictures.keyframeAtOrBefore(this.#subject, this.#format, newest);
  }

  #timeOf(index: number): number {
    return this.#pictures.timeOf(this.#subject, this.#format, index);
  }

  #send(index: number): void {
    if (this.#fault === 'frozen') {
      // Of the moment at which it froze: the keyframe before would be seconds older, a jump back that no camera makes.
      this.#frozen ??= this.#pictures.asKeyframe(this.#subject, this.#format, index);
      this.#write(this.#frozen, index);
      return;
    }
    if (this.#socket.writableLength > patienceBytes) this.#awaitsKeyframe = true;
    const isEntry = this.#pictures.keyframeAtOrBefore(this.#subject, this.#format, index) === index;
    if (this.#awaitsKeyframe && !isEntry) return;
    this.#awaitsKeyframe = false;
    if (isEntry) this.#thaws = false;
    const coded = this.#thaws ? 'asKeyframe' : 'at';
    this.#write(this.#pictures[coded](this.#subject, this.#format, index), index);
  }

  #write(unit: CodedPicture, index: number): void {
    const timeMs = this.#timeOf(index);
    if (unit.isKeyframe) this.#keyframeTimeMs = timeMs;
    this.#socket.write(
      imageResponse(unit, {
        requestId: this.#requestId,
        sequence: this.#sequence++,
        keyframeTimeMs: this.#keyframeTimeMs,
        timeMs,
        previousMs: this.#timeOf(index - 1),
        nextMs: this.#timeOf(index + 1),
      }),
    );
  }

  #say(now: number, status: Parameters<typeof livePackage>[1]): void {
    this.#socket.write(livePackage(now, status));
  }
}
