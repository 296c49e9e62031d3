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
  readonly body: string;
}

/** For the whole exchange, ms: 500 cameras or 90 days of a busy one take a slow server some seconds. */
const timeoutMs = 20_000;
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

  async #once({ method, url, headers, body }: Exchange, caller: AbortSignal): Promise<Answer> {
    const late = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([caller, late]);
    signal.throwIfAborted();
    const isSecure = url.protocol === 'https:';
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
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
      (response) => {
        readAll(response).then(
          (text) =>
            resolve({
              status: response.statusCode ?? 0,
              schemes: (response.headers['www-authenticate'] ?? '')
                .split(',')
                .map((part) => part.trim().split(/\s/)[0]?.toLowerCase() ?? ''),
              body: text,
            }),
          reject,
        );
      },
    );
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isStale && !signal.aborted ? new StaleConnection(error) : error);
    });
    request.end(body);
    try {
      return await promise;
    } catch (error) {
      caller.throwIfAborted();
      if (error instanceof VmsError || error instanceof StaleConnection) throw error;
      if (late.aborted)
        throw new VmsError('unavailable', 'The Milestone server did not answer in time', { cause: error });
      if (distrust.has((error as NodeJS.ErrnoException).code ?? ''))
        throw new VmsError('refused', 'The certificate of the Milestone server is not trusted', {
          cause: error,
        });
      throw new VmsError('unavailable', 'The Milestone server does not answer', { cause: error });
    }
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
