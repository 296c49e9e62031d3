import { BitReader } from './bits.ts';
import type { Codec, NalKind, PictureFormat } from './codec.ts';

const vps = 32;
const sps = 33;
const pps = 34;

/** H.265 as ITU-T H.265 and RFC 7798 number things. */
export const h265: Codec = {
  name: 'H265',
  headerBytes: 2,
  aggregation: 48,
  fragment: 49,
  parameterSets: [vps, sps, pps],
  sps,

  nalType: (nal) => ((nal[0] ?? 0) >> 1) & 0x3f,
  headerWithType: (nal, type) => Uint8Array.of(((nal[0] ?? 0) & 0x81) | (type << 1), nal[1] ?? 1),

  kind(type): NalKind {
    // 16…23 are the intra random access points (7.4.2.2): BLA, IDR, CRA and two reserved.
    if (type >= 16 && type <= 23) return 'key-slice';
    if (type <= 31) return 'slice';
    return type <= pps ? 'parameter-set' : 'other';
  },

  parameterSetId(nal) {
    const type = h265.nalType(nal);
    if (type === vps) return (nal[2] ?? 0) >> 4;
    const bits = new BitReader(nal, 2);
    if (type === sps) {
      bits.skip(4);
      const layers = bits.bits(3);
      bits.skip(1);
      readProfile(bits, layers);
    }
    return bits.ue();
  },

  readFormat: readSps,

  isBidirectional(slice, findPps) {
    const bits = new BitReader(slice, 2);
    // Only the first slice segment of a picture is asked: later ones carry an address whose length is in the SPS.
    if (bits.bit() === 0) return false;
    const type = h265.nalType(slice);
    if (type >= 16 && type <= 23) bits.bit(); // no_output_of_prior_pics_flag
    const set = findPps(bits.ue());
    if (set === undefined) return false;
    const picture = new BitReader(set, 2);
    picture.ue();
    picture.ue();
    picture.skip(2); // dependent_slice_segments_enabled_flag, output_flag_present_flag
    bits.skip(picture.bits(3)); // slice_reserved_flag
    return bits.ue() === 0;
  },
};

interface Profile {
  readonly profile: number;
  readonly level: number;
}

/** profile_tier_level (7.3.3). */
function readProfile(bits: BitReader, subLayers: number): Profile {
  bits.skip(3); // general_profile_space, general_tier_flag
  const profile = bits.bits(5);
  bits.skip(32 + 48);
  const level = bits.bits(8);
  const present: [number, number][] = [];
  for (let i = 0; i < subLayers; i++) present.push([bits.bit(), bits.bit()]);
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const [hasProfile, hasLevel] of present) bits.skip(hasProfile * 88 + hasLevel * 8);
  return { profile, level };
}

function readSps(nal: Uint8Array): PictureFormat {
  if (nal.length < 15) throw new RangeError('the sequence parameter set is cut short');
  const bits = new BitReader(nal, 2);
  bits.skip(4);
  const subLayers = bits.bits(3);
  bits.skip(1);
  const { profile, level } = readProfile(bits, subLayers);
  bits.ue(); // sps_seq_parameter_set_id
  const chroma = bits.ue();
  const separatePlanes = chroma === 3 ? bits.bit() : 0;
  let width = bits.ue();
  let height = bits.ue();
  if (bits.bit() === 1) {
    const unitX = separatePlanes === 0 && (chroma === 1 || chroma === 2) ? 2 : 1;
    const unitY = separatePlanes === 0 && chroma === 1 ? 2 : 1;
    width -= (bits.ue() + bits.ue()) * unitX;
    height -= (bits.ue() + bits.ue()) * unitY;
  }
  if (bits.isExhausted || width <= 0 || height <= 0 || width > 16_384 || height > 16_384)
    throw new RangeError('the sequence parameter set gives no possible size');
  bits.ue(); // bit_depth_luma_minus8
  bits.ue(); // bit_depth_chroma_minus8
  bits.ue(); // log2_max_pic_order_cnt_lsb_minus4
  const everyLayer = bits.bit();
  let reorder = 0;
  for (let i = everyLayer === 1 ? 0 : subLayers; i <= subLayers; i++) {
    bits.ue(); // sps_max_dec_pic_buffering_minus1
    reorder = Math.max(reorder, bits.ue());
    bits.ue(); // sps_max_latency_increase_plus1
  }
  return { width, height, profile, constraints: 0, level, reorders: reorder > 0 };
}
