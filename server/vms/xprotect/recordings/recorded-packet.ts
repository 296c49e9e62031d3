import { VmsError } from '#server/vms/vms.ts';
import type { RecordedFrame } from '#server/vms/recordings.ts';
import { readPacket } from '../image-server-picture.ts';
import { hasKeyframe, splitAnnexB } from './annex-b.ts';

export interface RecordedPacket extends Pick<RecordedFrame, 'codec' | 'isKeyframe' | 'units'> {
  /** What the packet itself says of its time, epoch ms; undefined where its form does not tell. */
  readonly timeMs: number | undefined;
}

/** A video block: codec 2, extra header bytes 2, and 32 bytes more whose meaning is not on record. */
const blockHeader = 36;
const blockCodecs: Readonly<Record<number, RecordedFrame['codec']>> = {
  0x0001: 'MJPEG',
  0x000a: 'H264',
  0x000e: 'H265',
};

/**
 * Reads the body of a recorded picture in any form that recorders send: a bare JPEG, GenericByteData, or a video block.
 * The units are views of `data`. Throws {@link VmsError} `unexpected-answer`, also for a codec nobody here knows.
 */
export function readRecordedPacket(data: Buffer): RecordedPacket {
  if (isJpeg(data)) return { codec: 'MJPEG', isKeyframe: true, units: [data], timeMs: undefined };
  const type = data.length >= blockHeader ? data.readUInt16BE(0) : 0;
  if (type >= 0x0001 && type <= 0x000f) return readBlock(data, type);
  if (data.length >= 8 && type === 0x0010 && data.readUInt16BE(6) === 0x0001) return readJpegPacket(data);
  let packet;
  try {
    packet = readPacket(data);
  } catch (cause) {
    throw new VmsError('unexpected-answer', 'The recorder sent a picture in an unknown form', { cause });
  }
  if (packet.kind !== 'video')
    throw new VmsError('unexpected-answer', 'The camera is recorded in a form that cannot be shown');
  return {
    codec: packet.codec,
    isKeyframe: packet.isKeyframe,
    units: splitAnnexB(packet.stream),
    timeMs: packet.timeMs,
  };
}

const isJpeg = (data: Buffer): boolean => data[0] === 0xff && data[1] === 0xd8;

function readJpegPacket(data: Buffer): RecordedPacket {
  const jpeg = data.subarray(32);
  if (!isJpeg(jpeg)) throw new VmsError('unexpected-answer', 'The recorder sent a JPEG that is none');
  return { codec: 'MJPEG', isKeyframe: true, units: [jpeg], timeMs: Number(data.readBigUInt64BE(20)) };
}

function readBlock(data: Buffer, type: number): RecordedPacket {
  const codec = blockCodecs[type];
  const payload = data.subarray(blockHeader + data.readUInt16BE(2));
  if (codec === undefined || payload.length === 0)
    throw new VmsError('unexpected-answer', 'The camera is recorded in a form that cannot be shown');
  if (codec === 'MJPEG') return { codec, isKeyframe: true, units: [payload], timeMs: undefined };
  const units = splitAnnexB(payload);
  return { codec, isKeyframe: hasKeyframe(codec, units), units, timeMs: undefined };
}
