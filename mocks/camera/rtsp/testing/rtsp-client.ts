/** A client that says exactly what a test tells it to: no retries, no automatism, every byte visible. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  /** Names in lower case; all values of a repeated header. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

export interface Frame {
  readonly channel: number;
  readonly payload: Buffer;
}

type Headers = Readonly<Record<string, string>>;

export class RtspClient {
  readonly socket: Socket;
  readonly answers: Answer[] = [];
  readonly frames: Frame[] = [];
  isClosed = false;
  #rest: Buffer = Buffer.alloc(0);
  #cseq = 0;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      while (this.#take());
      this.#wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake?.();
    });
  }

  static async connect(port: number): Promise<RtspClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new RtspClient(socket);
  }

  /** Resolves with the first value of `look` that is not undefined; rejects when the connection ends without one. */
  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.isClosed) throw new Error('The connection has ended');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** Sends one request and gives the next answer. */
  async request(method: string, url: string, headers: Headers = {}, body = ''): Promise<Answer> {
    const lines = [`${method} ${url} RTSP/1.0`, `CSeq: ${String(++this.#cseq)}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    if (body !== '') lines.push(`Content-Length: ${String(body.length)}`);
    const before = this.answers.length;
    this.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
    return this.until(() => this.answers[before]);
  }

  /** SETUP (interleaved unless told otherwise) and PLAY; gives the session's id. */
  async play(url: string, transport = 'RTP/AVP/TCP;unicast;interleaved=0-1'): Promise<string> {
    const setup = await this.request('SETUP', `${url}/trackID=1`, { Transport: transport });
    const session = sessionOf(setup);
    await this.request('PLAY', url, { Session: session });
    return session;
  }

  close(): void {
    this.socket.destroy();
  }

  #take(): boolean {
    if (this.#rest[0] === 0x24) {
      const length = this.#rest.length < 4 ? Infinity : 4 + this.#rest.readUInt16BE(2);
      if (this.#rest.length < length) return false;
      this.frames.push({ channel: this.#rest[1] ?? 0, payload: this.#rest.subarray(4, length) });
      this.#rest = this.#rest.subarray(length);
      return true;
    }
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const [statusLine = '', ...lines] = this.#rest.toString('latin1', 0, end).split('\r\n');
    const headers = new Map<string, string[]>();
    for (const line of lines) {
      const [name = '', ...value] = line.split(': ');
      headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value.join(': ')]);
    }
    const bodyEnd = end + 4 + Number(headers.get('content-length')?.[0] ?? 0);
    if (this.#rest.length < bodyEnd) return false;
    const body = this.#rest.toString('utf8', end + 4, bodyEnd);
    this.answers.push({ status: Number(statusLine.split(' ')[1]), headers, body });
    this.#rest = this.#rest.subarray(bodyEnd);
    return true;
  }
}

export const sessionOf = (answer: Answer): string =>
  (answer.headers.get('session')?.[0] ?? '').replace(/;.*/, '');

/** The fields of a digest challenge. */
export function challengeOf(answer: Answer, algorithm = 'MD5'): Record<string, string> {
  const line = answer.headers
    .get('www-authenticate')
    ?.find((value) => value.includes(`algorithm=${algorithm},`));
  return Object.fromEntries(
    [...(line ?? '').matchAll(/(\w+)="?([^",]+)"?/g)].map((field) => [field[1] ?? '', field[2] ?? '']),
  );
}

/** An `Authorization` value: with `qop` as RFC 7616 has it, without as RFC 2069 had. */
export function digest(
  challenge: Record<string, string>,
  login: { username: string; password: string },
  method: string,
  uri: string,
  qop?: 'auth',
): string {
  const { realm = '', nonce = '', algorithm = 'MD5' } = challenge;
  const hash = (...parts: string[]) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(parts.join(':'))
      .digest('hex');
  const count = qop === undefined ? [] : ['00000001', 'c0ffee', qop];
  const response = hash(hash(login.username, realm, login.password), nonce, ...count, hash(method, uri));
  const fields = [
    `username="${login.username}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(qop === undefined ? [] : [`qop=${qop}`, 'nc=00000001', 'cnonce="c0ffee"']),
  ];
  return `Digest ${fields.join(', ')}`;
}
