import type { Codec, PictureFormat } from '../h26x/codec.ts';
import { aggregate, cutPayload, splitAggregate } from './cut.ts';
import { headerBytes, mediaPacket, readRtp, type MediaPacket } from './packet.ts';
import { ParameterSets } from './parameter-sets.ts';
import type { Timeline } from './timeline.ts';

/** One slice may be damaged; this many that say the same are meant. */
const enough = 3;

export interface IntakeEvents {
  /** A packet that fits the media MTU. */
  packet(packet: MediaPacket, beginsKeyframe: boolean, arrivalMs: number): void;
  /** A picture is complete. */
  picture(isKeyframe: boolean, arrivalMs: number): void;
  /** The source reorders pictures: WebRTC cannot show that. */
  bidirectional(): void;
}

/**
 * Makes of what one source run sends what every viewer can take: packets within the media MTU, on the path's clock, with
 * the parameter sets in front of every keyframe and nowhere else, beginning with a keyframe, and after a loss again with a
 * keyframe. Packets are passed on as they come; no picture is put together.
 */
export class Intake {
  readonly #codec: Codec;
  readonly #timeline: Timeline;
  readonly #events: IntakeEvents;
  readonly #limit: number;
  readonly #sets: ParameterSets;
  #expected: number | undefined;
  #ssrc: number | undefined;
  #waits = true;
  /** The picture being received: its timestamp, whether a slice of it went out, whether it is a keyframe. */
  #timestamp: number | undefined;
  #sliced = false;
  #isKeyframe = false;
  #lost = 0;
  #withoutMarker = 0;
  #bidirectional = 0;
  #held: { packet: MediaPacket; beginsKeyframe: boolean } | undefined;

  /** @param mtu the most bytes an RTP packet may have, header included */
  constructor(codec: Codec, timeline: Timeline, mtu: number, events: IntakeEvents) {
    this.#codec = codec;
    this.#timeline = timeline;
    this.#events = events;
    this.#limit = mtu - headerBytes;
    this.#sets = new ParameterSets(codec);
    timeline.restart();
  }

  /** What the pictures are like, once a sequence parameter set has been seen. */
  get format(): PictureFormat | undefined {
    return this.#sets.format;
  }

  /** Packets that never arrived. */
  get lost(): number {
    return this.#lost;
  }

  /** Parameter sets known from elsewhere, such as an SDP. */
  announce(sets: readonly Uint8Array[]): void {
    for (const set of sets) if (set.length > this.#codec.headerBytes) this.#sets.store(set);
  }

  /** Takes one RTP packet. What is late or double is left out. */
  rtp(packet: Buffer, payloadType: number, clockRate: number, arrivalMs: number): void {
    const header = readRtp(packet);
    if (header === undefined || header.payloadType !== payloadType) return;
    if (header.ssrc !== this.#ssrc) {
      if (this.#ssrc !== undefined) this.#restart();
      this.#ssrc = header.ssrc;
    } else if (this.#expected !== undefined) {
      const ahead = (header.sequence - this.#expected) & 0xffff;
      if (ahead >= 0x8000) return;
      if (ahead > 0) this.#lose(ahead);
    }
    this.#expected = (header.sequence + 1) & 0xffff;
    if (header.end === header.start) return;
    const timestamp = this.#timeline.place(header.timestamp, clockRate, arrivalMs);
    this.#payload(packet.subarray(header.start, header.end), timestamp, header.marker, arrivalMs);
  }

  /** Takes a whole picture as NAL units. `timestamp` counts 90 kHz ticks on the source's clock and may wrap. */
  accessUnit(units: readonly Buffer[], timestamp: number, arrivalMs: number): void {
    const placed = this.#timeline.place(timestamp >>> 0, 90_000, arrivalMs);
    const last = units.findLastIndex((unit) => isSlice(this.#codec, unit));
    units.forEach((unit, index) => {
      if (index <= last || !isSlice(this.#codec, unit))
        this.#payload(unit, placed, index === last, arrivalMs);
    });
  }

  #restart(): void {
    this.#timeline.restart();
    this.#waits = true;
    this.#expected = undefined;
    this.#timestamp = undefined;
    this.#held = undefined;
  }

  #lose(count: number): void {
    this.#lost += count;
    this.#waits = true;
    this.#held = undefined;
  }

  #payload(payload: Buffer, timestamp: number, marker: boolean, arrivalMs: number): void {
    if (timestamp !== this.#timestamp) this.#beginPicture(timestamp, arrivalMs);
    const type = this.#codec.nalType(payload);
    if (type === this.#codec.aggregation) {
      const units = splitAggregate(this.#codec, payload);
      const last = units.findLastIndex((unit) => isSlice(this.#codec, unit));
      units.forEach((unit, index) => {
        this.#payload(unit, timestamp, marker && index === Math.max(last, 0), arrivalMs);
      });
      return;
    }
    if (payload.length <= this.#codec.headerBytes) return;
    if (type === this.#codec.fragment) this.#fragment(payload, timestamp, marker, arrivalMs);
    else this.#unit(payload, timestamp, marker, arrivalMs);
    if (marker) this.#endPicture(arrivalMs);
  }

  #unit(nal: Buffer, timestamp: number, marker: boolean, arrivalMs: number): void {
    const kind = this.#codec.kind(this.#codec.nalType(nal));
    if (kind === 'parameter-set') this.#sets.store(nal);
    if (kind === 'slice' || kind === 'key-slice') {
      if (!this.#admit(kind === 'key-slice', nal, timestamp, arrivalMs)) return;
      this.#send(nal, timestamp, marker, arrivalMs);
      return;
    }
    // Anything else is left out, but when it ends the picture that end must still reach the viewer.
    if (marker && this.#sliced && !this.#waits) this.#send(nal, timestamp, true, arrivalMs);
  }

  #fragment(payload: Buffer, timestamp: number, marker: boolean, arrivalMs: number): void {
    const fu = payload[this.#codec.headerBytes] ?? 0;
    const type = fu & (this.#codec.headerBytes === 1 ? 0x1f : 0x3f);
    const kind = this.#codec.kind(type);
    if (kind !== 'slice' && kind !== 'key-slice') return;
    if ((fu & 0x80) !== 0) {
      const nal = Buffer.concat([
        this.#codec.headerWithType(payload, type),
        payload.subarray(this.#codec.headerBytes + 1, this.#codec.headerBytes + 33),
      ]);
      if (!this.#admit(kind === 'key-slice', nal, timestamp, arrivalMs)) return;
    } else if (this.#waits || !this.#sliced) return;
    this.#send(payload, timestamp, marker, arrivalMs);
  }

  /** Whether a slice that begins here may go out; puts the parameter sets in front of a keyframe's first slice. */
  #admit(isKey: boolean, slice: Uint8Array, timestamp: number, arrivalMs: number): boolean {
    if (!isKey) {
      if (this.#waits) return false;
      const reorders = this.#codec.name === 'H264' || this.#sets.format?.reorders === true;
      const findPps = (id: number): Uint8Array | undefined =>
        this.#sets.find(this.#codec.parameterSets.at(-1) ?? 0, id);
      if (reorders && this.#codec.isBidirectional(slice, findPps) && ++this.#bidirectional === enough)
        this.#events.bidirectional();
      this.#sliced = true;
      return true;
    }
    if (this.#sliced) return !this.#waits;
    const sets = this.#sets.all();
    if (sets === undefined) return false;
    this.#waits = false;
    this.#sliced = true;
    this.#isKeyframe = true;
    const together = aggregate(this.#codec, sets, this.#limit);
    const payloads = together === undefined ? sets.map((set) => [set]) : [together];
    payloads.forEach((pieces, index) => {
      this.#emit(mediaPacket(pieces, timestamp, false), index === 0, arrivalMs);
    });
    return true;
  }

  #send(payload: Buffer, timestamp: number, marker: boolean, arrivalMs: number): void {
    const payloads = cutPayload(this.#codec, payload, this.#limit);
    payloads.forEach((pieces, index) => {
      this.#emit(mediaPacket(pieces, timestamp, marker && index === payloads.length - 1), false, arrivalMs);
    });
  }

  #emit(packet: MediaPacket, beginsKeyframe: boolean, arrivalMs: number): void {
    const held = this.#held;
    // A camera that marks no ends: hold the newest packet back until the next one tells whether it was the last.
    const holds = this.#withoutMarker >= 3;
    this.#held = holds ? { packet, beginsKeyframe } : undefined;
    if (held !== undefined) {
      const marker = held.packet.marker || held.packet.timestamp !== packet.timestamp;
      this.#events.packet({ ...held.packet, marker }, held.beginsKeyframe, arrivalMs);
    }
    if (!holds) this.#events.packet(packet, beginsKeyframe, arrivalMs);
  }

  #beginPicture(timestamp: number, arrivalMs: number): void {
    if (this.#timestamp !== undefined && this.#sliced) {
      // The picture before had no end of its own.
      if (this.#withoutMarker < 3) this.#withoutMarker++;
      if (!this.#waits) this.#events.picture(this.#isKeyframe, arrivalMs);
    }
    this.#timestamp = timestamp;
    this.#sliced = false;
    this.#isKeyframe = false;
  }

  #endPicture(arrivalMs: number): void {
    if (this.#sliced) {
      this.#withoutMarker = 0;
      if (!this.#waits) this.#events.picture(this.#isKeyframe, arrivalMs);
    }
    this.#timestamp = undefined;
    this.#sliced = false;
    this.#isKeyframe = false;
  }
}

function isSlice(codec: Codec, unit: Uint8Array): boolean {
  const kind = codec.kind(codec.nalType(unit));
  return kind === 'slice' || kind === 'key-slice';
}
