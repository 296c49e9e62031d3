import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { VmsError } from '#server/vms/vms.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  /** Schemes of `WWW-Authenticate`, lower case. */
  readonly schemes: readonly string[];
  /** `Retry-After`, ms from now; undefined where it is missing or makes no sense. */
  readonly retryAfterMs: number | undefined;
  readonly body: string;
}

/** An answer whose body is read as it comes. */
export interface StreamedAnswer extends Omit<Answer, 'body'> {
  readonly mediaType: string;
  /** As the server says; undefined where it does not. */
  readonly bytes: number | undefined;
  /** Throws {@link VmsError} where it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** For the whole exchange, ms: 500 cameras or 90 days of a busy one take a slow server some seconds. */
const timeoutMs = 20_000;
/** What is streamed may be silent for so long, ms. */
const silenceMs = 20_000;
/** A year of a camera on motion is some MB. */
const bodyLimit = 32 * 1024 * 1024;

const distrust: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** HTTP towards one server, few connections at a time. Follows no redirect: credentials stay where they belong. */
export class HttpExchanger {
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  /** `ca`: the certificates (PEM) to trust instead of Node's own list. */
  constructor({ ca }: { ca?: string | undefined }) {
    const options = { keepAlive: true, maxSockets: 6 };
    this.#http = new HttpAgent(options);
    this.#https = new HttpsAgent(ca === undefined ? options : { ...options, ca });
  }

  /** Any status is an answer. Throws {@link VmsError} `unavailable` or `refused`, or the signal's reason. */
  async exchange(wish: Exchange, caller: AbortSignal): Promise<Answer> {
    try {
      return await this.#once(wish, caller);
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error;
      // The server closed an idle connection as we took it up: nobody has seen this request.
      return await this.#once(wish, caller);
    }
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  /** As {@link exchange}, for what is large. The signal ends the body, too. */
  async stream(wish: Exchange, caller: AbortSignal): Promise<StreamedAnswer> {
    const head = new AbortController();
    const late = setTimeout(() => head.abort(), timeoutMs);
    const signal = AbortSignal.any([caller, head.signal]);
    try {
      const response = await this.#send(wish, signal, caller, () => head.signal.aborted);
      // What is refused has nothing to read.
      if ((response.statusCode ?? 0) >= 300) response.destroy();
      response.setTimeout(silenceMs, () => response.destroy(new Error('silence')));
      const { 'content-type': mediaType = 'application/octet-stream', 'content-length': length } =
        response.headers;
      return {
        ...factsOf(response),
        mediaType,
        bytes: length === undefined ? undefined : Number(length),
        body: piecesOf(response, caller),
      };
    } finally {
      clearTimeout(late);
    }
  }

  async #once(wish: Exchange, caller: AbortSignal): Promise<Answer> {
    const late = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([caller, late]);
    const response = await this.#send(wish, signal, caller, () => late.aborted);
    try {
      return { ...factsOf(response), body: await readAll(response) };
    } catch (error) {
      throw failureOf(error, caller, late.aborted);
    }
  }

  /** Sends the request; resolves with the beginning of its answer. */
  async #send(
    { method, url, headers, body }: Exchange,
    signal: AbortSignal,
    caller: AbortSignal,
    isLate: () => boolean,
  ): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const isSecure = url.protocol === 'https:';
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = (isSecure ? httpsRequest : httpRequest)(
      url,
      {
        method,
        agent: isSecure ? this.#https : this.#http,
        headers: {
          accept: 'application/json',
          ...headers,
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        },
        signal,
      },
      resolve,
    );
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isStale && !signal.aborted ? new StaleConnection(error) : error);
    });
    request.end(body);
    try {
      return await promise;
    } catch (error) {
      throw failureOf(error, caller, isLate());
    }
  }
}

const factsOf = (response: IncomingMessage): Omit<Answer, 'body'> => ({
  status: response.statusCode ?? 0,
  schemes: (response.headers['www-authenticate'] ?? '')
    .split(',')
    .map((part) => part.trim().split(/\s/)[0]?.toLowerCase() ?? ''),
  retryAfterMs: retryAfter(response.headers['retry-after'], Date.now()),
});

/** Of seconds or a date (RFC 9110 10.2.3), ms from `now`. */
export function retryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** What a request that failed means. Throws the caller's reason where that is what ended it. */
function failureOf(error: unknown, caller: AbortSignal, isLate: boolean): VmsError {
  caller.throwIfAborted();
  if (error instanceof VmsError) return error;
  if (isLate)
    return new VmsError('unavailable', 'The Milestone server did not answer in time', { cause: error });
  if (distrust.has((error as NodeJS.ErrnoException).code ?? ''))
    return new VmsError('refused', 'The certificate of the Milestone server is not trusted', {
      cause: error,
    });
  return new VmsError('unavailable', 'The Milestone server does not answer', { cause: error });
}

async function* piecesOf(response: IncomingMessage, caller: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    caller.throwIfAborted();
    throw new VmsError('unavailable', 'The Milestone server broke off', { cause: error });
  } finally {
    response.destroy();
  }
}

/** Twice in a row it is the server's trouble and not the connection's. */
class StaleConnection extends VmsError {
  constructor(cause: Error) {
    super('unavailable', 'The Milestone server does not answer', { cause });
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimit)
      throw new VmsError('unexpected-answer', 'An answer of the Milestone server is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
