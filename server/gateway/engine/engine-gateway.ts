import { z } from 'zod';
import {
  GatewayError,
  type Gateway,
  type GatewayErrorCode,
  type WhepAnswer,
} from '#server/gateway/gateway.ts';
import type { LiveSource } from '#server/vms/vms.ts';

export interface EngineGatewayOptions {
  /** `http://127.0.0.1:<port>`. A function where the port can change with a restart; undefined while it is not known. */
  readonly url: string | (() => string | undefined);
  /** The bearer secret the engine was started with. */
  readonly secret: string;
  /** For everything but offers, which wait for a source that is just being connected. */
  readonly timeoutMs?: number;
}

const Info = z.object({ version: z.string(), started: z.string() });
const codes = [
  'camera-offline',
  'source-refused',
  'codec-unsupported',
  'b-frames',
  'not-found',
  'bad-offer',
  'overloaded',
] as const satisfies readonly GatewayErrorCode[];
const Code = z.enum(codes);
const Paths = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['connecting', 'running', 'error']),
      since: z.iso.datetime(),
      code: Code.optional(),
      readers: z.int(),
    }),
  ),
});
const Problem = z.object({ code: Code, retryAfterS: z.number().optional() });

/** Words for what the engine said no to. Ours, so that nothing of an address or a camera's text gets through. */
const words: Readonly<Record<GatewayErrorCode, string>> = {
  'gateway-unavailable': 'The media engine does not answer.',
  'camera-offline': 'The camera gives no picture.',
  'source-refused': 'The camera or recorder refused the credentials.',
  'codec-unsupported': 'The browser does not take the camera’s codec.',
  'b-frames': 'The camera sends B-frames.',
  'not-found': 'The media engine knows no such path or session.',
  'bad-offer': 'The offer is not acceptable.',
  overloaded: 'The media engine is full.',
};

/** An offer may wait 1.5 s for its source; more than this means that the engine hangs. */
const offerMs = 6000;
/** The engine itself lets nobody block for more than 20 s; a piece is a moment on loopback. */
const blockMs = 25_000;
const hlsFile = /^(?:(?:index|media)\.m3u8|(?:init|seg)-\d{1,15}\.mp4|part-\d{1,15}-\d{1,6}\.mp4)$/;
const passedHeaders = ['content-type', 'content-length', 'cache-control', 'retry-after'];

/** Speaks to the embedded media engine over loopback HTTP. */
export function createEngineGateway(options: EngineGatewayOptions): Gateway {
  const timeoutMs = options.timeoutMs ?? 3000;

  async function call(
    path: string,
    init: {
      method?: string;
      headers?: Record<string, string>;
      body?: string;
      timeoutMs?: number;
      /** Statuses that are no refusal to the caller. */
      passes?: readonly number[];
    },
    signal: AbortSignal,
  ): Promise<Response> {
    signal.throwIfAborted();
    const url = typeof options.url === 'string' ? options.url : options.url();
    if (url === undefined) throw unavailable();
    try {
      const response = await fetch(url + path, {
        method: init.method ?? 'GET',
        headers: { authorization: `Bearer ${options.secret}`, ...init.headers },
        ...(init.body === undefined ? {} : { body: init.body }),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(init.timeoutMs ?? timeoutMs)]),
      });
      if (response.ok || init.passes?.includes(response.status) === true) return response;
      throw await refusal(response);
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      signal.throwIfAborted();
      throw unavailable(cause);
    }
  }

  async function read<T>(response: Response, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    try {
      return schema.parse(await response.json());
    } catch (cause) {
      signal.throwIfAborted();
      throw unavailable(cause);
    }
  }

  return {
    async ensurePath(path, source, signal) {
      await call(
        `/v3/config/paths/replace/${encodePath(path)}`,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(sourceRequest(source)),
        },
        signal,
      );
    },

    async dropPath(path, signal) {
      try {
        await call(`/v3/config/paths/delete/${encodePath(path)}`, { method: 'DELETE' }, signal);
      } catch (error) {
        // Gone is what was wanted.
        if (!(error instanceof GatewayError && error.code === 'not-found')) throw error;
      }
    },

    async paths(signal) {
      const response = await call('/v3/paths/list', {}, signal);
      const { items } = await read(response, Paths, signal);
      return items.map(({ name, state, since, code, readers }) => ({
        path: name,
        state,
        since: Date.parse(since),
        viewers: readers,
        ...(code === undefined ? {} : { code }),
      }));
    },

    async offer(path, sdp, signal): Promise<WhepAnswer> {
      const response = await call(
        `/${encodePath(path)}/whep`,
        { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: sdp, timeoutMs: offerMs },
        signal,
      );
      const session = response.headers.get('location');
      const etag = response.headers.get('etag');
      const answer = await response.text();
      if (session === null || etag === null) throw unavailable();
      return { sdp: answer, session, etag };
    },

    async patch(session, fragment, ifMatch, signal) {
      const response = await call(
        sessionPath(session),
        {
          method: 'PATCH',
          headers: {
            'content-type': 'application/trickle-ice-sdpfrag',
            ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
          },
          body: fragment,
        },
        signal,
      );
      const etag = response.headers.get('etag');
      if (response.status === 204 || etag === null) return undefined;
      return { fragment: await response.text(), etag };
    },

    async closeSession(session, signal) {
      try {
        await call(sessionPath(session), { method: 'DELETE' }, signal);
      } catch (error) {
        if (!(error instanceof GatewayError && error.code === 'not-found')) throw error;
      }
    },

    async hls(path, file, query, signal) {
      if (!hlsFile.test(file)) throw new GatewayError('not-found', words['not-found']);
      const passed = [...query].filter(
        ([name]) => name === 'warm' || name === 'stream' || name.startsWith('_HLS_'),
      );
      const search = passed.length === 0 ? '' : `?${String(new URLSearchParams(passed))}`;
      const response = await call(
        `/${encodePath(path)}/hls/${file}${search}`,
        { timeoutMs: blockMs, passes: [400, 503] },
        signal,
      );
      const headers = passedHeaders.flatMap((name) => {
        const value = response.headers.get(name);
        return value === null ? [] : [[name, value] as const];
      });
      if (response.ok)
        return {
          status: response.status,
          headers: Object.fromEntries(headers),
          body: response.body ?? new Uint8Array(),
        };
      const error = await refusal(response);
      if (error.code === 'gateway-unavailable') throw error;
      const kept = headers.filter(([name]) => name === 'retry-after');
      return { status: response.status, headers: Object.fromEntries(kept), body: new Uint8Array() };
    },

    async incarnation(signal) {
      const response = await call('/v3/info', {}, signal);
      return (await read(response, Info, signal)).started;
    },
  };
}

function unavailable(cause?: unknown): GatewayError {
  return new GatewayError('gateway-unavailable', words['gateway-unavailable'], { cause });
}

async function refusal(response: Response): Promise<GatewayError> {
  const problem = Problem.safeParse(await response.json().catch(() => undefined));
  // A secret that does not fit, or an answer that is not the engine's: somebody else has its port.
  if (!problem.success || response.status === 401) return unavailable();
  const { code, retryAfterS } = problem.data;
  return new GatewayError(code, words[code], retryAfterS === undefined ? {} : { retryAfterS });
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** Only what an answer's Location looks like goes into a URL. */
function sessionPath(session: string): string {
  if (!/^\/[\w/-]+$/.test(session)) throw new GatewayError('not-found', words['not-found']);
  return session;
}

function sourceRequest(source: LiveSource): object {
  if (source.kind === 'rtsp')
    return {
      type: 'rtsp',
      source: source.url,
      ...(source.username === undefined ? {} : { username: source.username }),
      ...(source.password === undefined ? {} : { password: source.password }),
    };
  const host = source.host.includes(':') ? `[${source.host}]` : source.host;
  const stream = source.streamId === undefined ? '' : `/${encodeURIComponent(source.streamId)}`;
  return {
    type: 'image-server',
    source: `imageserver${source.tls ? 's' : ''}://${host}:${String(source.port)}/${encodeURIComponent(source.deviceId)}${stream}`,
    token: source.token,
    ...(source.ca === undefined ? {} : { ca: source.ca }),
  };
}
