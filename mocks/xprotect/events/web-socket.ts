import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/*
 * The server's half of a WebSocket (RFC 6455), as much of it as a stand-in needs: whole text messages both ways, pings
 * answered, a closing handshake. Messages in fragments are put together.
 */

const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const mostBytes = 1024 * 1024;
const opcodes = { more: 0, text: 1, close: 8, ping: 9, pong: 10 } as const;

export interface ServerSocket {
  send(text: string): void;
  /** Says good-bye and ends the connection. Safe to call twice. */
  close(code?: number): void;
  /** Hears and says nothing any more without hanging up, as a machine that lost its power does. */
  freeze(): void;
  /** Breaks the connection without a word, as a process that is recycled does. */
  break(): void;
}

export interface SocketHearer {
  onText(text: string): void;
  /** Once, however it ended. */
  onEnd(): void;
}

/** Whether this is a request that can become a WebSocket. */
export function isUpgrade({ headers }: IncomingMessage): boolean {
  return (
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    headers['sec-websocket-key'] !== undefined
  );
}

/** Turns the request into a WebSocket. */
export function acceptSocket(
  request: IncomingMessage,
  stream: Duplex,
  head: Buffer,
  hearer: SocketHearer,
): ServerSocket {
  const key = request.headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1')
    .update(key + magic)
    .digest('base64');
  stream.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let isOpen = true;
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    hearer.onEnd();
  };
  const write = (opcode: number, payload: Buffer): void => {
    if (isOpen) stream.write(frame(opcode, payload));
  };
  const socket: ServerSocket = {
    send: (text) => write(opcodes.text, Buffer.from(text)),
    close: (code = 1000) => {
      if (!isOpen) return;
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      write(opcodes.close, payload);
      stream.end();
      end();
    },
    freeze: () => {
      stream.removeAllListeners('data');
      stream.pause();
    },
    break: () => {
      stream.destroy();
      end();
    },
  };
  let waiting = Buffer.alloc(0);
  let message: Buffer[] = [];
  const take = (bytes: Buffer): void => {
    waiting = Buffer.concat([waiting, bytes]);
    for (;;) {
      const read = readFrame(waiting);
      if (read === 'broken') {
        socket.break();
        return;
      }
      if (read === undefined || !isOpen) return;
      waiting = waiting.subarray(read.length);
      if (read.opcode === opcodes.ping) write(opcodes.pong, read.payload);
      else if (read.opcode === opcodes.close) {
        socket.close();
        return;
      } else if (read.opcode === opcodes.text || read.opcode === opcodes.more) {
        message.push(read.payload);
        if (!read.isLast) continue;
        const text = Buffer.concat(message).toString('utf8');
        message = [];
        hearer.onText(text);
      }
    }
  };
  stream.on('data', take);
  stream.on('error', end);
  stream.on('close', end);
  // A client that says nothing more is gone.
  stream.on('end', () => socket.close());
  // Not before whoever accepted it holds the socket.
  if (head.length > 0) stream.unshift(head);
  return socket;
}

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = 0x80 | opcode;
  header[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (length >= 65_536) header.writeBigUInt64BE(BigInt(length), 2);
  else if (length >= 126) header.writeUInt16BE(length, 2);
  return Buffer.concat([header, payload]);
}

interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly payload: Buffer;
  /** Of the whole frame, bytes. */
  readonly length: number;
}

/** The first whole frame; `broken` for what no client may send. */
function readFrame(bytes: Buffer): Frame | 'broken' | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  // What a client sends is masked, always.
  if ((second & 0x80) === 0) return 'broken';
  const short = second & 0x7f;
  const headerLength = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < headerLength + 4) return undefined;
  const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (size > mostBytes) return 'broken';
  const length = headerLength + 4 + size;
  if (bytes.length < length) return undefined;
  const mask = bytes.subarray(headerLength, headerLength + 4);
  const payload = Buffer.from(bytes.subarray(headerLength + 4, length));
  for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i & 3] ?? 0);
  return { opcode: first & 0x0f, isLast: (first & 0x80) !== 0, payload, length };
}
