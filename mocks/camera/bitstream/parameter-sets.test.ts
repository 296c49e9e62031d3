import { describe, expect, it } from 'vitest';
import { BitWriter } from './bits.ts';
import { BitstreamError, parsePps, parseSps, type Sps, writePps, writeSps } from './parameter-sets.ts';
import { parseSliceHeader, writeSliceHeader } from './slice-header.ts';
import { wrap } from './nal.ts';

const hex = (text: string) => Uint8Array.from(text.match(/../g)!, (byte) => Number.parseInt(byte, 16));

// What libx264 164 wrote for 640×336 at 15 pictures a second, Constrained Baseline.
const x264Sps = hex('6742c01eda0280ae9a808080a0000003002000000303c1e2c5d4');
const x264Pps = hex('68ce04cb20');

const sps: Sps = {
  profileIdc: 66,
  constraints: 0xc0,
  levelIdc: 31,
  id: 0,
  log2MaxFrameNum: 4,
  picOrderCntType: 2,
  maxNumRefFrames: 1,
  gapsInFrameNumAllowed: false,
  widthInMbs: 40,
  heightInMbs: 23,
  direct8x8Inference: true,
  crop: { left: 0, right: 0, top: 0, bottom: 8 },
  vui: {
    hasSquarePixels: true,
    video: { format: 5, isFullRange: false, colour: { primaries: 1, transfer: 1, matrix: 1 } },
    timing: { unitsInTick: 1, timeScale: 30, isFixed: true },
    restriction: {
      motionVectorsOverBoundaries: true,
      maxBytesPerPicDenom: 0,
      maxBitsPerMbDenom: 0,
      log2MaxMvLengthHorizontal: 11,
      log2MaxMvLengthVertical: 11,
      maxNumReorderFrames: 0,
      maxDecFrameBuffering: 1,
    },
  },
};

describe('parameter sets', () => {
  it('of x264 are written back to the byte', () => {
    expect(parseSps(x264Sps)).toMatchObject({ widthInMbs: 40, heightInMbs: 21, picOrderCntType: 2 });
    expect(writeSps(parseSps(x264Sps))).toEqual(x264Sps);
    expect(parsePps(x264Pps)).toMatchObject({ isCabac: false, hasDeblockingControl: true });
    expect(writePps(parsePps(x264Pps))).toEqual(x264Pps);
  });

  it.each([
    ['whole', sps],
    ['without cropping', { ...sps, crop: { left: 0, right: 0, top: 0, bottom: 0 } }],
    ['without a VUI', { ...sps, vui: undefined }],
    [
      'with an empty VUI',
      {
        ...sps,
        vui: { hasSquarePixels: false, video: undefined, timing: undefined, restriction: undefined },
      },
    ],
  ])('of ours can be read back: %s', (_, ours) => {
    expect(parseSps(writeSps(ours))).toEqual(ours);
  });

  it('of other kinds are refused by name of what is wrong', () => {
    const main = writeSps({ ...sps, profileIdc: 77 });
    expect(() => parseSps(main)).toThrow(BitstreamError);
    expect(() => parseSps(x264Pps)).toThrow('SPS');
    expect(() => parsePps(x264Sps)).toThrow('PPS');
    const high = new BitWriter().ue(0).ue(0).bits(2, 0).ue(0).ue(0).ue(0).bits(3, 0).se(0).se(0).se(0);
    expect(() => parsePps(wrap(0x68, high.bits(3, 4).bits(3, 4).trailing().view()))).toThrow('8×8');
  });
});

describe('a slice header', () => {
  const pps = parsePps(x264Pps);

  it.each([
    { nalHeader: 0x65, isIntra: true, frameNum: 0, idrPicId: 1 },
    { nalHeader: 0x41, isIntra: false, frameNum: 13, idrPicId: undefined },
  ])('of another slice of the same picture agrees with the first: %j', (picture) => {
    const first = { ...picture, firstMb: 0, ppsId: 0, qp: 23, deblocking: 0 };
    const writer = new BitWriter();
    writeSliceHeader(writer, first, 840, 28, sps, pps);
    const header = parseSliceHeader(wrap(picture.nalHeader, writer.trailing().view()), sps, pps);
    expect(header).toEqual({ ...first, firstMb: 840, qp: 28, deblocking: 1 });
  });

  it('that asks for more than one reference picture is refused', () => {
    const writer = new BitWriter().ue(0).ue(5).ue(0).bits(4, 1).flag(true).ue(1).bits(16, 0);
    expect(() => parseSliceHeader(wrap(0x41, writer.trailing().view()), sps, pps)).toThrow(BitstreamError);
  });
});
