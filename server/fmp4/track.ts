import { h264Track } from './h264-track.ts';
import { h265Track } from './h265-track.ts';

/** What a player has to know before the first picture. */
export interface VideoTrack {
  /** RFC 6381 name of codec, profile and level: what CODECS of a playlist and `isTypeSupported` take. */
  readonly codecString: string;
  /** Pixels, cropped. */
  readonly width: number;
  readonly height: number;
  /** Four letters of the sample entry; both mean that parameter sets are in the entry and not among the pictures. */
  readonly sampleEntry: 'avc1' | 'hvc1';
  /** The decoder configuration: content of the `avcC` or `hvcC` box (ISO/IEC 14496-15 5.3.3, 8.3.3). */
  readonly configuration: Uint8Array;
}

/**
 * The track that H.264 or H.265 parameter sets describe.
 * @param parameterSets NAL units without start codes or lengths, of each kind at least one: SPS and PPS, for H.265 VPS too.
 *   What is none of these, or there already, is left out.
 * @throws RangeError when one is missing or the sequence parameter set cannot be read
 */
export function videoTrack(codec: 'H264' | 'H265', parameterSets: readonly Uint8Array[]): VideoTrack {
  // A stream repeats its sets before every keyframe.
  const once = [...new Map(parameterSets.map((set) => [Buffer.from(set).toString('latin1'), set])).values()];
  return codec === 'H264' ? h264Track(once) : h265Track(once);
}
