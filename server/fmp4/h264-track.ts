import { Bits, unescape } from './bits.ts';
import { join, u16 } from './box.ts';
import type { VideoTrack } from './track.ts';

interface Format {
  readonly width: number;
  readonly height: number;
  readonly chroma: number;
  readonly lumaDepth: number;
  readonly chromaDepth: number;
}

/** Profiles whose SPS tells chroma format and bit depths (ITU-T H.264 7.3.2.1.1). */
const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** Profiles for which `avcC` has nothing behind the parameter sets (ISO/IEC 14496-15 5.3.3.1.2). */
const plainProfiles = new Set([66, 77, 88]);

/** See `videoTrack`. */
export function h264Track(units: readonly Uint8Array[]): VideoTrack {
  const ofType = (type: number): Uint8Array[] => units.filter((unit) => ((unit[0] ?? 0) & 0x1f) === type);
  const sps = ofType(7);
  const pps = ofType(8);
  const first = sps[0];
  if (first === undefined || pps.length === 0 || sps.length > 31 || pps.length > 255)
    throw new RangeError('a parameter set is missing');
  const format = readSps(unescape(first));
  // Profile, constraints and level, as coded: no emulation prevention can stand this early.
  const level = first.subarray(1, 4);
  const withLength = (set: Uint8Array): Uint8Array => join(u16(set.length), set);
  return {
    codecString: `avc1.${Buffer.from(level).toString('hex')}`,
    width: format.width,
    height: format.height,
    sampleEntry: 'avc1',
    configuration: join(
      Uint8Array.of(1, ...level, 0xfc | 3, 0xe0 | sps.length),
      ...sps.map(withLength),
      Uint8Array.of(pps.length),
      ...pps.map(withLength),
      plainProfiles.has(level[0] ?? 0)
        ? new Uint8Array()
        : Uint8Array.of(0xfc | format.chroma, 0xf8 | format.lumaDepth, 0xf8 | format.chromaDepth, 0),
    ),
  };
}

/** seq_parameter_set_data (7.3.2.1.1) as far as the cropping. */
function readSps(sps: Uint8Array): Format {
  const bits = new Bits(sps, 1);
  const profile = bits.take(8);
  bits.take(16);
  bits.ue(); // seq_parameter_set_id
  let chroma = 1;
  let depths: [number, number] = [0, 0];
  let separatePlanes = 0;
  if (highProfiles.has(profile)) {
    chroma = bits.ue();
    if (chroma === 3) separatePlanes = bits.take(1);
    depths = [bits.ue(), bits.ue()];
    bits.take(1); // qpprime_y_zero_transform_bypass_flag
    if (bits.take(1) === 1)
      for (let i = 0; i < (chroma === 3 ? 12 : 8); i++)
        if (bits.take(1) === 1) skipScalingList(bits, i < 6 ? 16 : 64);
  }
  bits.ue(); // log2_max_frame_num_minus4
  const orderType = bits.ue();
  if (orderType === 0) bits.ue();
  else if (orderType === 1) {
    bits.take(1);
    bits.se();
    bits.se();
    for (let left = bits.ue(); left > 0; left--) bits.se();
  }
  bits.ue(); // max_num_ref_frames
  bits.take(1); // gaps_in_frame_num_value_allowed_flag
  const columns = bits.ue() + 1;
  const rows = bits.ue() + 1;
  const framesOnly = bits.take(1);
  if (framesOnly === 0) bits.take(1); // mb_adaptive_frame_field_flag
  bits.take(1); // direct_8x8_inference_flag
  let width = columns * 16;
  let height = rows * 16 * (2 - framesOnly);
  if (bits.take(1) === 1) {
    const subsampling = separatePlanes === 1 ? 0 : chroma;
    width -= (bits.ue() + bits.ue()) * (subsampling === 1 || subsampling === 2 ? 2 : 1);
    height -= (bits.ue() + bits.ue()) * (subsampling === 1 ? 2 : 1) * (2 - framesOnly);
  }
  if (width <= 0 || height <= 0 || width > 0xffff || height > 0xffff || chroma > 3)
    throw new RangeError('the sequence parameter set gives no possible size');
  return { width, height, chroma, lumaDepth: depths[0] & 7, chromaDepth: depths[1] & 7 };
}

/** scaling_list (7.3.2.1.1.1). */
function skipScalingList(bits: Bits, size: number): void {
  let last = 8;
  for (let i = 0; i < size; i++) {
    const next = (last + bits.se() + 256) % 256;
    if (next === 0) return;
    last = next;
  }
}
