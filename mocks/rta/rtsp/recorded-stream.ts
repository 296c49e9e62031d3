import { randomBytes, randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { packetise } from '#mocks/camera/rtsp/packetise.ts';
import { clockRate, goodbye, payloadType, wrap32 } from '#mocks/camera/rtsp/rtp.ts';
import type { Pictures } from '#mocks/camera/synthesis.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import type { SiteSpan } from '#mocks/site/recordings.ts';
import type { CameraFault } from '../faults.ts';

/** In what servers of time-shifted RTSP differ; the requirements say nothing of it. */
export interface PlaybackHabits {
  /**
   * How a client learns when the first picture was taken. `range`: the answer to PLAY names it (RFC 2326 12.29);
   * `extension`: every picture says it (ONVIF Streaming 6.3, 0xABAC); `none`: it is not told.
   */
  readonly clock: 'range' | 'extension' | 'none';
  /** `before`: with the keyframe that the moment asked for depends on; `after`: with the first keyframe from there on. */
  readonly startsAt: 'before' | 'after';
  /** Sends as fast as the client takes it when asked to (`Rate-Control: no`); else at the speed it was recorded. */
  readonly heedsRateControl: boolean;
  /** Says BYE at the end; else it just goes quiet. */
  readonly saysGoodbye: boolean;
}

export const usualHabits: PlaybackHabits = {
  clock: 'range',
  startsAt: 'before',
  heedsRateControl: true,
  saysGoodbye: true,
};

export interface RecordedStreamParts {
  readonly camera: SiteCamera;
  readonly pictures: Pictures;
  /** What is recorded of the window, ascending. */
  readonly spans: readonly SiteSpan[];
  /** Up to here, excluded, epoch ms. */
  readonly end: number;
  readonly habits: PlaybackHabits;
  readonly fault: CameraFault;
  readonly socket: Socket;
  readonly channels: readonly [number, number];
}

/** With more than this unsent the server waits for its client, octets. */
const fullAt = 256 * 1024;
const maxPayload = 1388;

/** The indices of the recorded pictures, span by span. A span begins with a keyframe. */
function* recordedIndices(parts: RecordedStreamParts): Generator<number> {
  const { camera, pictures, spans, end, habits } = parts;
  let next = -Infinity;
  for (const [i, span] of spans.entries()) {
    let first = pictures.keyframeAtOrBefore(camera, 'main', pictures.indexAt(camera, 'main', span.start));
    // Only the first span begins where the client says; the others where the recorder began.
    if (i === 0 && habits.startsAt === 'after')
      while (
        pictures.timeOf(camera, 'main', first) < span.start ||
        pictures.keyframeAtOrBefore(camera, 'main', first) !== first
      )
        first++;
    const last = pictures.indexAt(camera, 'main', span.end - 1);
    for (let index = Math.max(first, next); index <= last; index++) {
      if (pictures.timeOf(camera, 'main', index) >= end) return;
      yield index;
    }
    next = last + 1;
  }
}

/** The recorded pictures of a window, sent over one RTSP connection. */
export class RecordedStream {
  readonly #parts: RecordedStreamParts;
  readonly #indices: Iterator<number>;
  readonly #ssrc = randomBytes(4).readUInt32BE(0);
  readonly #timestampStart = randomBytes(4).readUInt32BE(0);
  #sequence = randomInt(0x10000);
  #next: IteratorResult<number>;
  #sent = 0;
  #isFast = false;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;
  /** When the first picture was taken; undefined when there is none. */
  readonly firstMs: number | undefined;

  constructor(parts: RecordedStreamParts) {
    this.#parts = parts;
    this.#indices = recordedIndices(parts);
    this.#next = this.#indices.next();
    this.firstMs = this.#next.done === true ? undefined : this.#timeOf(this.#next.value);
  }

  /** Begins to send in a moment. Gives what RTP-Info tells about it. */
  play(isFast: boolean): { sequence: number; timestamp: number } {
    this.#isFast = isFast && this.#parts.habits.heedsRateControl;
    this.#timer = setTimeout(() => this.#go(), 0);
    return { sequence: this.#sequence, timestamp: this.#timestampStart };
  }

  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#timer);
  }

  #timeOf(index: number): number {
    return this.#parts.pictures.timeOf(this.#parts.camera, 'main', index);
  }

  #go(): void {
    const { socket, fault, habits } = this.#parts;
    for (let burst = 0; ; burst++) {
      if (this.#isEnded || socket.destroyed) return;
      if (this.#next.done === true) {
        if (habits.saysGoodbye) this.#frame(1, goodbye(this.#ssrc, 'rta'));
        return;
      }
      if (this.#sent === fault.cutAfterPictures) {
        socket.destroy();
        return;
      }
      if (this.#sent === fault.silentAfterPictures) return;
      if (socket.writableLength > fullAt) {
        socket.once('drain', () => this.#go());
        return;
      }
      if (burst === 25) {
        // Others want their turn too.
        this.#timer = setTimeout(() => this.#go(), 0);
        return;
      }
      const index = this.#next.value;
      this.#picture(index);
      this.#next = this.#indices.next();
      if (this.#isFast || this.#next.done === true) continue;
      // Over a gap it goes on at once.
      const wait = Math.min(200, this.#timeOf(this.#next.value) - this.#timeOf(index));
      this.#timer = setTimeout(() => this.#go(), wait);
      return;
    }
  }

  #picture(index: number): void {
    const { camera, pictures, habits } = this.#parts;
    const timeMs = this.#timeOf(index);
    const timestamp = wrap32(this.#timestampStart + ((timeMs - (this.firstMs ?? timeMs)) * clockRate) / 1000);
    const payloads = packetise(pictures.at(camera, 'main', index).nalUnits, maxPayload);
    for (const [i, { pieces }] of payloads.entries()) {
      const header = Buffer.alloc(12);
      header[0] = habits.clock === 'extension' ? 0x90 : 0x80;
      header[1] = payloadType | (i === payloads.length - 1 ? 0x80 : 0);
      header.writeUInt16BE(this.#sequence, 2);
      header.writeUInt32BE(timestamp, 4);
      header.writeUInt32BE(this.#ssrc, 8);
      this.#sequence = (this.#sequence + 1) & 0xffff;
      const extension = habits.clock === 'extension' ? [replayExtension(timeMs)] : [];
      this.#frame(0, Buffer.concat([header, ...extension, ...pieces]));
    }
    this.#sent++;
  }

  #frame(which: 0 | 1, packet: Buffer): void {
    const head = Buffer.of(0x24, this.#parts.channels[which], packet.length >> 8, packet.length & 0xff);
    this.#parts.socket.write(Buffer.concat([head, packet]));
  }
}

/** ONVIF Streaming Specification 6.3: profile 0xABAC, three words: NTP time, flags, sequence of the session. */
function replayExtension(timeMs: number): Buffer {
  const extension = Buffer.alloc(16);
  extension.writeUInt16BE(0xabac, 0);
  extension.writeUInt16BE(3, 2);
  const seconds = Math.floor(timeMs / 1000);
  extension.writeUInt32BE(wrap32(seconds + 2_208_988_800), 4);
  extension.writeUInt32BE(Math.round(((timeMs - seconds * 1000) / 1000) * 2 ** 32) % 2 ** 32, 8);
  return extension;
}
