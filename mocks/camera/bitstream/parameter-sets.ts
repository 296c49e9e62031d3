import { BitReader, BitWriter } from './bits.ts';
import { nalType, typeOf, unwrap, wrap } from './nal.ts';

/** A sequence parameter set of the Baseline profile, as far as our cameras use it (ITU-T H.264 clause 7.3.2.1.1). */
export interface Sps {
  readonly profileIdc: number;
  /** constraint_set0_flag … constraint_set5_flag and two zero bits, as they stand in the byte. */
  readonly constraints: number;
  readonly levelIdc: number;
  readonly id: number;
  readonly log2MaxFrameNum: number;
  /** Only type 2: pictures are shown in the order in which they are coded. */
  readonly picOrderCntType: 2;
  readonly maxNumRefFrames: number;
  readonly gapsInFrameNumAllowed: boolean;
  readonly widthInMbs: number;
  readonly heightInMbs: number;
  readonly direct8x8Inference: boolean;
  /** Luma lines and columns not shown, even numbers (4:2:0). */
  readonly crop: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
  readonly vui: Vui | undefined;
}

/** Video usability information (annex E). Aspect ratio is square wherever it is named. */
export interface Vui {
  readonly hasSquarePixels: boolean;
  readonly video: VideoSignal | undefined;
  readonly timing:
    { readonly unitsInTick: number; readonly timeScale: number; readonly isFixed: boolean } | undefined;
  readonly restriction: BitstreamRestriction | undefined;
}

export interface VideoSignal {
  readonly format: number;
  readonly isFullRange: boolean;
  readonly colour:
    { readonly primaries: number; readonly transfer: number; readonly matrix: number } | undefined;
}

export interface BitstreamRestriction {
  readonly motionVectorsOverBoundaries: boolean;
  readonly maxBytesPerPicDenom: number;
  readonly maxBitsPerMbDenom: number;
  readonly log2MaxMvLengthHorizontal: number;
  readonly log2MaxMvLengthVertical: number;
  readonly maxNumReorderFrames: number;
  readonly maxDecFrameBuffering: number;
}

/** A picture parameter set, as far as our cameras use it (clause 7.3.2.2). One slice group, no 8×8 transform. */
export interface Pps {
  readonly id: number;
  readonly spsId: number;
  readonly isCabac: boolean;
  readonly bottomFieldPicOrder: boolean;
  readonly numRefIdxL0Default: number;
  readonly numRefIdxL1Default: number;
  readonly weightedPrediction: boolean;
  readonly weightedBipred: number;
  readonly initQp: number;
  readonly initQs: number;
  readonly chromaQpOffset: number;
  readonly hasDeblockingControl: boolean;
  readonly constrainedIntraPrediction: boolean;
  readonly redundantPicCnt: boolean;
}

/** A stream that uses more of H.264 than this code was written for. */
export class BitstreamError extends Error {
  override readonly name = 'BitstreamError';
  readonly code = 'unsupported-bitstream';
}

function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new BitstreamError(`This H.264 stream ${what}`);
}

const BASELINE = 66;
const EXTENDED_SAR = 255;

/** Reads a sequence parameter set. Throws a {@link BitstreamError} for what our cameras never use. */
export function parseSps(nalUnit: Uint8Array): Sps {
  must(typeOf(nalUnit) === nalType.sps, 'has something else where its SPS should be');
  const reader = new BitReader(unwrap(nalUnit));
  const profileIdc = reader.bits(8);
  must(profileIdc === BASELINE, 'is not of the Baseline profile');
  const constraints = reader.bits(8);
  const levelIdc = reader.bits(8);
  const id = reader.ue();
  const log2MaxFrameNum = reader.ue() + 4;
  const picOrderCntType = reader.ue();
  must(picOrderCntType === 2, 'does not show pictures in coding order');
  const maxNumRefFrames = reader.ue();
  const gapsInFrameNumAllowed = reader.flag();
  const widthInMbs = reader.ue() + 1;
  const heightInMbs = reader.ue() + 1;
  must(reader.flag(), 'is interlaced');
  const direct8x8Inference = reader.flag();
  const crop = { left: 0, right: 0, top: 0, bottom: 0 };
  if (reader.flag()) {
    crop.left = 2 * reader.ue();
    crop.right = 2 * reader.ue();
    crop.top = 2 * reader.ue();
    crop.bottom = 2 * reader.ue();
  }
  const vui = reader.flag() ? parseVui(reader) : undefined;
  return {
    profileIdc,
    constraints,
    levelIdc,
    id,
    log2MaxFrameNum,
    picOrderCntType,
    maxNumRefFrames,
    gapsInFrameNumAllowed,
    widthInMbs,
    heightInMbs,
    direct8x8Inference,
    crop,
    vui,
  };
}

function parseVui(reader: BitReader): Vui {
  const hasSquarePixels = reader.flag();
  if (hasSquarePixels) {
    const aspect = reader.bits(8);
    const isSquare = aspect === 1 || (aspect === EXTENDED_SAR && reader.bits(16) === reader.bits(16));
    must(isSquare, 'has pixels that are not square');
  }
  if (reader.flag()) reader.flag(); // overscan
  let video: VideoSignal | undefined;
  if (reader.flag()) {
    const format = reader.bits(3);
    const isFullRange = reader.flag();
    const colour = reader.flag()
      ? { primaries: reader.bits(8), transfer: reader.bits(8), matrix: reader.bits(8) }
      : undefined;
    video = { format, isFullRange, colour };
  }
  if (reader.flag()) {
    reader.ue(); // chroma_sample_loc_type_top_field
    reader.ue(); // chroma_sample_loc_type_bottom_field
  }
  const timing = reader.flag()
    ? { unitsInTick: reader.bits(32), timeScale: reader.bits(32), isFixed: reader.flag() }
    : undefined;
  must(!reader.flag() && !reader.flag(), 'has HRD parameters');
  reader.flag(); // pic_struct_present_flag
  const restriction = reader.flag()
    ? {
        motionVectorsOverBoundaries: reader.flag(),
        maxBytesPerPicDenom: reader.ue(),
        maxBitsPerMbDenom: reader.ue(),
        log2MaxMvLengthHorizontal: reader.ue(),
        log2MaxMvLengthVertical: reader.ue(),
        maxNumReorderFrames: reader.ue(),
        maxDecFrameBuffering: reader.ue(),
      }
    : undefined;
  return { hasSquarePixels, video, timing, restriction };
}

/** The NAL unit of a sequence parameter set. */
export function writeSps(sps: Sps): Uint8Array {
  const writer = new BitWriter(64);
  writer.bits(8, sps.profileIdc).bits(8, sps.constraints).bits(8, sps.levelIdc).ue(sps.id);
  writer.ue(sps.log2MaxFrameNum - 4).ue(sps.picOrderCntType);
  writer.ue(sps.maxNumRefFrames).flag(sps.gapsInFrameNumAllowed);
  writer.ue(sps.widthInMbs - 1).ue(sps.heightInMbs - 1);
  writer.flag(true).flag(sps.direct8x8Inference); // frame_mbs_only_flag first
  const { left, right, top, bottom } = sps.crop;
  const isCropped = left + right + top + bottom > 0;
  writer.flag(isCropped);
  if (isCropped) for (const edge of [left, right, top, bottom]) writer.ue(edge / 2);
  writer.flag(sps.vui !== undefined);
  if (sps.vui) writeVui(writer, sps.vui);
  return wrap((3 << 5) | nalType.sps, writer.trailing().view());
}

function writeVui(writer: BitWriter, vui: Vui): void {
  writer.flag(vui.hasSquarePixels);
  if (vui.hasSquarePixels) writer.bits(8, 1);
  writer.flag(false); // overscan_info_present_flag
  const { video, timing, restriction } = vui;
  writer.flag(video !== undefined);
  if (video) {
    writer
      .bits(3, video.format)
      .flag(video.isFullRange)
      .flag(video.colour !== undefined);
    if (video.colour) {
      writer.bits(8, video.colour.primaries).bits(8, video.colour.transfer).bits(8, video.colour.matrix);
    }
  }
  writer.flag(false); // chroma_loc_info_present_flag
  writer.flag(timing !== undefined);
  if (timing) writer.bits(32, timing.unitsInTick).bits(32, timing.timeScale).flag(timing.isFixed);
  writer.flag(false).flag(false).flag(false); // no HRD parameters, pic_struct_present_flag
  writer.flag(restriction !== undefined);
  if (restriction) {
    writer.flag(restriction.motionVectorsOverBoundaries);
    writer.ue(restriction.maxBytesPerPicDenom).ue(restriction.maxBitsPerMbDenom);
    writer.ue(restriction.log2MaxMvLengthHorizontal).ue(restriction.log2MaxMvLengthVertical);
    writer.ue(restriction.maxNumReorderFrames).ue(restriction.maxDecFrameBuffering);
  }
}

/** Reads a picture parameter set. Throws a {@link BitstreamError} for what our cameras never use. */
export function parsePps(nalUnit: Uint8Array): Pps {
  must(typeOf(nalUnit) === nalType.pps, 'has something else where its PPS should be');
  const reader = new BitReader(unwrap(nalUnit));
  const id = reader.ue();
  const spsId = reader.ue();
  const isCabac = reader.flag();
  const bottomFieldPicOrder = reader.flag();
  must(reader.ue() === 0, 'has several slice groups');
  const pps: Pps = {
    id,
    spsId,
    isCabac,
    bottomFieldPicOrder,
    numRefIdxL0Default: reader.ue() + 1,
    numRefIdxL1Default: reader.ue() + 1,
    weightedPrediction: reader.flag(),
    weightedBipred: reader.bits(2),
    initQp: reader.se() + 26,
    initQs: reader.se() + 26,
    chromaQpOffset: reader.se(),
    hasDeblockingControl: reader.flag(),
    constrainedIntraPrediction: reader.flag(),
    redundantPicCnt: reader.flag(),
  };
  must(!reader.hasMore(), 'uses an 8×8 transform or scaling matrices');
  return pps;
}

/** The NAL unit of a picture parameter set. */
export function writePps(pps: Pps): Uint8Array {
  const writer = new BitWriter(32);
  writer.ue(pps.id).ue(pps.spsId).flag(pps.isCabac).flag(pps.bottomFieldPicOrder).ue(0);
  writer.ue(pps.numRefIdxL0Default - 1).ue(pps.numRefIdxL1Default - 1);
  writer.flag(pps.weightedPrediction).bits(2, pps.weightedBipred);
  writer
    .se(pps.initQp - 26)
    .se(pps.initQs - 26)
    .se(pps.chromaQpOffset);
  writer.flag(pps.hasDeblockingControl).flag(pps.constrainedIntraPrediction).flag(pps.redundantPicCnt);
  return wrap((3 << 5) | nalType.pps, writer.trailing().view());
}
