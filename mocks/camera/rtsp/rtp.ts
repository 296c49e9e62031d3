/** RTP and RTCP on the wire, RFC 3550. Sizes in octets. */
import type { Payload } from './packetise.ts';

export const rtpHeaderLength = 12;
/** Dynamic payload type of every synthetic camera. */
export const payloadType = 96;
/** H.264's RTP clock, RFC 6184 §8.2.1. */
export const clockRate = 90_000;

/** Seconds from 1900 to 1970: NTP's era against Unix'. */
const ntpToUnixSeconds = 2_208_988_800;
const two32 = 4_294_967_296;

/** Any whole number as the unsigned 32 bits RTP counts in. */
export const wrap32 = (value: number): number => ((value % two32) + two32) % two32;

/** What one RTP source counts. */
export interface RtpCounters {
  ssrc: number;
  /** Sequence number of the next packet. */
  sequence: number;
  packets: number;
  octets: number;
}

/** Writes one RTP packet at `at`, takes a sequence number and counts it. Gives the offset behind it. */
export function writeRtp(
  into: Buffer,
  at: number,
  payload: Payload,
  counters: RtpCounters,
  timestamp: number,
  marker: boolean,
): number {
  into[at] = 0x80;
  into[at + 1] = payloadType | (marker ? 0x80 : 0);
  into.writeUInt16BE(counters.sequence, at + 2);
  into.writeUInt32BE(timestamp, at + 4);
  into.writeUInt32BE(counters.ssrc, at + 8);
  let end = at + rtpHeaderLength;
  for (const piece of payload.pieces) {
    into.set(piece, end);
    end += piece.length;
  }
  counters.sequence = (counters.sequence + 1) & 0xffff;
  counters.packets++;
  counters.octets += payload.length;
  return end;
}

/** Sender report and source description in one compound packet (§6.1: an SDES with CNAME is never missing). */
export function senderReport(counters: RtpCounters, nowMs: number, timestamp: number, cname: string): Buffer {
  const report = Buffer.alloc(28);
  report[0] = 0x80;
  report[1] = 200;
  report.writeUInt16BE(6, 2);
  report.writeUInt32BE(counters.ssrc, 4);
  const seconds = Math.floor(nowMs / 1000);
  report.writeUInt32BE(wrap32(seconds + ntpToUnixSeconds), 8);
  report.writeUInt32BE(Math.floor(((nowMs - seconds * 1000) / 1000) * two32), 12);
  report.writeUInt32BE(timestamp, 16);
  report.writeUInt32BE(wrap32(counters.packets), 20);
  report.writeUInt32BE(wrap32(counters.octets), 24);
  return Buffer.concat([report, sourceDescription(counters.ssrc, cname)]);
}

/** An empty receiver report, the source description and a BYE: this source says nothing more. */
export function goodbye(ssrc: number, cname: string): Buffer {
  const empty = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 0]);
  empty.writeUInt32BE(ssrc, 4);
  const bye = Buffer.from([0x81, 203, 0, 1, 0, 0, 0, 0]);
  bye.writeUInt32BE(ssrc, 4);
  return Buffer.concat([empty, sourceDescription(ssrc, cname), bye]);
}

function sourceDescription(ssrc: number, cname: string): Buffer {
  const name = Buffer.from(cname, 'latin1').subarray(0, 255);
  // Chunk: SSRC, item CNAME, at least one zero octet, filled up to 32 bits.
  const chunk = Math.ceil((4 + 2 + name.length + 1) / 4) * 4;
  const packet = Buffer.alloc(4 + chunk);
  packet[0] = 0x81;
  packet[1] = 202;
  packet.writeUInt16BE(chunk / 4, 2);
  packet.writeUInt32BE(ssrc, 4);
  packet[8] = 1;
  packet[9] = name.length;
  packet.set(name, 10);
  return packet;
}

/** Whether a datagram or interleaved frame of the client's is a receiver report, alone or first in a compound. */
export function isReceiverReport(packet: Uint8Array): boolean {
  return packet.length >= 8 && (packet[0] ?? 0) >> 6 === 2 && packet[1] === 201;
}
