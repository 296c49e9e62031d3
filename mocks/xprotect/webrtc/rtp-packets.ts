import { packetise, type Payload } from '#mocks/camera/rtsp/packetise.ts';
import { wrap32, rtpHeaderLength } from '#mocks/camera/rtsp/rtp.ts';
import type { DuePicture } from './picture-run.ts';

/** So that a packet with all its headers fits through any tunnel, octets. */
const maxPayload = 1100;

export interface RtpStream {
  readonly ssrc: number;
  readonly payloadType: number;
  /** Sequence number of the next packet. */
  sequence: number;
}

/** The packets of one picture (RFC 3550), the last with the marker; counts the stream on. */
export function packetsOf({ unit, timestamp }: DuePicture, stream: RtpStream): Buffer[] {
  const payloads =
    unit.codec === 'H.265' ? packetiseHevc(unit.nalUnits, maxPayload) : packetise(unit.nalUnits, maxPayload);
  return payloads.map(({ pieces, length }, i) => {
    const packet = Buffer.alloc(rtpHeaderLength + length);
    packet[0] = 0x80;
    packet[1] = stream.payloadType | (i === payloads.length - 1 ? 0x80 : 0);
    packet.writeUInt16BE(stream.sequence, 2);
    stream.sequence = (stream.sequence + 1) & 0xffff;
    packet.writeUInt32BE(wrap32(Math.round(timestamp)), 4);
    packet.writeUInt32BE(stream.ssrc, 8);
    let at = rtpHeaderLength;
    for (const piece of pieces) {
      packet.set(piece, at);
      at += piece.length;
    }
    return packet;
  });
}

/** H.265 into RTP payloads (RFC 7798): single NAL units, and fragments (§4.4.3) of those that do not fit. */
export function packetiseHevc(nalUnits: readonly Uint8Array[], most: number): Payload[] {
  return nalUnits.flatMap((nalUnit) => {
    if (nalUnit.length <= most) return [{ pieces: [nalUnit], length: nalUnit.length }];
    const [first = 0, second = 0] = nalUnit;
    const header = Uint8Array.of((first & 0x81) | (49 << 1), second);
    const room = most - 3;
    const payloads: Payload[] = [];
    for (let from = 2; from < nalUnit.length; from += room) {
      const piece = nalUnit.subarray(from, from + room);
      const start = from === 2 ? 0x80 : 0;
      const end = from + room >= nalUnit.length ? 0x40 : 0;
      payloads.push({
        pieces: [header, Uint8Array.of(start | end | ((first >> 1) & 0x3f)), piece],
        length: 3 + piece.length,
      });
    }
    return payloads;
  });
}
