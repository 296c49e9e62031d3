/** The codecs that pass through the engine. */
export type CodecName = 'H264' | 'H265';

/** What a NAL unit is to us. */
export type NalKind =
  /** Slice of a picture that decoding may start at: IDR (H.264), IRAP (H.265). */
  | 'key-slice'
  | 'slice'
  /** VPS, SPS or PPS: goes into the cache and comes back in front of every keyframe. */
  | 'parameter-set'
  /** Delimiters, filler, SEI and what is reserved: no decoder of a viewer needs them. */
  | 'other';

/** What a sequence parameter set says of the pictures. */
export interface PictureFormat {
  readonly width: number;
  readonly height: number;
  /** `profile_idc` (H.264) or `general_profile_idc` (H.265). */
  readonly profile: number;
  /** H.264: the constraint flags byte; H.265: 0. */
  readonly constraints: number;
  /** `level_idc` or `general_level_idc`, as coded. */
  readonly level: number;
  /** Whether pictures may leave the decoder in another order than they arrive; undefined where it is not said. */
  readonly reorders: boolean | undefined;
}

/** Everything the engine has to know of a codec. One object each for H.264 and H.265. */
export interface Codec {
  readonly name: CodecName;
  /** Bytes of the NAL unit header. */
  readonly headerBytes: number;
  /** Payload type of an aggregation packet: STAP-A (RFC 6184 5.7.1) or AP (RFC 7798 4.4.2). */
  readonly aggregation: number;
  /** Payload type of a fragment: FU-A (RFC 6184 5.8) or FU (RFC 7798 4.4.3). */
  readonly fragment: number;
  /** Kinds of parameter set a decoder needs before a keyframe, as NAL unit types in their order. */
  readonly parameterSets: readonly number[];
  /** NAL unit type of the sequence parameter set. */
  readonly sps: number;
  nalType(nal: Uint8Array): number;
  /** The NAL unit header with another type in it. */
  headerWithType(nal: Uint8Array, type: number): Uint8Array;
  kind(type: number): NalKind;
  /** The id a parameter set has, so that several of a kind can live side by side. */
  parameterSetId(nal: Uint8Array): number;
  /** Throws a RangeError when the set cannot be read. */
  readFormat(sps: Uint8Array): PictureFormat;
  /** Whether this slice (or its first bytes) is bidirectionally predicted. `pps` are the cached picture parameter sets by id. */
  isBidirectional(slice: Uint8Array, pps: (id: number) => Uint8Array | undefined): boolean;
}
