import type { MediaPacket } from './packet.ts';

/** Packets kept behind the newest for viewers that ask again (NACK): about a second of a full stream. */
const history = 512;
/** A GOP larger than this is not kept: 32 MB would be a minute of 4 Mbit/s. */
const gopBytes = 32_000_000;
const gopPackets = 32_768;
/** So many pictures a source may owe before what is here counts as past. */
const owedPictures = 4;

/**
 * The newest packets of a path, numbered from 0 in the order they came: everything since the last keyframe began (the
 * GOP cache) and at least {@link history} packets (for NACK). All viewers of a path read from the same reel.
 */
export class Reel {
  #packets: MediaPacket[] = [];
  /** When the picture of each packet began to arrive. */
  #arrivals: number[] = [];
  #base = 0;
  #bytesSinceKeyframe = 0;
  #keyframe: number | undefined;
  #lastTimestamp: number | undefined;
  #interval = 0;
  #arrivalMs = 0;
  readonly #freshMs: number;

  /** @param freshMs so long the newest picture counts as live at least, ms; of a slow camera for longer */
  constructor(freshMs = 1000) {
    this.#freshMs = freshMs;
  }

  /** The number the next packet will get. */
  get head(): number {
    return this.#base + this.#packets.length;
  }

  /** The number of the first packet of the newest keyframe, while everything since is still here and fresh. */
  get keyframe(): number | undefined {
    return this.#keyframe;
  }

  /** When the newest picture began to arrive, monotonic ms. */
  get arrivalMs(): number {
    return this.#arrivalMs;
  }

  /** Ticks between the two newest pictures; 0 while there is only one. */
  get interval(): number {
    return this.#interval;
  }

  /** The timestamp of the newest picture. */
  get lastTimestamp(): number | undefined {
    return this.#lastTimestamp;
  }

  /** Whether the source still sends, as far as can be known at `now`, monotonic ms. */
  isFresh(now: number): boolean {
    return now - this.#arrivalMs <= Math.max(this.#freshMs, (owedPictures * this.#interval) / 90);
  }

  at(index: number): MediaPacket | undefined {
    return this.#packets[index - this.#base];
  }

  /** When the picture that the packet belongs to began to arrive, monotonic ms. */
  arrivalAt(index: number): number | undefined {
    return this.#arrivals[index - this.#base];
  }

  /** @param beginsKeyframe this is the first packet of a picture that decoding can start at */
  push(packet: MediaPacket, beginsKeyframe: boolean, arrivalMs: number): void {
    if (beginsKeyframe) {
      this.#keyframe = this.head;
      this.#bytesSinceKeyframe = 0;
      this.#trim();
    }
    if (packet.timestamp !== this.#lastTimestamp) {
      if (this.#lastTimestamp !== undefined) this.#interval = packet.timestamp - this.#lastTimestamp;
      this.#lastTimestamp = packet.timestamp;
      this.#arrivalMs = arrivalMs;
    }
    this.#packets.push(packet);
    this.#arrivals.push(this.#arrivalMs);
    this.#bytesSinceKeyframe += packet.bytes.length;
    if (
      this.#keyframe !== undefined &&
      (this.#bytesSinceKeyframe > gopBytes || this.head - this.#keyframe > gopPackets)
    )
      this.#keyframe = undefined;
    if (this.#keyframe === undefined && this.#packets.length > 4 * history) this.#trim();
  }

  /** The source broke: what is here must not be shown to a new viewer as if it were live. */
  forgetKeyframe(): void {
    this.#keyframe = undefined;
  }

  #trim(): void {
    const oldest = Math.min(this.#keyframe ?? Infinity, this.head - history);
    if (oldest <= this.#base) return;
    this.#packets = this.#packets.slice(oldest - this.#base);
    this.#arrivals = this.#arrivals.slice(oldest - this.#base);
    this.#base = oldest;
  }
}
