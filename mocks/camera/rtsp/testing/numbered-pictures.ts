import { type AccessUnit, type Format, formats } from '#mocks/camera/pictures.ts';
import type { Pictures } from '#mocks/camera/synthesis.ts';

const sps = Buffer.from('6742c01eda0280bfe5c044000003000400000300f03c58ba80', 'hex');
const pps = Buffer.from('68ce3c80', 'hex');

/** The number a {@link numberedPictures} slice carries. */
export const numberOf = (slice: Buffer): number => Number(slice.readBigUInt64BE(1));

/**
 * Pictures that decode to nothing but say which they are: every slice carries the picture's number. Two slices each,
 * `octets` altogether, a keyframe every `groupLength` pictures.
 */
export function numberedPictures({ groupLength = 6, octets = 4_000 } = {}): Pictures {
  const slice = (type: number, index: number, length: number) => {
    const bytes = Buffer.alloc(length, index & 0xff);
    bytes[0] = type;
    bytes.writeBigUInt64BE(BigInt(index), 1);
    return bytes;
  };
  const coded = (format: Format, index: number, isKeyframe: boolean): AccessUnit => {
    const type = isKeyframe ? 0x65 : 0x41;
    const slices = [slice(type, index, octets - 100), slice(type, index, 100)];
    const timeMs = (index * 1000) / formats[format].framesPerSecond;
    return { nalUnits: isKeyframe ? [sps, pps, ...slices] : slices, isKeyframe, timeMs, index };
  };
  return {
    indexAt: (_subject, format, timeMs) => Math.floor((timeMs * formats[format].framesPerSecond) / 1000),
    timeOf: (_subject, format, index) => (index * 1000) / formats[format].framesPerSecond,
    keyframeAtOrBefore: (_subject, _format, index) => index - (index % groupLength),
    parameterSets: () => ({ sps, pps }),
    at: (_subject, format, index) => coded(format, index, index % groupLength === 0),
    asKeyframe: (_subject, format, index) => coded(format, index, true),
  };
}
