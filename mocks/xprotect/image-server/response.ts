import type { AccessUnit } from '#mocks/camera/pictures.ts';
import { escapeXml } from '../soap.ts';

/** Length of the GenericByteData header of a live packet. */
export const genericByteDataHeader = 32;

const startCode = Buffer.from([0, 0, 0, 1]);
const trailer = Buffer.from('\r\n\r\n');

export interface PictureHeader {
  readonly requestId: string;
  /** Counts the packets of one connection; the low 16 bits are sent. */
  readonly sequence: number;
  /** Time of the keyframe this picture builds on, epoch ms. */
  readonly keyframeTimeMs: number;
  readonly timeMs: number;
  readonly previousMs: number;
  readonly nextMs: number;
}

/**
 * One `ImageResponse` with a picture in its native codec: text header, GenericByteData header (32 bytes, big-endian),
 * Annex B, and the four bytes that follow every picture.
 */
export function imageResponse(
  unit: Pick<AccessUnit, 'nalUnits' | 'isKeyframe'>,
  header: PictureHeader,
): Buffer {
  const payload = unit.nalUnits.reduce((sum, nal) => sum + startCode.length + nal.length, 0);
  const length = genericByteDataHeader + payload;
  const text = Buffer.from(
    'ImageResponse\r\n' +
      `RequestId: ${header.requestId}\r\n` +
      'Content-type: application/x-genericbytedata-octet-stream\r\n' +
      `Content-length: ${length}\r\n` +
      `Current: ${header.timeMs}\r\n` +
      `Prev: ${header.previousMs}\r\n` +
      `Next: ${header.nextMs}\r\n\r\n`,
    'latin1',
  );
  const packet = Buffer.allocUnsafe(text.length + length + trailer.length);
  text.copy(packet, 0);
  let at = text.length;
  packet.writeUInt16BE(0x0010, at); // video
  packet.writeUInt32BE(length, at + 2);
  packet.writeUInt16BE(0x000a, at + 6); // H.264
  packet.writeUInt16BE(header.sequence & 0xffff, at + 8);
  packet.writeUInt16BE(unit.isKeyframe ? 1 : 0, at + 10);
  packet.writeBigUInt64BE(BigInt(header.keyframeTimeMs), at + 12);
  packet.writeBigUInt64BE(BigInt(header.timeMs), at + 20);
  packet.writeUInt32BE(0, at + 28);
  at += genericByteDataHeader;
  for (const nal of unit.nalUnits) {
    startCode.copy(packet, at);
    packet.set(nal, at + startCode.length);
    at += startCode.length + nal.length;
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
): string {
  return methodResponse(
    requestId,
    method,
    '<connected>yes</connected><errorreason></errorreason><alwaysstdjpeg>no</alwaysstdjpeg>' +
      `<camera>${escapeXml(cameraId)}</camera>` +
      '<clientcapabilities><privacymask>no</privacymask><privacymaskversion>0</privacymaskversion><multipartdata>no</multipartdata><datarestriction>no</datarestriction></clientcapabilities>' +
      '<servercapabilities><connectupdate>yes</connectupdate><adaptivestreamingversion>0</adaptivestreamingversion></servercapabilities>' +
      '<transcode><width>0</width><height>0</height><keepaspectratio>no</keepaspectratio><allowupsizing>no</allowupsizing></transcode>',
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
