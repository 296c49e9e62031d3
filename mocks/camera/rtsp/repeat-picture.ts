import { BitWriter } from '#mocks/camera/bitstream/bits.ts';
import { wrap } from '#mocks/camera/bitstream/nal.ts';
import { parsePps, parseSps, type Pps, type Sps } from '#mocks/camera/bitstream/parameter-sets.ts';
import { writeSliceHeader } from '#mocks/camera/bitstream/slice-header.ts';

type CodedSets = { readonly sps: Uint8Array; readonly pps: Uint8Array };

const parsed = new WeakMap<Uint8Array, { sps: Sps; pps: Pps }>();

/** A reference picture's slice that is not an IDR's: nal_ref_idc 2, nal_unit_type 1. */
const nalHeader = 0x41;

/**
 * A picture that shows again what the one before showed: a P slice whose macroblocks are all skipped (ITU-T H.264
 * clause 7.3.4, mb_skip_run). `sinceKeyframe` is its place in the group of pictures, from 1 on; every picture there
 * is a reference, so it is frame_num too.
 */
export function repeatPicture(sets: CodedSets, sinceKeyframe: number): Uint8Array {
  let known = parsed.get(sets.sps);
  if (known === undefined) {
    const sps = parseSps(sets.sps);
    known = { sps, pps: parsePps(sets.pps) };
    parsed.set(sets.sps, known);
  }
  const { sps, pps } = known;
  const writer = new BitWriter(64);
  const frameNum = sinceKeyframe % 2 ** sps.log2MaxFrameNum;
  const header = { nalHeader, firstMb: 0, isIntra: false, ppsId: pps.id, frameNum, idrPicId: undefined };
  writeSliceHeader(writer, { ...header, qp: pps.initQp, deblocking: 1 }, 0, pps.initQp, sps, pps);
  writer.ue(sps.widthInMbs * sps.heightInMbs).trailing();
  return wrap(nalHeader, writer.view());
}
