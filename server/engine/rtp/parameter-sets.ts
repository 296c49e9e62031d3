import type { Codec, PictureFormat } from '../h26x/codec.ts';

/** The parameter sets a source has sent or announced, newest of each id. */
export class ParameterSets {
  readonly #codec: Codec;
  readonly #sets = new Map<number, Map<number, Buffer>>();
  #format: PictureFormat | undefined;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** Keeps a copy. What cannot be read is left out; gives whether anything changed. */
  store(nal: Uint8Array): boolean {
    const type = this.#codec.nalType(nal);
    const id = this.#codec.parameterSetId(nal);
    const ofType = this.#sets.get(type) ?? new Map<number, Buffer>();
    if (ofType.get(id)?.equals(nal) === true) return false;
    if (type === this.#codec.sps) {
      try {
        this.#format = this.#codec.readFormat(nal);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return false;
      }
    }
    // A camera that counts its ids up for ever must not grow this for ever; 16 is the most an SPS may have in H.265.
    if (ofType.size >= 16) ofType.clear();
    ofType.set(id, Buffer.from(nal));
    this.#sets.set(type, ofType);
    return true;
  }

  /** What the newest sequence parameter set says. */
  get format(): PictureFormat | undefined {
    return this.#format;
  }

  /** All sets in decoding order, or undefined while a kind is missing. */
  all(): Buffer[] | undefined {
    const out: Buffer[] = [];
    for (const type of this.#codec.parameterSets) {
      const ofType = this.#sets.get(type);
      if (ofType === undefined) return undefined;
      out.push(...ofType.values());
    }
    return out;
  }

  find(type: number, id: number): Uint8Array | undefined {
    return this.#sets.get(type)?.get(id);
  }
}
