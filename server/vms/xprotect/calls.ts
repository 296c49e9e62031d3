import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { VmsError } from '#server/vms/vms.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, ms. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A machine that does not take a connection within this is off or unreachable, ms. */
const usualConnectMs = 4000;

/** An inventory of some thousand cameras is a few MB; more than this is not an answer. */
const bodyLimit = 64 * 1024 * 1024;

/** What Node says (an error's `code`) when it does not trust the far end; waiting does not help, only the administrator does. */
export const distrust: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * HTTP towards one XProtect: kept-alive connections, few at a time, one certificate authority. Follows no redirect.
 * Words of errors name no host and quote nothing the far end said; the cause does.
 */
export class Calls {
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;
  readonly #connectMs: number;

  /** `ca`: the certificates (PEM) to trust instead of Node's own list. `connectMs`: how long a connection may take to stand. */
  constructor({
    ca,
    maxSockets,
    connectMs = usualConnectMs,
  }: {
    ca?: string | undefined;
    maxSockets: number;
    connectMs?: number;
  }) {
    this.#connectMs = connectMs;
    const options = { keepAlive: true, maxSockets, scheduling: 'lifo' as const };
    this.#http = new HttpAgent(options);
    this.#https = new HttpsAgent(ca === undefined ? options : { ...options, ca });
  }

  /** Any status is an answer. Throws {@link VmsError} when there is none, or the signal's reason. */
  async call(call: Call): Promise<Answer> {
    try {
      return await this.#exchange(call);
    } catch (error) {
      if (!(error instanceof ReusedConnectionLost)) throw error;
      // The far end closed an idle connection as we took it up: nobody has seen this request.
      return await this.#exchange(call).catch((again: unknown) => {
        if (again instanceof ReusedConnectionLost)
          throw new VmsError('unavailable', 'XProtect does not answer', { cause: again.cause });
        throw again;
      });
    }
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #exchange(call: Call): Promise<Answer> {
    const late = AbortSignal.timeout(call.timeoutMs);
    const signal = AbortSignal.any([call.signal, late]);
    signal.throwIfAborted();
    const isSecure = call.url.protocol === 'https:';
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const request = (isSecure ? httpsRequest : httpRequest)(
      call.url,
      {
        method: call.method,
        agent: isSecure ? this.#https : this.#http,
        headers: {
          ...call.headers,
          ...(call.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(call.body)) }),
        },
        signal,
      },
      (response) => {
        readAll(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      },
    );
    request.on('socket', (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => {
        request.destroy(new VmsError('unavailable', 'XProtect does not answer'));
      }, this.#connectMs);
      const stop = (): void => clearTimeout(timer);
      socket.once(isSecure ? 'secureConnect' : 'connect', stop).once('close', stop);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isStale && !signal.aborted ? new ReusedConnectionLost(error) : error);
    });
    request.end(call.body);
    try {
      return await promise;
    } catch (error) {
      call.signal.throwIfAborted();
      if (error instanceof VmsError || error instanceof ReusedConnectionLost) throw error;
      if (late.aborted)
        throw new VmsError('unavailable', 'XProtect did not answer in time', { cause: error });
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (distrust.has(code))
        throw new VmsError('refused', 'The certificate of XProtect is not trusted', { cause: error });
      throw new VmsError('unavailable', 'XProtect does not answer', { cause: error });
    }
  }
}

class ReusedConnectionLost extends Error {
  constructor(cause: Error) {
    super('A kept connection was closed by the far end', { cause });
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimit) throw new VmsError('unexpected-answer', 'An answer of XProtect is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
