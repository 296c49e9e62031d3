import { randomBytes } from 'node:crypto';

/** What a frame is (RFC 6455 §5.2); `more` continues a message. */
export const opcodes = { more: 0, text: 1, close: 8, ping: 9, pong: 10 } as const;

/** The states of some thousand cameras come in one message of about 4 MB; more than this is none. */
const mostBytes = 32 * 1024 * 1024;

export interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly payload: Buffer;
}

/** A whole frame as a client sends it: masked. */
export function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (length >= 65_536) header.writeBigUInt64BE(BigInt(length), 2);
  else if (length >= 126) header.writeUInt16BE(length, 2);
  const mask = randomBytes(4);
  const masked = Buffer.from(payload);
  for (let i = 0; i < length; i++) masked[i] = (masked[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return Buffer.concat([header, mask, masked]);
}

/** Cuts what a server sends into frames, however TCP cut it. */
export class FrameReader {
  #waiting: Buffer[] = [];
  #length = 0;

  /** The frames that are whole now; `broken` for what a server must not send. */
  read(bytes: Buffer): Frame[] | 'broken' {
    this.#waiting.push(bytes);
    this.#length += bytes.length;
    const frames: Frame[] = [];
    for (;;) {
      const size = this.#nextSize();
      if (size === 'broken') return 'broken';
      if (size === undefined || this.#length < size.header + size.payload) return frames;
      const all = this.#joined();
      const [first = 0] = all;
      const end = size.header + size.payload;
      frames.push({
        opcode: first & 0x0f,
        isLast: (first & 0x80) !== 0,
        payload: all.subarray(size.header, end),
      });
      this.#waiting = [all.subarray(end)];
      this.#length -= end;
    }
  }

  /** Joined only when a header or a whole frame is there: a message of megabytes comes in thousands of pieces. */
  #joined(): Buffer {
    const all = this.#waiting.length === 1 ? this.#waiting[0] : undefined;
    if (all !== undefined) return all;
    const joined = Buffer.concat(this.#waiting);
    this.#waiting = [joined];
    return joined;
  }

  #nextSize(): { header: number; payload: number } | 'broken' | undefined {
    if (this.#length < 2) return undefined;
    const head =
      this.#waiting[0] !== undefined && this.#waiting[0].length >= 10 ? this.#waiting[0] : this.#joined();
    const second = head[1] ?? 0;
    // What a server sends is never masked.
    if ((second & 0x80) !== 0) return 'broken';
    const short = second & 0x7f;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (this.#length < header) return undefined;
    const payload =
      short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    return payload > mostBytes ? 'broken' : { header, payload };
  }
}
