import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { VmsError } from '#server/vms/vms.ts';
import { distrust } from '../calls.ts';
import { encodeFrame, FrameReader, opcodes } from './web-socket-frames.ts';

/*
 * A WebSocket client (RFC 6455) that trusts the certificates of the site and sends its token as a header, neither of
 * which the platform's own can.
 */

const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const connectMs = 20_000;
/** A connection on which nothing came for so long is asked whether it is there, and given as long again to say so, ms. */
const quietMs = 15_000;

export interface SocketRequest {
  /** `http:` or `https:`. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly ca?: string | undefined;
  /** For tests. */
  readonly quietMs?: number;
  onText(text: string): void;
}

export interface OpenSocket {
  send(text: string): void;
  /** Resolves when the connection has ended, however it did. */
  readonly ended: Promise<void>;
  close(): void;
}

/** The gateway answered, but not with a WebSocket. */
export class UpgradeRefused extends Error {
  override readonly name = 'UpgradeRefused';
  readonly status: number;

  constructor(status: number) {
    super(`The gateway does not open a WebSocket (status ${status})`);
    this.status = status;
  }
}

/** Opens the WebSocket. Throws {@link UpgradeRefused}, {@link VmsError}, or the signal's reason; ends with the signal. */
export async function openSocket(request: SocketRequest, signal: AbortSignal): Promise<OpenSocket> {
  const key = randomBytes(16).toString('base64');
  const { stream, head } = await upgrade(request, key, signal);
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  const reader = new FrameReader();
  let message: Buffer[] = [];
  let isAsked = false;
  const quiet = setInterval(() => {
    if (isAsked) stream.destroy();
    isAsked = true;
    write(opcodes.ping, Buffer.alloc(0));
  }, request.quietMs ?? quietMs);
  const write = (opcode: number, payload: Buffer): void => {
    if (stream.writable) stream.write(encodeFrame(opcode, payload));
  };
  const close = (): void => {
    write(opcodes.close, Buffer.from([0x03, 0xe8]));
    stream.end();
    // Whoever does not hang up in return is left.
    setTimeout(() => stream.destroy(), 1000).unref();
  };
  stream.on('data', (bytes: Buffer) => {
    isAsked = false;
    const frames = reader.read(bytes);
    if (frames === 'broken') {
      stream.destroy();
      return;
    }
    for (const { opcode, isLast, payload } of frames) {
      if (opcode === opcodes.ping) write(opcodes.pong, payload);
      else if (opcode === opcodes.close) close();
      else if (opcode === opcodes.text || opcode === opcodes.more) {
        message.push(payload);
        if (!isLast) continue;
        const text = Buffer.concat(message).toString('utf8');
        message = [];
        request.onText(text);
      }
    }
  });
  stream.on('end', () => stream.destroy());
  stream.on('error', () => undefined);
  stream.once('close', () => {
    clearInterval(quiet);
    signal.removeEventListener('abort', close);
    resolve(undefined);
  });
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  if (head.length > 0) stream.unshift(head);
  return { send: (text) => write(opcodes.text, Buffer.from(text)), ended, close };
}

async function upgrade(
  { url, headers, ca }: SocketRequest,
  key: string,
  caller: AbortSignal,
): Promise<{ stream: Duplex; head: Buffer }> {
  const late = AbortSignal.timeout(connectMs);
  const signal = AbortSignal.any([caller, late]);
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<{ stream: Duplex; head: Buffer }>();
  const isSecure = url.protocol === 'https:';
  const request = (isSecure ? httpsRequest : httpRequest)(url, {
    ...(isSecure && ca !== undefined ? { ca } : {}),
    agent: false,
    headers: {
      ...headers,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': key,
    },
  });
  const giveUp = (): void => void request.destroy(signal.reason as Error);
  signal.addEventListener('abort', giveUp, { once: true });
  request.on('error', reject);
  request.on('response', (response: IncomingMessage) => {
    response.resume();
    reject(new UpgradeRefused(response.statusCode ?? 0));
    request.destroy();
  });
  request.on('upgrade', (response, stream, head) => {
    const expected = createHash('sha1')
      .update(key + magic)
      .digest('base64');
    if (response.headers['sec-websocket-accept'] === expected) resolve({ stream, head });
    else {
      stream.destroy();
      reject(new VmsError('unexpected-answer', 'What answers for XProtect’s events is no WebSocket'));
    }
  });
  request.end();
  try {
    return await promise;
  } catch (error) {
    caller.throwIfAborted();
    if (error instanceof VmsError || error instanceof UpgradeRefused) throw error;
    if (late.aborted) throw new VmsError('unavailable', 'XProtect did not answer in time', { cause: error });
    const isDistrusted = distrust.has((error as NodeJS.ErrnoException).code ?? '');
    throw isDistrusted
      ? new VmsError('refused', 'The certificate of XProtect is not trusted', { cause: error })
      : new VmsError('unavailable', 'XProtect does not answer', { cause: error });
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
