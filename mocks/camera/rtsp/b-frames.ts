/**
 * The stream of a camera that was left on Main profile with B pictures, which browsers cannot be sent over WebRTC.
 * Made of what there is: a keyframe keeps its slices, each with a picture order count put in; in between come P and B
 * pictures that skip every macroblock, so the scene moves on with each keyframe only. Decoders take it as any other:
 * I P B P B … in coding order, every B shown before the P ahead of it.
 */
import { BitReader, BitWriter } from '#mocks/camera/bitstream/bits.ts';
import { nalType, typeOf, unwrap, wrap } from '#mocks/camera/bitstream/nal.ts';
import { parsePps, parseSps, writeSps, type Pps, type Sps } from '#mocks/camera/bitstream/parameter-sets.ts';

interface CodedSets {
  readonly sps: Uint8Array;
  readonly pps: Uint8Array;
}

/** Bits of pic_order_cnt_lsb: counts two for a picture, and a group has at most 50. */
const orderBits = 8;
/** profile_idc of Main, and its constraint_set1_flag. */
const main = { profileIdc: 77, constraints: 0x40 };

const cache = new WeakMap<Uint8Array, { sps: Sps; pps: Pps; reordered: CodedSets }>();

function known(sets: CodedSets): { sps: Sps; pps: Pps; reordered: CodedSets } {
  let found = cache.get(sets.sps);
  if (found === undefined) {
    const sps = parseSps(sets.sps);
    found = { sps, pps: parsePps(sets.pps), reordered: { sps: mainSps(sps), pps: sets.pps } };
    cache.set(sets.sps, found);
  }
  return found;
}

/** The parameter sets of the stream with B pictures. */
export const reorderedSets = (sets: CodedSets): CodedSets => known(sets).reordered;

/**
 * Which picture of its group (0 is the keyframe) is sent as number `place`, given whether the group has a picture
 * after that. Each P changes places with the B before it.
 */
export function shownPlace(place: number, isLast: boolean): number {
  if (place === 0 || (place % 2 === 1 && isLast)) return place;
  return place % 2 === 1 ? place + 1 : place - 1;
}

/** A keyframe of the ordinary stream, for the stream with B pictures. */
export function reorderedKeyframe(nalUnits: readonly Uint8Array[], sets: CodedSets): Uint8Array[] {
  const { sps, reordered } = known(sets);
  return nalUnits.map((nalUnit) => {
    switch (typeOf(nalUnit)) {
      case nalType.sps:
        return reordered.sps;
      case nalType.idrSlice:
        return withPictureOrder(nalUnit, sps);
      default:
        return nalUnit;
    }
  });
}

/** The picture sent as number `place` of its group, from 1 on, shown as number `shown`. */
export function reorderedPicture(sets: CodedSets, place: number, shown: number): Uint8Array {
  const { sps, pps } = known(sets);
  const isB = shown < place;
  // B pictures are no reference for any other, so only P pictures count.
  const frameNum = (isB ? place / 2 + 1 : (place + 1) / 2) % 2 ** sps.log2MaxFrameNum;
  const writer = new BitWriter(64);
  writer
    .ue(0)
    .ue(isB ? 6 : 5)
    .ue(pps.id);
  writer.bits(sps.log2MaxFrameNum, frameNum).bits(orderBits, 2 * shown);
  if (pps.redundantPicCnt) writer.ue(0);
  if (isB) writer.flag(true); // direct_spatial_mv_pred_flag
  writer.flag(true).ue(0); // one reference picture, whatever the PPS says
  if (isB) writer.ue(0);
  writer.flag(false); // ref_pic_list_modification_flag_l0
  writer.flag(false); // B: the same for l1. P: adaptive_ref_pic_marking_mode_flag
  writer.se(0);
  if (pps.hasDeblockingControl) writer.ue(1);
  writer.ue(sps.widthInMbs * sps.heightInMbs).trailing();
  return wrap(isB ? 0x01 : 0x41, writer.view());
}

/** The SPS with Main profile, picture order counts in the slices (type 0) and one picture shown out of order. */
function mainSps(sps: Sps): Uint8Array {
  const restriction = {
    motionVectorsOverBoundaries: true,
    maxBytesPerPicDenom: 0,
    maxBitsPerMbDenom: 0,
    log2MaxMvLengthHorizontal: 16,
    log2MaxMvLengthVertical: 16,
    maxNumReorderFrames: 1,
    maxDecFrameBuffering: 2,
  };
  const vui = { hasSquarePixels: false, video: undefined, timing: undefined, ...sps.vui, restriction };
  const changed = writeSps({ ...sps, ...main, maxNumRefFrames: 2, direct8x8Inference: true, vui });
  const reader = new BitReader(unwrap(changed));
  const writer = new BitWriter(64);
  writer.bits(24, reader.bits(24)).ue(reader.ue()).ue(reader.ue());
  reader.ue(); // pic_order_cnt_type 2
  writer.ue(0).ue(orderBits - 4);
  while (reader.hasMore()) writer.bits(1, reader.bits(1));
  return wrap(changed[0] ?? 0, writer.trailing().view());
}

/** An IDR slice with a pic_order_cnt_lsb of 0 put in behind its idr_pic_id. Eight bits: the rest moves by one octet. */
function withPictureOrder(nalUnit: Uint8Array, sps: Sps): Uint8Array {
  const rbsp = unwrap(nalUnit);
  const reader = new BitReader(rbsp);
  reader.ue(); // first_mb_in_slice
  reader.ue(); // slice_type
  reader.ue(); // pic_parameter_set_id
  reader.bits(sps.log2MaxFrameNum);
  reader.ue(); // idr_pic_id
  const octet = reader.position >> 3;
  const after = 0xff >> (reader.position & 7);
  const longer = new Uint8Array(rbsp.length + 1);
  longer.set(rbsp.subarray(0, octet));
  longer[octet] = (rbsp[octet] ?? 0) & ~after;
  longer[octet + 1] = (rbsp[octet] ?? 0) & after;
  longer.set(rbsp.subarray(octet + 1), octet + 2);
  return wrap(nalUnit[0] ?? 0, longer);
}
