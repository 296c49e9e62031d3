import { ImageServerFormatError } from './image-server-reader.ts';

/** What one ImageResponse of a live stream carries. */
export type ImageServerPacket =
  | {
      readonly kind: 'video';
      readonly codec: 'H264' | 'H265';
      readonly isKeyframe: boolean;
      /** The recorder's time of the picture, epoch ms. */
      readonly timeMs: number;
      /** Annex B byte stream of one picture. A view of the bytes given. */
      readonly stream: Buffer;
    }
  /** Transcoded or motion JPEG, or a codec that no browser takes over WebRTC. */
  | { readonly kind: 'unsupported'; readonly name: string }
  /** Audio and metadata that came along. */
  | { readonly kind: 'other' };

/** GenericByteData, big-endian: type 2, length 4, codec 2, sequence 2, flags 2, keyframe time 8, time 8, reserved 4. */
const headerBytes = 32;
const codecs: Readonly<Record<number, 'H264' | 'H265'>> = { 0x000a: 'H264', 0x000e: 'H265' };

/**
 * Reads the body of an ImageResponse. The content type is not asked: JPEG is known to come under that of GenericByteData.
 * Throws an {@link ImageServerFormatError} when it is neither.
 */
export function readPacket(data: Buffer): ImageServerPacket {
  if (data.length >= 2 && data[0] === 0xff && data[1] === 0xd8) return { kind: 'unsupported', name: 'JPEG' };
  if (data.length < headerBytes)
    throw new ImageServerFormatError('The recorder sent a picture that is cut short.');
  const type = data.readUInt16BE(0);
  if (type === 0x0020 || type === 0x0030) return { kind: 'other' };
  const length = data.readUInt32BE(2);
  if (type !== 0x0010 || length < headerBytes || length > data.length)
    throw new ImageServerFormatError('The recorder sent a picture in an unknown form.');
  const number = data.readUInt16BE(6);
  const codec = codecs[number];
  if (codec === undefined)
    return { kind: 'unsupported', name: number === 1 ? 'JPEG' : `codec ${String(number)}` };
  return {
    kind: 'video',
    codec,
    isKeyframe: (data.readUInt16BE(10) & 1) === 1,
    timeMs: Number(data.readBigUInt64BE(20)),
    stream: data.subarray(headerBytes, length),
  };
}
