/** RTSP 1.0 messages, RFC 2326 §4–7 and §10.12: reading what a client sends, writing what a camera answers. */

export interface RtspRequest {
  readonly kind: 'request';
  readonly method: string;
  /** As the client wrote it: an absolute URL, or `*`. */
  readonly uri: string;
  readonly version: string;
  /** Names in lower case; of a repeated header the values joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** A `$` frame: binary inside the RTSP connection, §10.12. */
export interface InterleavedFrame {
  readonly kind: 'frame';
  readonly channel: number;
  readonly payload: Buffer;
}

/** What the client sent is no RTSP: answer `status`, then hang up, since the next message's start is unknown. */
export class RtspSyntaxError extends Error {
  override readonly name = 'RtspSyntaxError';
  readonly status: 400 | 413;

  constructor(status: 400 | 413, message: string) {
    super(message);
    this.status = status;
  }
}

const maxHeadLength = 16 * 1024;
const maxBodyLength = 64 * 1024;
const nothing = Buffer.alloc(0);

/** Cuts a byte stream into requests and interleaved frames, whatever pieces it arrives in. */
export class RtspReader {
  #rest: Buffer = nothing;

  /** Messages completed by `chunk`, in order. Throws {@link RtspSyntaxError} at the first that cannot be read. */
  *read(chunk: Buffer): Generator<RtspRequest | InterleavedFrame> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const message = this.#rest[0] === 0x24 ? this.#frame() : this.#request();
      if (message === undefined) return;
      yield message;
    }
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = length === this.#rest.length ? nothing : this.#rest.subarray(length);
    return taken;
  }

  #frame(): InterleavedFrame | undefined {
    if (this.#rest.length < 4) return undefined;
    const length = this.#rest.readUInt16BE(2);
    if (this.#rest.length < 4 + length) return undefined;
    const frame = this.#take(4 + length);
    return { kind: 'frame', channel: frame[1] ?? 0, payload: frame.subarray(4) };
  }

  #request(): RtspRequest | undefined {
    // Some clients keep a connection alive with bare line ends between requests.
    while (this.#rest[0] === 0x0d || this.#rest[0] === 0x0a) this.#take(1);
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end > maxHeadLength || (end < 0 && this.#rest.length > maxHeadLength)) {
      throw new RtspSyntaxError(413, 'The head is too long');
    }
    if (end < 0) return undefined;
    const head = parseHead(this.#rest.toString('latin1', 0, end));
    const length = bodyLength(head.headers);
    if (this.#rest.length < end + 4 + length) return undefined;
    this.#take(end + 4);
    return { ...head, body: this.#take(length) };
  }
}

function parseHead(text: string): Omit<RtspRequest, 'body'> {
  const [requestLine = '', ...lines] = text.split('\r\n');
  const words = /^([A-Z_]+) (\S+) (RTSP\/\d+\.\d+)$/.exec(requestLine);
  const [, method, uri, version] = words ?? [];
  if (method === undefined || uri === undefined || version === undefined) {
    throw new RtspSyntaxError(400, 'No request line');
  }
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1 || /\s/.test(line.slice(0, colon)))
      throw new RtspSyntaxError(400, 'A header without a name');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { kind: 'request', method, uri, version, headers };
}

function bodyLength(headers: ReadonlyMap<string, string>): number {
  const text = headers.get('content-length') ?? '0';
  if (!/^\d{1,9}$/.test(text)) throw new RtspSyntaxError(400, 'Content-Length is no number');
  const length = Number(text);
  if (length > maxBodyLength) throw new RtspSyntaxError(413, 'The body is too long');
  return length;
}

const phrases = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  413: 'Request Entity Too Large',
  451: 'Parameter Not Understood',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  457: 'Invalid Range',
  459: 'Aggregate Operation Not Allowed',
  461: 'Unsupported Transport',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'RTSP Version not supported',
  551: 'Option not supported',
} as const;

export type RtspStatus = keyof typeof phrases;

export interface RtspAnswer {
  readonly status: RtspStatus;
  /** Several values of one name (two challenges) become several lines. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

/** The bytes of an answer to the request numbered `cseq`. */
export function writeAnswer(answer: RtspAnswer, cseq: string | undefined): string {
  const lines = [`RTSP/1.0 ${String(answer.status)} ${phrases[answer.status]}`];
  if (cseq !== undefined) lines.push(`CSeq: ${cseq}`);
  lines.push('Server: Parapet synthetic camera');
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`);
  }
  if (answer.body !== undefined) lines.push(`Content-Length: ${String(Buffer.byteLength(answer.body))}`);
  return `${lines.join('\r\n')}\r\n\r\n${answer.body ?? ''}`;
}
