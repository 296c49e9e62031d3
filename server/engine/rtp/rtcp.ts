import { ntpEpochMs } from '#contract/capture-time.ts';
import { writeNtp } from './packet.ts';

/** What a viewer says of the stream it receives. */
export type Feedback =
  /** These packets are missing (RFC 4585 6.2.1). */
  | { readonly kind: 'nack'; readonly sequences: readonly number[] }
  /** The picture cannot be decoded any more: PLI (RFC 4585 6.3.1) or FIR (RFC 5104 4.3.1). */
  | { readonly kind: 'keyframe' }
  /** Receiver report (RFC 3550 6.4.2): share of packets lost since the last one, 0…1, and the echo of our report. */
  | {
      readonly kind: 'report';
      readonly lost: number;
      readonly lastReport: number;
      readonly delaySinceMs: number;
    };

/** Reads a compound RTCP packet; parts about streams other than `ssrc` are left out. */
export function readFeedback(packet: Buffer, ssrc: number): Feedback[] {
  const out: Feedback[] = [];
  let at = 0;
  while (at + 4 <= packet.length) {
    const end = at + 4 + packet.readUInt16BE(at + 2) * 4;
    if (end > packet.length || packet.readUInt8(at) >> 6 !== 2) break;
    const part = packet.subarray(at, end);
    const count = part.readUInt8(0) & 0x1f;
    const type = part.readUInt8(1);
    if (type === 200 || type === 201) readReports(part, type === 200 ? 28 : 8, count, ssrc, out);
    else if (type === 205 && count === 1 && part.length >= 12 && part.readUInt32BE(8) === ssrc)
      out.push({ kind: 'nack', sequences: readNack(part) });
    else if (type === 206 && count === 1 && part.length >= 12 && part.readUInt32BE(8) === ssrc)
      out.push({ kind: 'keyframe' });
    else if (type === 206 && count === 4 && part.length >= 20 && part.readUInt32BE(12) === ssrc)
      out.push({ kind: 'keyframe' });
    at = end;
  }
  return out;
}

function readReports(part: Buffer, start: number, count: number, ssrc: number, out: Feedback[]): void {
  for (let i = 0, at = start; i < count && at + 24 <= part.length; i++, at += 24) {
    if (part.readUInt32BE(at) !== ssrc) continue;
    out.push({
      kind: 'report',
      lost: part.readUInt8(at + 4) / 256,
      lastReport: part.readUInt32BE(at + 16),
      delaySinceMs: part.readUInt32BE(at + 20) / 65.536,
    });
  }
}

function readNack(part: Buffer): number[] {
  const sequences: number[] = [];
  for (let at = 12; at + 4 <= part.length; at += 4) {
    const first = part.readUInt16BE(at);
    sequences.push(first);
    const following = part.readUInt16BE(at + 2);
    for (let i = 0; i < 16; i++) if ((following & (1 << i)) !== 0) sequences.push((first + i + 1) & 0xffff);
  }
  return sequences;
}

/** The sender report and the canonical name that have to travel together (RFC 3550 6.1). `timeMs` is epoch ms. */
export function senderReport(report: {
  ssrc: number;
  timeMs: number;
  timestamp: number;
  packets: number;
  octets: number;
  cname: string;
}): Buffer {
  const name = Buffer.from(report.cname, 'ascii');
  const item = Math.ceil((4 + 2 + name.length + 1) / 4) * 4;
  const out = Buffer.alloc(28 + 4 + item);
  out.writeUInt32BE(0x80c80006, 0);
  out.writeUInt32BE(report.ssrc, 4);
  writeNtp(out, 8, report.timeMs);
  out.writeUInt32BE(report.timestamp >>> 0, 16);
  out.writeUInt32BE(report.packets >>> 0, 20);
  out.writeUInt32BE(report.octets >>> 0, 24);
  out.writeUInt32BE((0x81ca0000 | (item / 4)) >>> 0, 28);
  out.writeUInt32BE(report.ssrc, 32);
  out[36] = 1;
  out[37] = name.length;
  name.copy(out, 38);
  return out;
}

/** The wall clock and RTP timestamp a camera's sender report ties together; undefined when this is none. */
export function readSenderReport(packet: Buffer): { timeMs: number; timestamp: number } | undefined {
  if (packet.length < 28 || packet.readUInt8(0) >> 6 !== 2 || packet.readUInt8(1) !== 200) return undefined;
  return {
    timeMs: packet.readUInt32BE(8) * 1000 - ntpEpochMs + (packet.readUInt32BE(12) / 2 ** 32) * 1000,
    timestamp: packet.readUInt32BE(16),
  };
}

/** An empty receiver report: some cameras end a session whose client sends no RTCP. */
export function receiverReport(ssrc: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt32BE(0x80c90001, 0);
  out.writeUInt32BE(ssrc >>> 0, 4);
  return out;
}
