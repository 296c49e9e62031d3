import type { Codec } from '../h26x/codec.ts';
import { splitAggregate } from '../rtp/cut.ts';
import { headerBytes, type MediaPacket } from '../rtp/packet.ts';

/** A whole coded picture. */
export interface Picture {
  /** 90 kHz ticks on its path's clock. */
  readonly timestamp: number;
  readonly isKeyframe: boolean;
  /** What stood in front of a keyframe; empty for the others. */
  readonly parameterSets: readonly Uint8Array[];
  /** Its slices, without start codes or lengths. Views of the packets where they were whole. */
  readonly units: readonly Uint8Array[];
}

/**
 * Puts the packets of a reel together to pictures. A picture that is not all there is left out together with all that
 * lean on it: it goes on with the next keyframe. Within a picture a reel has no holes: `Intake` stops at the first one.
 */
export class Assembly {
  readonly #codec: Codec;
  readonly #take: (picture: Picture) => void;
  #timestamp: number | undefined;
  #sets: Uint8Array[] = [];
  #units: Uint8Array[] = [];
  #isKeyframe = false;
  /** The pieces of a unit that came in fragments, while its end is awaited. */
  #pieces: Uint8Array[] | undefined;
  #isBroken = false;
  #waits = true;
  /** Cameras that mark no ends are told apart by the first packets: see `Intake`. */
  #marks = false;

  constructor(codec: Codec, take: (picture: Picture) => void) {
    this.#codec = codec;
    this.#take = take;
  }

  /** What comes next does not follow what came before. */
  restart(): void {
    this.#clear();
    this.#waits = true;
  }

  /** Takes the next packet of the reel. */
  packet(packet: MediaPacket): void {
    if (packet.timestamp !== this.#timestamp) {
      this.#end(!this.#marks);
      this.#timestamp = packet.timestamp;
    }
    this.#payload(packet.bytes.subarray(headerBytes));
    if (!packet.marker) return;
    this.#marks = true;
    this.#end(true);
  }

  #payload(payload: Buffer): void {
    const type = this.#codec.nalType(payload);
    if (type === this.#codec.aggregation)
      for (const unit of splitAggregate(this.#codec, payload)) this.#unit(unit);
    else if (type === this.#codec.fragment) this.#fragment(payload);
    else this.#unit(payload);
  }

  #fragment(payload: Buffer): void {
    const fu = payload[this.#codec.headerBytes] ?? 0;
    const body = payload.subarray(this.#codec.headerBytes + 1);
    if ((fu & 0x80) !== 0) {
      this.#isBroken ||= this.#pieces !== undefined;
      const type = fu & (this.#codec.headerBytes === 1 ? 0x1f : 0x3f);
      this.#pieces = [this.#codec.headerWithType(payload, type), body];
    } else if (this.#pieces === undefined) this.#isBroken = true;
    else this.#pieces.push(body);
    if ((fu & 0x40) === 0 || this.#pieces === undefined) return;
    const unit = Buffer.concat(this.#pieces);
    this.#pieces = undefined;
    this.#unit(unit);
  }

  #unit(unit: Uint8Array): void {
    const kind = this.#codec.kind(this.#codec.nalType(unit));
    if (kind === 'parameter-set') this.#sets.push(unit);
    if (kind !== 'slice' && kind !== 'key-slice') return;
    this.#units.push(unit);
    this.#isKeyframe ||= kind === 'key-slice';
  }

  #end(isWhole: boolean): void {
    const timestamp = this.#timestamp;
    if (timestamp === undefined || this.#units.length + (this.#pieces?.length ?? 0) === 0) {
      this.#timestamp = undefined;
      return;
    }
    const isGood = isWhole && !this.#isBroken && this.#pieces === undefined;
    const picture: Picture = {
      timestamp,
      isKeyframe: this.#isKeyframe,
      parameterSets: this.#sets,
      units: this.#units,
    };
    this.#clear();
    if (!isGood) this.#waits = true;
    else if (picture.isKeyframe) this.#waits = false;
    if (isGood && !this.#waits) this.#take(picture);
  }

  #clear(): void {
    this.#timestamp = undefined;
    this.#sets = [];
    this.#units = [];
    this.#isKeyframe = false;
    this.#pieces = undefined;
    this.#isBroken = false;
  }
}
