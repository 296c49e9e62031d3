import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Log } from '../log.ts';
import { problem, problemAnswer, RequestError, type Answer } from './problem.ts';

/** One request, as the routes see it. */
export interface Call {
  readonly method: string;
  /** The path of the URL, still encoded, without a query. */
  readonly url: string;
  readonly query: URLSearchParams;
  readonly ifMatch: string | undefined;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
  /** Reads the body. Throws 415 for another content type and 413 when it is larger. */
  body(limit: number, type: string): Promise<string>;
}

export type Route = (call: Call) => Promise<Answer | undefined>;

/** The engine's HTTP server. Every request needs the secret; it listens on loopback only. */
export function createEngineServer(routes: readonly Route[], secret: string, log: Log): Server {
  const expected = digest(`Bearer ${secret}`);
  const server = createServer((request, response) => {
    void answer(request, response, routes, expected, log);
  });
  server.headersTimeout = 5000;
  server.requestTimeout = 10_000;
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly Route[],
  expected: Buffer,
  log: Log,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  let result: Answer;
  try {
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected))
      throw new RequestError(401, 'The secret is missing or wrong.', { 'www-authenticate': 'Bearer' });
    result = await dispatch(request, routes, gone.signal);
  } catch (error) {
    if (gone.signal.aborted) return;
    const known = problemAnswer(error);
    if (known === undefined) log.error({ err: error }, 'request failed');
    result = known ?? problem(500, 'internal', 'The engine failed.');
  }
  const { body, stream } = result;
  if (stream !== undefined) {
    response.writeHead(result.status, { 'cache-control': 'no-store', ...result.headers });
    // Whoever goes away in the middle has had what it wanted.
    await pipeline(stream, response).catch((error: unknown) => {
      if (!gone.signal.aborted) log.warn({ err: error }, 'an answer broke off');
    });
    return;
  }
  if (response.destroyed) return;
  response.writeHead(result.status, {
    'cache-control': 'no-store',
    ...result.headers,
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
  });
  // A body that was too large, or not wanted, is not read to its end.
  if (!request.complete) response.once('finish', () => request.destroy());
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function dispatch(
  request: IncomingMessage,
  routes: readonly Route[],
  signal: AbortSignal,
): Promise<Answer> {
  const [url = '/', query] = (request.url ?? '/').split('?', 2);
  const call: Call = {
    method: request.method ?? 'GET',
    url,
    query: new URLSearchParams(query),
    ifMatch: request.headers['if-match'],
    signal,
    body: (limit, type) => readBody(request, limit, type),
  };
  for (const route of routes) {
    const result = await route(call);
    if (result !== undefined) return result;
  }
  throw new RequestError(404, 'There is no such resource.');
}

async function readBody(request: IncomingMessage, limit: number, type: string): Promise<string> {
  const given = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (given !== type) throw new RequestError(415, `The body has to be ${type}.`);
  if (Number(request.headers['content-length'] ?? '0') > limit)
    throw new RequestError(413, 'The body is too large.');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new RequestError(413, 'The body is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Hashed first, so that the comparison takes the same time whatever the lengths. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
