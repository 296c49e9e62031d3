import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { unwatchFile, watchFile } from 'node:fs';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

export interface ListeningParts {
  readonly fetch: (request: Request, bindings: unknown) => Response | Promise<Response>;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM files; absent: plain HTTP/1.1. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** A certificate was renewed, or cannot be read: then the one before stays. */
  readonly onRenewed?: (fault: unknown) => void;
  /** How often the certificate's files are looked at, ms. */
  readonly lookEveryMs?: number;
}

/** A server that takes requests. */
export interface Listening {
  readonly port: number;
  /** Takes no more; open answers have `graceMs` to finish, idle connections end at once. Safe to call twice. */
  close(graceMs: number): Promise<void>;
}

const timeouts = {
  // Longer than the pages' renewals are apart, so that they share one connection.
  keepAliveTimeout: 30_000,
  // A request that trickles in holds a socket no longer than this.
  headersTimeout: 10_000,
  requestTimeout: 30_000,
} as const;
/** A wall of 64 tiles has two requests each under way at most, and a few pages share a connection. */
const mostStreams = 256;
/** Megabytes of answers that wait for a browser, for one connection; the default of 10 is less than a wall's pieces. */
const sessionMemory = 64;
/** An HTTP/2 connection on which nothing moves, ms: event streams beat more often. */
const idleMs = 120_000;
const defaultLookEveryMs = 30_000;

/**
 * Listens, and resolves once it does. With a certificate it speaks HTTP/2 over TLS, and HTTP/1.1 with whoever knows nothing
 * better. Throws when the port is taken, or the certificate does not fit its key.
 */
export async function listen(parts: ListeningParts): Promise<Listening> {
  const { fetch, tls } = parts;
  const sessions = new Set<ServerHttp2Session>();
  const server =
    tls === undefined
      ? createAdaptorServer({ fetch, serverOptions: timeouts })
      : createAdaptorServer({
          fetch,
          createServer: createSecureServer,
          serverOptions: {
            ...(await readPair(tls)),
            ...timeouts,
            allowHTTP1: true,
            minVersion: 'TLSv1.2',
            maxSessionMemory: sessionMemory,
            settings: { maxConcurrentStreams: mostStreams },
          },
        });
  const unwatch = tls === undefined ? undefined : followFiles(server as Http2SecureServer, tls, parts);
  (server as Http2SecureServer).on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.setTimeout(idleMs, () => session.close());
  });
  try {
    server.listen(parts.port, parts.host);
    await once(server, 'listening');
  } catch (error) {
    unwatch?.();
    throw error;
  }

  let closing: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    close: (graceMs) =>
      (closing ??= (async () => {
        unwatch?.();
        const closed = new Promise<void>((resolve) => (server as Server).close(() => resolve()));
        // Says that it takes no more requests, and ends with the last answer.
        for (const session of sessions) session.close();
        if ('closeIdleConnections' in server) server.closeIdleConnections();
        const late = setTimeout(() => {
          for (const session of sessions) session.destroy();
          if ('closeAllConnections' in server) server.closeAllConnections();
        }, graceMs);
        await closed;
        clearTimeout(late);
      })()),
  };
}

async function readPair(files: NonNullable<ListeningParts['tls']>): Promise<{ cert: Buffer; key: Buffer }> {
  const [cert, key] = await Promise.all([readFile(files.certFile), readFile(files.keyFile)]);
  return { cert, key };
}

/** Takes up a renewed certificate for the connections to come. Gives the way to stop. */
function followFiles(
  server: Http2SecureServer,
  files: NonNullable<ListeningParts['tls']>,
  { onRenewed, lookEveryMs = defaultLookEveryMs }: ListeningParts,
): () => void {
  const renew = (): void => {
    readPair(files)
      .then((pair) => server.setSecureContext({ ...pair, minVersion: 'TLSv1.2' }))
      // Between the writing of the two files they do not fit each other; the second write calls again.
      .then(
        () => onRenewed?.(undefined),
        (error: unknown) => onRenewed?.(error),
      );
  };
  for (const file of Object.values(files))
    watchFile(file, { interval: lookEveryMs, persistent: false }, renew);
  return () => {
    for (const file of Object.values(files)) unwatchFile(file, renew);
  };
}
