import { nalType, splitAnnexB, typeOf } from './bitstream/nal.ts';
import {
  BitstreamError,
  parsePps,
  parseSps,
  type Pps,
  type Sps,
  writePps,
  writeSps,
} from './bitstream/parameter-sets.ts';
import { parseSliceHeader, type SliceHeader } from './bitstream/slice-header.ts';
import { rowsOf } from './overlay/layout.ts';
import { formats, type Format } from './pictures.ts';

/** A scene as x264 coded it, with the parameter sets of the taller picture that cameras make of it. */
export interface Clip {
  readonly sps: Sps;
  readonly pps: Pps;
  readonly spsNal: Uint8Array;
  readonly ppsNal: Uint8Array;
  /** In coding order, which is showing order. The first is a keyframe. */
  readonly pictures: readonly ClipPicture[];
  /** Pictures from one keyframe to the next, the same throughout. */
  readonly gopLength: number;
}

export interface ClipPicture {
  readonly nalUnit: Uint8Array;
  readonly header: SliceHeader;
}

/** BT.709, limited range: what cameras of this size send, told only where the clip does not say so itself. */
const bt709 = { format: 5, isFullRange: false, colour: { primaries: 1, transfer: 1, matrix: 1 } } as const;

/**
 * Takes apart a clip (Annex B) and makes sure that it keeps to what the camera relies on. The pictures are views of
 * `stream`. Throws a {@link BitstreamError}.
 */
export function parseClip(stream: Uint8Array, format: Format): Clip {
  const nalUnits = splitAnnexB(stream);
  const sceneSps = nalUnits.find((nalUnit) => typeOf(nalUnit) === nalType.sps);
  const scenePps = nalUnits.find((nalUnit) => typeOf(nalUnit) === nalType.pps);
  if (!sceneSps || !scenePps) throw new BitstreamError('The clip has no parameter sets');
  const scene = parseSps(sceneSps);
  const pps = parsePps(scenePps);
  const pictures = nalUnits
    .filter((nalUnit) => typeOf(nalUnit) === nalType.slice || typeOf(nalUnit) === nalType.idrSlice)
    .map((nalUnit) => ({ nalUnit, header: parseSliceHeader(nalUnit, scene, pps) }));
  const sps = tallerSps(scene, format);
  checkShape(scene, pps, format);
  return { sps, pps, spsNal: writeSps(sps), ppsNal: writePps(pps), pictures, gopLength: checkGops(pictures) };
}

/** The scene's SPS with two macroblock rows more. Whatever slice headers depend on stays. */
function tallerSps(scene: Sps, format: Format): Sps {
  const { height, framesPerSecond } = formats[format];
  const heightInMbs = rowsOf(format);
  return {
    ...scene,
    // constraint_set0_flag and constraint_set1_flag: Constrained Baseline.
    constraints: scene.constraints | 0xc0,
    heightInMbs,
    crop: { left: 0, right: 0, top: 0, bottom: heightInMbs * 16 - height },
    vui: {
      hasSquarePixels: true,
      video: scene.vui?.video ?? bt709,
      timing: { unitsInTick: 1, timeScale: 2 * framesPerSecond, isFixed: true },
      restriction: {
        motionVectorsOverBoundaries: true,
        maxBytesPerPicDenom: 0,
        maxBitsPerMbDenom: 0,
        log2MaxMvLengthHorizontal: 11,
        log2MaxMvLengthVertical: 11,
        // Lets a decoder show each picture as soon as it is decoded.
        maxNumReorderFrames: 0,
        maxDecFrameBuffering: scene.maxNumRefFrames,
      },
    },
  };
}

function checkShape(scene: Sps, pps: Pps, format: Format): void {
  const { width } = formats[format];
  const { crop } = scene;
  if (
    scene.widthInMbs * 16 !== width ||
    scene.heightInMbs !== rowsOf(format) - 2 ||
    crop.left + crop.right + crop.top + crop.bottom > 0
  )
    throw new BitstreamError(`The clip does not have the size for the ${format} format`);
  if (pps.isCabac || pps.constrainedIntraPrediction || !pps.hasDeblockingControl)
    throw new BitstreamError('The clip is coded in a way that leaves no place for caption and clock');
}

/** Pictures from keyframe to keyframe. */
function checkGops(pictures: readonly ClipPicture[]): number {
  const keyframes = pictures.flatMap(({ header }, i) => (header.idrPicId === undefined ? [] : [i]));
  const gopLength = keyframes[1] ?? pictures.length;
  const isEven = keyframes[0] === 0 && keyframes.every((at, i) => at === i * gopLength);
  if (!isEven || pictures.length % gopLength !== 0 || gopLength < 1)
    throw new BitstreamError('The keyframes of the clip do not come at equal distances');
  pictures.forEach(({ header }, i) => {
    if (header.firstMb !== 0 || header.isIntra !== (i % gopLength === 0))
      throw new BitstreamError('The clip does not have one slice for each picture, I only in keyframes');
  });
  // Two IDR pictures in a row must not have the same id (clause 7.4.3); the last is followed by the first.
  keyframes.forEach((at, i) => {
    const next = keyframes[(i + 1) % keyframes.length]!;
    if (pictures[at]!.header.idrPicId === pictures[next]!.header.idrPicId)
      throw new BitstreamError('Two keyframes that follow each other have the same idr_pic_id');
  });
  return gopLength;
}
