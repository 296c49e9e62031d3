import { BitReader, type BitWriter } from './bits.ts';
import { nalType, typeOf, unwrap } from './nal.ts';
import { BitstreamError, type Pps, type Sps } from './parameter-sets.ts';

/** A slice header of the kind x264 writes for Baseline, one reference picture (ITU-T H.264 clause 7.3.3). */
export interface SliceHeader {
  /** The NAL unit's first byte: nal_ref_idc and nal_unit_type, equal in all slices of a picture. */
  readonly nalHeader: number;
  readonly firstMb: number;
  readonly isIntra: boolean;
  readonly ppsId: number;
  readonly frameNum: number;
  /** Only in IDR pictures; differs between an IDR picture and the next. */
  readonly idrPicId: number | undefined;
  readonly qp: number;
  /** disable_deblocking_filter_idc. */
  readonly deblocking: number;
}

/** A slice header is never longer than this, emulation prevention included. */
const HEADER_BYTES = 32;

/** Reads a slice's header. Throws a {@link BitstreamError} for what a scene's clip must not use. */
export function parseSliceHeader(nalUnit: Uint8Array, sps: Sps, pps: Pps): SliceHeader {
  const nalHeader = nalUnit[0] ?? 0;
  const isIdr = typeOf(nalUnit) === nalType.idrSlice;
  if (!isIdr && typeOf(nalUnit) !== nalType.slice) throw new BitstreamError('This NAL unit is no slice');
  const reader = new BitReader(unwrap(nalUnit, HEADER_BYTES));
  const firstMb = reader.ue();
  // 5…9 say the same as 0…4, and that all slices of the picture are alike.
  const sliceType = reader.ue() % 5;
  if (sliceType !== 0 && sliceType !== 2) throw new BitstreamError('This slice is neither I nor P');
  const isIntra = sliceType === 2;
  const ppsId = reader.ue();
  const frameNum = reader.bits(sps.log2MaxFrameNum);
  const idrPicId = isIdr ? reader.ue() : undefined;
  if (pps.redundantPicCnt) reader.ue();
  if (!isIntra) {
    const references = reader.flag() ? reader.ue() + 1 : pps.numRefIdxL0Default;
    if (references !== 1) throw new BitstreamError('This slice uses several reference pictures');
    if (reader.flag()) throw new BitstreamError('This slice reorders its reference pictures');
    if (pps.weightedPrediction) throw new BitstreamError('This slice weights its prediction');
  }
  if (nalHeader >> 5 === 0) throw new BitstreamError('This picture is no reference for the next');
  if (isIdr) reader.bits(2);
  else if (reader.flag()) throw new BitstreamError('This slice marks reference pictures by hand');
  const qp = pps.initQp + reader.se();
  const deblocking = pps.hasDeblockingControl ? reader.ue() : 0;
  return { nalHeader, firstMb, isIntra, ppsId, frameNum, idrPicId, qp, deblocking };
}

/**
 * Writes the header of one more slice of a picture (not the NAL unit's first byte), beginning at macroblock `firstMb`
 * with `qp`. All else is as in `other`, but that deblocking is off. The PPS must allow for that.
 */
export function writeSliceHeader(
  writer: BitWriter,
  other: SliceHeader,
  firstMb: number,
  qp: number,
  sps: Sps,
  pps: Pps,
): void {
  writer
    .ue(firstMb)
    .ue(other.isIntra ? 7 : 5)
    .ue(other.ppsId);
  writer.bits(sps.log2MaxFrameNum, other.frameNum);
  if (other.idrPicId !== undefined) writer.ue(other.idrPicId);
  if (pps.redundantPicCnt) writer.ue(0);
  if (!other.isIntra) {
    const isOverridden = pps.numRefIdxL0Default !== 1;
    writer.flag(isOverridden);
    if (isOverridden) writer.ue(0);
    writer.flag(false); // ref_pic_list_modification_flag_l0
  }
  // dec_ref_pic_marking(): nothing beyond the sliding window.
  writer.bits(other.idrPicId === undefined ? 1 : 2, 0);
  writer.se(qp - pps.initQp);
  if (pps.hasDeblockingControl) writer.ue(1);
}
