import { randomBytes, randomInt } from 'node:crypto';
import { formats, type Format } from '#mocks/camera/pictures.ts';
import type { Camera } from './camera.ts';
import type { Outlet } from './outlet.ts';
import { packetise } from './packetise.ts';
import {
  clockRate,
  goodbye,
  rtpHeaderLength,
  senderReport,
  wrap32,
  writeRtp,
  type RtpCounters,
} from './rtp.ts';
import type { TimerWheel, Turn } from './timer-wheel.ts';

/** How a camera sends, the same for all its sessions. */
export interface Sending {
  /** Largest RTP packet, header included, in octets. */
  readonly maxPacketLength: number;
  /** `keyframe`: a new viewer gets the current group of pictures at once; `now`: the next picture, whatever it is. */
  readonly startsAt: 'keyframe' | 'now';
  readonly reportEveryMs: number;
  /** Above this many octets queued for a slow reader the rest of the group of pictures is dropped. */
  readonly maxQueuedOctets: number;
}

/** A receiver's socket buffer is small: what is behind goes out over UDP in portions, one per turn of the wheel. */
const datagramPortion = 24 * 1024;
/** Pictures this late (a machine that slept, a clock that was set) are not sent any more. */
const maxLateMs = 4_000;

/** One session's stream of packets, from PLAY to the end. */
export class CameraStream {
  readonly #camera: Camera;
  readonly #format: Format;
  readonly #outlet: Outlet;
  readonly #wheel: TimerWheel;
  readonly #sending: Sending;
  readonly #counters: RtpCounters = { ssrc: 0, sequence: 0, packets: 0, octets: 0 };
  readonly #cname = randomBytes(6).toString('hex');
  /** Random start of the timestamps, RFC 3550 §5.1. */
  #timestampStart = 0;
  #next = 0;
  #turn: Turn | undefined;
  #reportDue = 0;
  #untilLoss = 0;
  /** Pictures are dropped until a keyframe comes and the queue is short again. */
  #awaitsKeyframe = false;
  #droppedPictures = 0;

  constructor(camera: Camera, format: Format, outlet: Outlet, wheel: TimerWheel, sending: Sending) {
    this.#camera = camera;
    this.#format = format;
    this.#outlet = outlet;
    this.#wheel = wheel;
    this.#sending = sending;
    this.#renew();
  }

  get ssrc(): number {
    return this.#counters.ssrc;
  }

  get packets(): number {
    return this.#counters.packets;
  }

  /** Pictures not sent because the reader was too slow. */
  get droppedPictures(): number {
    return this.#droppedPictures;
  }

  get isPlaying(): boolean {
    return this.#turn !== undefined;
  }

  /** Starts or resumes; the first packet follows in a few ms. Gives what RTP-Info tells about it. */
  play(): { sequence: number; timestamp: number } {
    if (!this.isPlaying) {
      this.#goLive();
      this.#reportDue = 0;
      this.#wait(0);
    }
    return { sequence: this.#counters.sequence, timestamp: this.#timestamp(this.#next) };
  }

  pause(): void {
    this.#turn?.cancel();
    this.#turn = undefined;
  }

  /** Ends the stream for good. With `says` the receiver is told (BYE), as when the session was too quiet. */
  end(says?: 'goodbye'): void {
    if (says !== undefined && this.isPlaying) this.#outlet.rtcp(goodbye(this.#counters.ssrc, this.#cname));
    this.pause();
  }

  /** What a rebooted encoder looks like from outside: another source, sequence and time base, from a keyframe on. */
  restart(): void {
    this.#renew();
    if (!this.isPlaying) return;
    this.pause();
    this.#next = this.#camera.keyframeAtOrBefore(
      this.#format,
      this.#camera.indexAt(this.#format, Date.now()),
    );
    this.#reportDue = 0;
    this.#wait(0);
  }

  #renew(): void {
    this.#counters.ssrc = randomBytes(4).readUInt32BE(0);
    this.#counters.sequence = randomInt(0x10000);
    this.#counters.packets = 0;
    this.#counters.octets = 0;
    this.#timestampStart = randomBytes(4).readUInt32BE(0);
  }

  #goLive(): void {
    const newest = this.#camera.indexAt(this.#format, Date.now());
    this.#awaitsKeyframe = false;
    this.#next =
      this.#sending.startsAt === 'now' ? newest + 1 : this.#camera.keyframeAtOrBefore(this.#format, newest);
  }

  #timestamp(index: number): number {
    return wrap32(
      this.#timestampStart +
        (index * clockRate) / formats[this.#camera.encoding(this.#format)].framesPerSecond,
    );
  }

  #wait(delayMs: number): void {
    this.#turn = this.#wheel.after(delayMs, () => {
      this.#send();
    });
  }

  /** Sends whatever is due and waits for the next picture's time. */
  #send(): void {
    const now = Date.now();
    const newest = this.#camera.indexAt(this.#format, now);
    const farthest = (maxLateMs / 1000) * formats[this.#camera.encoding(this.#format)].framesPerSecond;
    if (Math.abs(newest - this.#next) > farthest) {
      this.#next = this.#camera.keyframeAtOrBefore(this.#format, newest);
    }
    let portion = this.#outlet.kind === 'udp' ? datagramPortion : Infinity;
    while (this.#next <= newest && portion > 0) portion -= this.#picture(this.#next++);
    // Behind the first picture: some receivers (FFmpeg 5) count their time from whatever they learn first.
    this.#report(now, newest);
    this.#wait(this.#next <= newest ? 1 : this.#camera.timeOf(this.#format, this.#next) - now);
  }

  #report(now: number, newest: number): void {
    if (now < this.#reportDue || this.#camera.faults.silent === true) return;
    this.#reportDue = now + this.#sending.reportEveryMs;
    const sinceNewest = now - this.#camera.timeOf(this.#format, newest);
    const timestamp = wrap32(this.#timestamp(newest) + Math.round((sinceNewest * clockRate) / 1000));
    this.#outlet.rtcp(senderReport(this.#counters, now, timestamp, this.#cname));
  }

  /** Gives the octets sent. */
  #picture(index: number): number {
    const { silent, dropRtpEvery = 0 } = this.#camera.faults;
    if (silent === true) {
      this.#awaitsKeyframe = true;
      return 0;
    }
    const { queued } = this.#outlet;
    const limit = this.#sending.maxQueuedOctets;
    if (this.#awaitsKeyframe) {
      const isKeyframe = this.#camera.keyframeAtOrBefore(this.#format, index) === index;
      this.#awaitsKeyframe = !isKeyframe || queued > limit / 4;
    } else {
      this.#awaitsKeyframe = queued > limit;
    }
    if (this.#awaitsKeyframe) {
      this.#droppedPictures++;
      return 0;
    }

    const { prefixLength } = this.#outlet;
    const payloads = packetise(
      this.#camera.nalUnits(this.#format, index),
      this.#sending.maxPacketLength - rtpHeaderLength,
    );
    const overhead = prefixLength + rtpHeaderLength;
    const packets = Buffer.allocUnsafe(payloads.reduce((sum, payload) => sum + overhead + payload.length, 0));
    const timestamp = this.#timestamp(this.#camera.shownAs(this.#format, index));
    const ends: number[] = [];
    let at = 0;
    for (const [position, payload] of payloads.entries()) {
      const marker = position === payloads.length - 1;
      const end = writeRtp(packets, at + prefixLength, payload, this.#counters, timestamp, marker);
      if (dropRtpEvery > 0 && ++this.#untilLoss >= dropRtpEvery) {
        this.#untilLoss = 0;
        continue;
      }
      ends.push(end);
      at = end;
    }
    if (at > 0) this.#outlet.rtp(packets.subarray(0, at), ends);
    return at;
  }
}
