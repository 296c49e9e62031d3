import type { Reel } from '../rtp/reel.ts';
import {
  captureTimeBytes,
  headerBytes,
  writeCaptureTime,
  writeRtpHeader,
  type MediaPacket,
} from '../rtp/packet.ts';
import { readFeedback, senderReport } from '../rtp/rtcp.ts';
import { Strain } from './strain.ts';

/** Packets a viewer may be asked for again. */
const remembered = 1024;
/**
 * At most this many packets go out at once, then {@link pauseMs} of rest: a socket's default receive buffer on Linux takes
 * about ninety packets of 1,200 bytes, and a GOP has hundreds. 24 per 2 ms is 115 Mbit/s.
 */
const burst = 24;
const pauseMs = 2;
/** Where only keyframes go out they go slowly, 1 Mbit/s: what is pushed into a line that is full is lost. */
const thinBurst = 4;
const thinPauseMs = 40;
/**
 * Packets that may be sent again at once, and the share of what is new that may be: on a line that is too narrow Chromium
 * asks for thousands a second, and what is sent again pushes out what is new.
 */
const spareResends = 48;
const resendShare = 0.5;
/** A packet on its way again is not sent once more before this, ms. */
const resendAfterMs = 60;
/**
 * Squeezed pictures are this far apart, 1 ms: about as fast as they arrive. With one tick between them Chromium's jitter
 * buffer begins 10 ms higher (31 instead of 21 ms from camera to screen in the first half second, median of 15).
 */
const squeezedTicks = 90;
/** A viewer that cannot decode gets the GOP again this often, not more; of one that gets only keyframes the newest. */
const rewindMs = 500;
const thinRewindMs = 2000;

export interface PlaybackOptions {
  readonly reel: Reel;
  readonly ssrc: number;
  readonly payloadType: number;
  /** First sequence number and first timestamp, random per RFC 3550 5.1. */
  readonly firstSequence: number;
  readonly firstTimestamp: number;
  readonly cname: string;
  /**
   * Tells the viewer when each picture arrived here, whatever stamp it is sent with: the number of the header extension,
   * and what makes epoch ms of the monotonic clock. Undefined: the viewer does not take it.
   */
  readonly captureTime?: { readonly id: number; readonly epochOffsetMs: number };
  /** Sends one RTP or RTCP packet and does not keep the buffer. */
  readonly send: (packet: Buffer) => void;
  /** Monotonic ms. */
  readonly now?: () => number;
  /** Whether a viewer that cannot decode gets the newest GOP again, or waits for the next keyframe. Always, unless said. */
  readonly rewinds?: () => boolean;
  /** A viewer whose line does not carry the stream gets the keyframes alone: whole and new, instead of all, old and broken. */
  readonly thins?: boolean;
}

/**
 * One viewer's way through a path's reel: its own payload type, SSRC, sequence numbers and timestamps, written into the
 * packets as they go out. A new viewer begins with the newest keyframe, whose age does not show: the timestamps of the
 * pictures up to now are squeezed into the moment before now, so that the decoder runs through them at once.
 */
export class Playback {
  readonly #options: PlaybackOptions;
  readonly #now: () => number;
  #cursor: number | undefined;
  #sequence: number;
  #offset: number | undefined;
  /** The newest picture sent: its timestamp on the path's clock and the one it was sent with. */
  #lastPath: number | undefined;
  #lastSent = 0;
  /** Timestamps of the squeezed pictures, by path timestamp. */
  #squeezed = new Map<number, number>();
  readonly #sentIndex = new Float64Array(remembered);
  readonly #sentTimestamp = new Float64Array(remembered);
  readonly #sentSequence = new Int32Array(remembered).fill(-1);
  readonly #resentAt = new Float64Array(remembered);
  #resendsLeft = spareResends;
  #packets = 0;
  #octets = 0;
  #resent = 0;
  #rewoundAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #lossShare = 0;
  readonly #strain: Strain | undefined;
  /** Whether only keyframes go out, since when the line was too narrow until a keyframe after it is wide enough. */
  #isThin = false;
  /** Path timestamp of the newest keyframe sent while thin. */
  #keyTimestamp: number | undefined;

  constructor(options: PlaybackOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#sequence = options.firstSequence & 0xffff;
    this.#strain = options.thins === true ? new Strain() : undefined;
  }

  /** Packets and bytes sent, packets sent again, and the share of packets lost by the viewer's last report. */
  get counters(): { packets: number; bytes: number; resent: number; lossShare: number } {
    return { packets: this.#packets, bytes: this.#octets, resent: this.#resent, lossShare: this.#lossShare };
  }

  /** Sends what is new on the reel. Call after every packet pushed, and once when the viewer's transport has opened. */
  pump(): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    const { reel } = this.#options;
    if (this.#cursor === undefined) {
      // Who begins now would take the last pictures of a source that has fallen silent for live.
      if (reel.keyframe === undefined || !reel.isFresh(this.#now())) return;
      this.#join(reel.keyframe);
    }
    let cursor = this.#cursor ?? reel.head;
    for (let left = this.#isThin ? thinBurst : burst; cursor < reel.head; left--) {
      if (left === 0) {
        this.#timer = setTimeout(
          () => {
            this.#timer = undefined;
            this.pump();
          },
          this.#isThin ? thinPauseMs : pauseMs,
        );
        break;
      }
      const packet = reel.at(cursor);
      if (packet === undefined) {
        // Fallen off the reel's end: begin anew with the next keyframe.
        this.#cursor = undefined;
        return;
      }
      if (this.#isLeftOut(packet, cursor)) {
        left++;
        cursor++;
      } else this.#send(packet, cursor++);
    }
    this.#cursor = cursor;
  }

  /** The source broke: wait for its next keyframe. */
  hold(): void {
    this.#cursor = undefined;
  }

  /** Takes RTCP from the viewer. */
  feedback(packet: Buffer): void {
    for (const part of readFeedback(packet, this.#options.ssrc)) {
      if (part.kind === 'nack') {
        this.#strain?.asked(part.sequences.length, this.#now());
        for (const sequence of part.sequences) this.#resend(sequence);
      } else if (part.kind === 'keyframe') {
        this.#strain?.asked(Infinity, this.#now());
        this.#rewind();
      } else this.#lossShare = part.lost;
    }
  }

  /** Sends a sender report. `timeMs` is what the wall clock shows now, epoch ms. */
  report(timeMs: number): void {
    const { reel } = this.#options;
    if (
      this.#isClosed ||
      this.#packets === 0 ||
      this.#offset === undefined ||
      reel.lastTimestamp === undefined
    )
      return;
    const now = reel.lastTimestamp + Math.round((this.#now() - reel.arrivalMs) * 90);
    this.#options.send(
      senderReport({
        ssrc: this.#options.ssrc,
        timeMs,
        timestamp: now + this.#offset,
        packets: this.#packets,
        octets: this.#octets,
        cname: this.#options.cname,
      }),
    );
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** Whether the viewer goes without this packet. A picture that has begun is ended. */
  #isLeftOut(packet: MediaPacket, index: number): boolean {
    const isTooMuch = this.#strain?.isTooMuch(this.#now()) === true;
    if (index === this.#options.reel.keyframe) {
      this.#isThin = isTooMuch;
      this.#keyTimestamp = packet.timestamp;
    } else this.#isThin ||= isTooMuch;
    return this.#isThin && packet.timestamp !== this.#keyTimestamp && packet.timestamp !== this.#lastPath;
  }

  /** Places the cursor on a keyframe and squeezes the pictures between it and now. */
  #join(keyframe: number): void {
    const { reel } = this.#options;
    this.#cursor = keyframe;
    const pictures: number[] = [];
    for (let index = keyframe; index < reel.head; index++) {
      const timestamp = reel.at(index)?.timestamp;
      if (timestamp !== undefined && timestamp !== pictures.at(-1)) pictures.push(timestamp);
    }
    const newest = pictures.at(-1);
    if (newest === undefined) return;
    this.#offset ??= this.#options.firstTimestamp - newest;
    // The newest picture is shown late by its age; the next one is not. Three quarters of the way to it at most.
    const age = Math.min((this.#now() - reel.arrivalMs) * 90, reel.interval * 0.75);
    const end = newest + this.#offset + Math.max(0, Math.round(age));
    // Whatever was sent before must stay earlier; pushing all that follows back by some ticks does no harm.
    const room = this.#packets > 0 ? end - this.#lastSent : Infinity;
    const step = Math.max(1, Math.min(squeezedTicks, Math.floor(room / pictures.length)));
    const short = Math.max(0, pictures.length - room);
    this.#offset += short;
    const last = end + short;
    this.#squeezed = new Map(
      pictures.map((picture, i) => [picture, last - (pictures.length - 1 - i) * step]),
    );
    this.#lastPath = undefined;
  }

  #send(packet: MediaPacket, index: number): void {
    if (this.#offset === undefined) return;
    if (packet.timestamp !== this.#lastPath) {
      const squeezed = this.#squeezed.get(packet.timestamp);
      if (squeezed === undefined && this.#squeezed.size > 0) this.#squeezed.clear();
      const timestamp = squeezed ?? packet.timestamp + this.#offset;
      this.#lastSent = this.#packets > 0 ? Math.max(timestamp, this.#lastSent + 1) : timestamp;
      this.#lastPath = packet.timestamp;
    }
    const timestamp = this.#lastSent;
    const slot = this.#sequence % remembered;
    this.#sentIndex[slot] = index;
    this.#sentTimestamp[slot] = timestamp;
    this.#sentSequence[slot] = this.#sequence;
    this.#resentAt[slot] = -Infinity;
    this.#resendsLeft = Math.min(spareResends, this.#resendsLeft + resendShare);
    this.#write(packet, index, this.#sequence, timestamp);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#strain?.sent(this.#now());
    this.#packets++;
    this.#octets += packet.bytes.length - headerBytes;
  }

  #resend(sequence: number): void {
    const slot = sequence % remembered;
    if (this.#isClosed || this.#sentSequence[slot] !== sequence) return;
    const index = this.#sentIndex[slot] ?? -1;
    const packet = this.#options.reel.at(index);
    const now = this.#now();
    if (packet === undefined || this.#resendsLeft < 1 || now - (this.#resentAt[slot] ?? 0) < resendAfterMs)
      return;
    this.#resentAt[slot] = now;
    this.#resendsLeft--;
    this.#resent++;
    this.#write(packet, index, sequence, this.#sentTimestamp[slot] ?? 0);
  }

  #write(packet: MediaPacket, index: number, sequence: number, timestamp: number): void {
    const { payloadType, ssrc, captureTime, reel, send } = this.#options;
    const { bytes, marker } = packet;
    const out = captureTime === undefined ? bytes : roomFor(bytes.length + captureTimeBytes);
    writeRtpHeader(out, { payloadType, marker, sequence, timestamp, ssrc });
    if (captureTime !== undefined) {
      writeCaptureTime(out, captureTime.id, (reel.arrivalAt(index) ?? 0) + captureTime.epochOffsetMs);
      bytes.copy(out, headerBytes + captureTimeBytes, headerBytes);
    }
    send(out);
  }

  /** Begins the newest GOP again. A camera cannot be asked for a keyframe, but the last one is here. */
  #rewind(): void {
    const now = this.#now();
    const leastMs = this.#isThin ? thinRewindMs : rewindMs;
    if (this.#cursor === undefined || this.#timer !== undefined || now - this.#rewoundAt < leastMs) return;
    if (this.#options.rewinds?.() === false) return;
    this.#rewoundAt = now;
    this.#cursor = undefined;
    this.pump();
  }
}

/** Packets with an extension are put together here, one at a time: whoever sends one does not keep it. */
let room = Buffer.alloc(2048);
function roomFor(length: number): Buffer {
  if (length > room.length) room = Buffer.alloc(length);
  return room.subarray(0, length);
}
