import { ntpEpochMs } from '#contract/capture-time.ts';

/** Bytes of an RTP header without CSRCs and extension (RFC 3550 5.1). */
export const headerBytes = 12;

export interface RtpHeader {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  /** Where the payload begins and ends in the packet. */
  readonly start: number;
  readonly end: number;
}

/** Reads the fixed header and finds the payload; undefined when this is no RTP packet of version 2. */
export function readRtp(packet: Buffer): RtpHeader | undefined {
  if (packet.length < headerBytes) return undefined;
  const first = packet.readUInt8(0);
  if (first >> 6 !== 2) return undefined;
  let start = headerBytes + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (packet.length < start + 4) return undefined;
    start += 4 + packet.readUInt16BE(start + 2) * 4;
  }
  const padding = (first & 0x20) === 0 ? 0 : (packet[packet.length - 1] ?? 0);
  const end = packet.length - padding;
  if (end < start) return undefined;
  const second = packet.readUInt8(1);
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    start,
    end,
  };
}

/** Writes the fixed header over the first 12 bytes. `sequence` and `timestamp` wrap by themselves. */
export function writeRtpHeader(
  packet: Buffer,
  header: { payloadType: number; marker: boolean; sequence: number; timestamp: number; ssrc: number },
): void {
  packet[0] = 0x80;
  packet[1] = header.payloadType | (header.marker ? 0x80 : 0);
  packet.writeUInt16BE(header.sequence & 0xffff, 2);
  packet.writeUInt32BE(header.timestamp >>> 0, 4);
  packet.writeUInt32BE(header.ssrc >>> 0, 8);
}

/** What {@link writeCaptureTime} adds to a packet. */
export const captureTimeBytes = 16;

/**
 * Says behind the fixed header when the picture was taken (contract/capture-time.ts, short form; RFC 8285 4.2).
 * `id`: as it was negotiated, 1 to 14; `timeMs`: epoch ms. Sets the bit of the header that says so.
 */
export function writeCaptureTime(packet: Buffer, id: number, timeMs: number): void {
  packet[0] = (packet[0] ?? 0) | 0x10;
  packet.writeUInt32BE(0xbede0003, headerBytes);
  packet[headerBytes + 4] = (id << 4) | 7;
  writeNtp(packet, headerBytes + 5, timeMs);
  packet.fill(0, headerBytes + 13, headerBytes + captureTimeBytes);
}

/** Writes epoch ms as a 64-bit NTP stamp. */
export function writeNtp(out: Buffer, at: number, timeMs: number): void {
  const seconds = Math.floor(timeMs / 1000);
  out.writeUInt32BE((seconds + ntpEpochMs / 1000) >>> 0, at);
  out.writeUInt32BE(Math.floor(((timeMs - seconds * 1000) / 1000) * 2 ** 32) >>> 0, at + 4);
}

/** A packet on its way from a path to its viewers. */
export interface MediaPacket {
  /** Twelve bytes of room, into which each viewer writes its own RTP header just before sending, then the payload. */
  readonly bytes: Buffer;
  /** 90 kHz ticks on the path's own clock: continuous across source restarts, never wrapping, never going back. */
  readonly timestamp: number;
  /** Last packet of its picture. */
  readonly marker: boolean;
}

/** Puts a payload, given in pieces, behind room for a header. */
export function mediaPacket(pieces: readonly Uint8Array[], timestamp: number, marker: boolean): MediaPacket {
  let length = headerBytes;
  for (const piece of pieces) length += piece.length;
  const bytes = Buffer.allocUnsafe(length);
  let at = headerBytes;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { bytes, timestamp, marker };
}
