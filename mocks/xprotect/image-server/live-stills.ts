import type { Socket } from 'node:net';
import type { Format } from '#mocks/camera/pictures.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import type { CameraFault } from '../faults.ts';
import type { Features } from '../features.ts';
import type { LivePictures } from './live-feed.ts';
import type { WheelEntry } from './live-wheel.ts';
import { innerTextOf, textOf, type MethodCall } from './request.ts';
import { jpegResponse, livePackage } from './response.ts';
import type { Transcoding } from './transcoding.ts';

/** Who has not taken the last pictures gets no more of them, bytes. */
const patienceBytes = 1024 * 1024;
/** Status comes by itself about this often, ms. */
const statusEveryMs = 10_000;
/** Of so many pictures one is sent: Smart Client's "medium" is a quarter of all, its "low" a twentieth. Assumed to be the same here. */
const thinning: Readonly<Record<string, number>> = { medium: 4, low: 20 };

/** What one `live` request of a connection for JPEG gives. Pictures that come too late are left out, not made up for. */
export class LiveStills implements WheelEntry {
  readonly #socket: Socket;
  readonly #of: {
    readonly pictures: LivePictures;
    readonly camera: SiteCamera;
    readonly format: Format;
    readonly transcoding: Transcoding;
    readonly call: MethodCall;
    readonly features: Features;
  };
  readonly #every: number;
  #fault: CameraFault | undefined;
  #next: number;
  #sequence = 0;
  #frozen: Uint8Array | undefined;
  #statusAt: number;
  dueAt: number;

  constructor(
    socket: Socket,
    of: {
      readonly pictures: LivePictures;
      readonly camera: SiteCamera;
      readonly format: Format;
      readonly transcoding: Transcoding;
      readonly call: MethodCall;
      readonly features: Features;
      readonly fault: CameraFault | undefined;
    },
  ) {
    this.#socket = socket;
    this.#of = of;
    this.#every = thinning[innerTextOf(of.call, 'attributes', 'framerate').toLowerCase()] ?? 1;
    this.#fault = of.fault;
    const now = Date.now();
    const newest = this.#newest(now);
    const skipsFirst = textOf(of.call, 'sendinitialimage').toLowerCase() === 'no';
    this.#next = skipsFirst ? this.#after(newest) : newest;
    this.#statusAt = now + statusEveryMs;
    this.#say(now, { 1: true, 2: false, 3: false, 5: this.#fault === 'offline' });
    this.dueAt = this.#isDark() ? Infinity : now;
  }

  /** The camera got a fault, another one, or none. */
  setFault(fault: CameraFault | undefined): void {
    if (fault === this.#fault) return;
    const now = Date.now();
    if (this.#fault === 'offline' || fault === 'offline') this.#say(now, { 5: fault === 'offline' });
    this.#fault = fault;
    this.#frozen = undefined;
    this.#next = this.#newest(now);
    this.dueAt = this.#isDark() ? Infinity : now;
  }

  turn(now: number): void {
    if (this.#isDark()) return;
    try {
      const newest = this.#newest(now);
      if (newest >= this.#next) {
        if (this.#socket.writableLength <= patienceBytes) this.#send(newest);
        this.#next = this.#after(newest);
      }
      this.dueAt = this.#timeOf(this.#next);
    } catch {
      // One camera whose picture cannot be made must not take the others with it.
      this.dueAt = Infinity;
      this.#socket.destroy();
      return;
    }
    if (now >= this.#statusAt) {
      this.#statusAt = now + statusEveryMs;
      this.#say(now, { 2: Math.floor(now / statusEveryMs) % 2 === 0 });
    }
  }

  #isDark(): boolean {
    return this.#fault === 'offline' || this.#fault === 'silent';
  }

  #newest(now: number): number {
    const { pictures, camera, format, transcoding } = this.#of;
    const index = pictures.indexAt(camera, format, now);
    if (!transcoding.allFrames) return pictures.keyframeAtOrBefore(camera, format, index);
    return index - (index % this.#every);
  }

  #after(index: number): number {
    const { pictures, camera, format, transcoding } = this.#of;
    if (transcoding.allFrames) return index + this.#every;
    let next = index + 1;
    while (pictures.keyframeAtOrBefore(camera, format, next) !== next) next++;
    return next;
  }

  #timeOf(index: number): number {
    return this.#of.pictures.timeOf(this.#of.camera, this.#of.format, index);
  }

  #send(index: number): void {
    const { transcoding, camera, call, features } = this.#of;
    const timeMs = this.#timeOf(index);
    const jpeg = this.#frozen ?? transcoding.draw(camera, timeMs, call);
    if (jpeg === undefined) return;
    if (this.#fault === 'frozen') this.#frozen = jpeg;
    this.#socket.write(
      jpegResponse(
        jpeg,
        {
          requestId: call.requestId,
          sequence: this.#sequence++,
          keyframeTimeMs: timeMs,
          timeMs,
          previousMs: this.#timeOf(index - 1),
          nextMs: this.#timeOf(index + 1),
        },
        features.now.jpegForm,
      ),
    );
  }

  #say(now: number, status: Parameters<typeof livePackage>[1]): void {
    this.#socket.write(livePackage(now, status));
  }
}
