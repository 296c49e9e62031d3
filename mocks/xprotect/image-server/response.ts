import type { CameraCodec } from '../camera-makes.ts';
import { escapeXml } from '../soap.ts';
import type { CodedPicture } from './coded-pictures.ts';
import type { Transcoding } from './transcoding.ts';

/** Length of the GenericByteData header of a live packet. */
export const genericByteDataHeader = 32;

const startCode = Buffer.from([0, 0, 0, 1]);
const nothing = Buffer.alloc(0);
/** How GenericByteData and video blocks name them. */
const codecs: Readonly<Record<CameraCodec, number>> = { MJPEG: 0x0001, 'H.264': 0x000a, 'H.265': 0x000e };
const codecOf = ({ codec = 'H.264' }: CodedPicture): number => codecs[codec];
const trailer = Buffer.from('\r\n\r\n');

export interface PictureHeader {
  readonly requestId: string;
  /** Counts the packets of one connection; the low 16 bits are sent. */
  readonly sequence: number;
  /** Time of the keyframe this picture builds on, epoch ms. */
  readonly keyframeTimeMs: number;
  readonly timeMs: number;
  /** Absent before the first and after the last picture of a recording. */
  readonly previousMs: number | undefined;
  readonly nextMs: number | undefined;
}

/**
 * One `ImageResponse` with a picture in its native codec: text header, GenericByteData header (32 bytes, big-endian),
 * Annex B, and the four bytes that follow every picture.
 */
export function imageResponse(unit: CodedPicture, header: PictureHeader): Buffer {
  const { packet, at } = begin(header, genericByteData, genericByteDataHeader + payloadLength(unit));
  packet.writeUInt16BE(0x0010, at); // video
  packet.writeUInt32BE(genericByteDataHeader + payloadLength(unit), at + 2);
  packet.writeUInt16BE(codecOf(unit), at + 6);
  packet.writeUInt16BE(header.sequence & 0xffff, at + 8);
  packet.writeUInt16BE(unit.isKeyframe ? 1 : 0, at + 10);
  packet.writeBigUInt64BE(BigInt(header.keyframeTimeMs), at + 12);
  packet.writeBigUInt64BE(BigInt(header.timeMs), at + 20);
  packet.writeUInt32BE(0, at + 28);
  return end(packet, at + genericByteDataHeader, unit);
}

/** Length of the fixed part of a video block's header. */
export const videoBlockHeader = 36;

/**
 * The same in the form that some recorded pictures come in: 36 bytes that begin with the codec, then as many more as
 * the second field says. What the other fields mean is not on record; here they are times, sequence and flags.
 */
export function videoBlockResponse(unit: CodedPicture, header: PictureHeader): Buffer {
  const extra = unit.isKeyframe ? 12 : 0;
  const length = videoBlockHeader + extra + payloadLength(unit);
  const { packet, at } = begin(header, genericByteData, length);
  packet.fill(0, at, at + videoBlockHeader + extra);
  packet.writeUInt16BE(codecOf(unit), at);
  packet.writeUInt16BE(extra, at + 2);
  packet.writeUInt32BE(length, at + 4);
  packet.writeBigUInt64BE(BigInt(header.timeMs), at + 12);
  packet.writeBigUInt64BE(BigInt(header.keyframeTimeMs), at + 20);
  packet.writeUInt16BE(header.sequence & 0xffff, at + 28);
  packet.writeUInt16BE(unit.isKeyframe ? 1 : 0, at + 30);
  return end(packet, at + videoBlockHeader + extra, unit);
}

/** How a transcoded JPEG comes: as such, called GenericByteData though it is one, or in GenericByteData. */
export type JpegForm = 'plain' | 'mislabelled' | 'wrapped';

/** One `ImageResponse` with a JPEG. */
export function jpegResponse(jpeg: Uint8Array, header: PictureHeader, form: JpegForm): Buffer {
  if (form === 'wrapped')
    return imageResponse({ nalUnits: [jpeg], isKeyframe: true, codec: 'MJPEG' }, header);
  const { packet, at } = begin(header, form === 'plain' ? 'image/jpeg' : genericByteData, jpeg.length);
  packet.set(jpeg, at);
  trailer.copy(packet, at + jpeg.length);
  return packet;
}

const genericByteData = 'application/x-genericbytedata-octet-stream';

/** A JPEG stands as it is, the others in Annex B. */
const prefixOf = ({ codec }: CodedPicture): Buffer => (codec === 'MJPEG' ? nothing : startCode);

const payloadLength = (unit: CodedPicture): number =>
  unit.nalUnits.reduce((sum, nal) => sum + prefixOf(unit).length + nal.length, 0);

/** The text before the bytes, and room for those. */
function begin(header: PictureHeader, contentType: string, length: number): { packet: Buffer; at: number } {
  const line = (name: string, value: number | undefined): string =>
    value === undefined ? '' : `${name}: ${value}\r\n`;
  const text = Buffer.from(
    'ImageResponse\r\n' +
      `RequestId: ${header.requestId}\r\n` +
      `Content-type: ${contentType}\r\n` +
      line('Content-length', length) +
      line('Current', header.timeMs) +
      line('Prev', header.previousMs) +
      `${line('Next', header.nextMs)}\r\n`,
    'latin1',
  );
  const packet = Buffer.allocUnsafe(text.length + length + trailer.length);
  text.copy(packet, 0);
  return { packet, at: text.length };
}

/** The picture, and the four bytes that follow every one. */
function end(packet: Buffer, from: number, unit: CodedPicture): Buffer {
  const prefix = prefixOf(unit);
  let at = from;
  for (const nal of unit.nalUnits) {
    prefix.copy(packet, at);
    packet.set(nal, at + prefix.length);
    at += prefix.length + nal.length;
  }
  trailer.copy(packet, at);
  return packet;
}

/** "There is no picture": an answer without a length. */
export function emptyImageResponse(requestId: string): string {
  return `ImageResponse\r\nRequestId: ${requestId}\r\n\r\n`;
}

/** A `methodresponse`; `content` is XML already. */
export function methodResponse(requestId: string, method: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><methodresponse><requestid>${escapeXml(requestId)}</requestid><methodname>${escapeXml(method)}</methodname>${content}</methodresponse>\r\n\r\n`;
}

export function connectResponse(
  requestId: string,
  method: 'connect' | 'connectupdate',
  cameraId: string,
  transcoding?: Pick<Transcoding, 'allFrames' | 'width' | 'height' | 'keepsShape'>,
): string {
  const yesNo = (is: boolean | undefined): string => (is === true ? 'yes' : 'no');
  return methodResponse(
    requestId,
    method,
    `<connected>yes</connected><errorreason></errorreason><alwaysstdjpeg>${yesNo(transcoding !== undefined)}</alwaysstdjpeg>` +
      `<camera>${escapeXml(cameraId)}</camera>` +
      '<clientcapabilities><privacymask>no</privacymask><privacymaskversion>0</privacymaskversion><multipartdata>no</multipartdata><datarestriction>no</datarestriction></clientcapabilities>' +
      '<servercapabilities><connectupdate>yes</connectupdate><adaptivestreamingversion>0</adaptivestreamingversion></servercapabilities>' +
      `<transcode><allframes>${yesNo(transcoding?.allFrames)}</allframes><width>${transcoding?.width ?? 0}</width>` +
      `<height>${transcoding?.height ?? 0}</height><keepaspectratio>${yesNo(transcoding?.keepsShape)}</keepaspectratio><allowupsizing>no</allowupsizing></transcode>`,
  );
}

export function connectRefusal(
  requestId: string,
  method: 'connect' | 'connectupdate',
  reason: string,
): string {
  return methodResponse(
    requestId,
    method,
    `<connected>no</connected><errorreason>${escapeXml(reason)}</errorreason>`,
  );
}

/**
 * What a live package's status items mean (Milestone's ImageServer reference numbers them): 1 live feed started,
 * 2 motion, 3 recording, 4 event, 5 camera connection lost, 6 database failure, 7 running out of disk space.
 */
export type LiveStatus = Partial<Record<1 | 2 | 3 | 4 | 5 | 6 | 7, boolean>>;

export function livePackage(timeMs: number, status: LiveStatus): string {
  const items = Object.entries(status)
    .map(([id, on]) => `<statusitem id="${id}" value="${on ? 1 : 0}"/>`)
    .join('');
  return `<?xml version="1.0" encoding="UTF-8"?><livepackage><status><statustime>${timeMs}</statustime>${items}</status></livepackage>\r\n\r\n`;
}
