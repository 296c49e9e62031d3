import { RtspError } from './error.ts';

/** An answer, or a request that the server sends to us. */
export interface RtspMessage {
  /** `RTSP/1.0 200 OK`, or `OPTIONS * RTSP/1.0`. */
  readonly startLine: string;
  /** 0 when it is a request. */
  readonly status: number;
  /** Names in lower case; a header that comes twice is an array of two. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
}

export interface RtspReaderEvents {
  /** An interleaved packet (RFC 2326 10.12). A view of the received bytes. */
  packet(channel: number, packet: Buffer): void;
  message(message: RtspMessage): void;
}

/** Header fields of a message longer than this are not those of a camera. */
const maxHead = 64 * 1024;
const maxBody = 1024 * 1024;
const dollar = 0x24;
const headEnd = Buffer.from('\r\n\r\n');

/** Takes the bytes of an RTSP connection apart into messages and interleaved packets, however they are cut by TCP. */
export class RtspReader {
  readonly #events: RtspReaderEvents;
  #pending: Buffer = Buffer.alloc(0);
  /** The bytes the next item needs at least, so that a large packet is not searched again at every read. */
  #need = 1;

  constructor(events: RtspReaderEvents) {
    this.#events = events;
  }

  /** Throws an {@link RtspError} `protocol` when the bytes cannot be RTSP. */
  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    if (this.#pending.length < this.#need) return;
    let at = 0;
    while (at < this.#pending.length) {
      const used = this.#pending[at] === dollar ? this.#readPacket(at) : this.#readMessage(at);
      if (used === 0) break;
      at += used;
      this.#need = 1;
    }
    // A short rest is copied, so that it does not hold on to a large read.
    this.#pending = at === 0 ? this.#pending : Buffer.from(this.#pending.subarray(at));
  }

  #readPacket(at: number): number {
    if (at + 4 > this.#pending.length) return 0;
    const length = this.#pending.readUInt16BE(at + 2);
    if (at + 4 + length > this.#pending.length) {
      this.#need = 4 + length;
      return 0;
    }
    this.#events.packet(this.#pending.readUInt8(at + 1), this.#pending.subarray(at + 4, at + 4 + length));
    return 4 + length;
  }

  #readMessage(at: number): number {
    const first = this.#pending[at] ?? 0;
    // Some servers send an empty line between messages.
    if (first === 0x0d || first === 0x0a) return 1;
    if (first < 0x41 || first > 0x5a)
      throw new RtspError('protocol', 'The camera sent something that is not RTSP.');
    const end = this.#pending.indexOf(headEnd, at);
    if (end === -1) {
      if (this.#pending.length - at > maxHead)
        throw new RtspError('protocol', 'The camera sent a header that does not end.');
      return 0;
    }
    const lines = this.#pending.toString('latin1', at, end).split('\r\n');
    const startLine = lines.shift() ?? '';
    const headers = new Map<string, string[]>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon <= 0) continue;
      const name = line.slice(0, colon).trim().toLowerCase();
      headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
    }
    const length = Number(headers.get('content-length')?.[0] ?? '0');
    if (!Number.isInteger(length) || length < 0 || length > maxBody)
      throw new RtspError('protocol', 'The camera announced a body of an impossible length.');
    const start = end + headEnd.length;
    if (start + length > this.#pending.length) {
      this.#need = start - at + length;
      return 0;
    }
    const status = /^RTSP\/\d\.\d (\d{3})/.exec(startLine)?.[1];
    if (status === undefined && !/ RTSP\/\d\.\d$/.test(startLine))
      throw new RtspError('protocol', 'The camera sent something that is not RTSP.');
    this.#events.message({
      startLine,
      status: Number(status ?? 0),
      headers,
      body: Buffer.from(this.#pending.subarray(start, start + length)),
    });
    return start - at + length;
  }
}
