import { BitReader } from './bits.ts';
import type { Codec, NalKind, PictureFormat } from './codec.ts';

const idr = 5;
const sps = 7;
const pps = 8;
/** MaxFS of level 6.2, table A-1: a slice that begins beyond it is none. */
const mostMacroblocks = 139_264;

/** H.264 as ITU-T H.264 and RFC 6184 number things. */
export const h264: Codec = {
  name: 'H264',
  headerBytes: 1,
  aggregation: 24,
  fragment: 28,
  parameterSets: [sps, pps],
  sps,

  nalType: (nal) => (nal[0] ?? 0) & 0x1f,
  headerWithType: (nal, type) => Uint8Array.of(((nal[0] ?? 0) & 0xe0) | type),

  kind(type): NalKind {
    if (type === idr) return 'key-slice';
    if (type >= 1 && type <= 4) return 'slice';
    return type === sps || type === pps ? 'parameter-set' : 'other';
  },

  parameterSetId(nal) {
    // An SPS has profile, constraints and level (24 bits) in front of its id.
    return new BitReader(nal, (nal[0] ?? 0) % 32 === sps ? 4 : 1).ue();
  },

  readFormat: readSps,

  isBidirectional(slice) {
    const bits = new BitReader(slice, 1);
    const firstMacroblock = bits.ue();
    const type = bits.ue();
    return firstMacroblock < mostMacroblocks && (type === 1 || type === 6);
  },
};

/** Profiles whose SPS carries chroma format and scaling lists (7.3.2.1.1). */
const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

function readSps(nal: Uint8Array): PictureFormat {
  if (nal.length < 5) throw new RangeError('the sequence parameter set is cut short');
  const bits = new BitReader(nal, 1);
  const profile = bits.bits(8);
  const constraints = bits.bits(8);
  const level = bits.bits(8);
  bits.ue(); // seq_parameter_set_id
  let chroma = 1;
  let separatePlanes = 0;
  if (highProfiles.has(profile)) {
    chroma = bits.ue();
    if (chroma === 3) separatePlanes = bits.bit();
    bits.ue(); // bit_depth_luma_minus8
    bits.ue(); // bit_depth_chroma_minus8
    bits.bit(); // qpprime_y_zero_transform_bypass_flag
    if (bits.bit() === 1)
      for (let i = 0; i < (chroma === 3 ? 12 : 8); i++) skipScalingList(bits, i < 6 ? 16 : 64);
  }
  bits.ue(); // log2_max_frame_num_minus4
  const orderType = bits.ue();
  if (orderType === 0) bits.ue();
  else if (orderType === 1) {
    bits.bit();
    bits.se();
    bits.se();
    const count = bits.ue();
    if (count > 255) throw new RangeError('the sequence parameter set cannot be read');
    for (let i = 0; i < count; i++) bits.se();
  }
  bits.ue(); // max_num_ref_frames
  bits.bit(); // gaps_in_frame_num_value_allowed_flag
  const columns = bits.ue() + 1;
  const mapUnits = bits.ue() + 1;
  const framesOnly = bits.bit();
  if (framesOnly === 0) bits.bit(); // mb_adaptive_frame_field_flag
  bits.bit(); // direct_8x8_inference_flag
  let width = columns * 16;
  let height = mapUnits * 16 * (2 - framesOnly);
  if (bits.bit() === 1) {
    const chromaArray = separatePlanes === 1 ? 0 : chroma;
    const unitX = chromaArray === 1 || chromaArray === 2 ? 2 : 1;
    const unitY = (chromaArray === 1 ? 2 : 1) * (2 - framesOnly);
    width -= (bits.ue() + bits.ue()) * unitX;
    height -= (bits.ue() + bits.ue()) * unitY;
  }
  if (bits.isExhausted || width <= 0 || height <= 0 || width > 16_384 || height > 16_384)
    throw new RangeError('the sequence parameter set gives no possible size');
  return { width, height, profile, constraints, level, reorders: orderType === 2 ? false : undefined };
}

function skipScalingList(bits: BitReader, size: number): void {
  if (bits.bit() === 0) return;
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + bits.se() + 256) % 256;
    if (next !== 0) last = next;
  }
}
