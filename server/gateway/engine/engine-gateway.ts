import { z } from 'zod';
import { GatewayError, type Gateway, type WhepAnswer } from '#server/gateway/gateway.ts';
import type { LiveSource } from '#server/vms/vms.ts';
import {
  Code,
  encodePath,
  engineCaller,
  type EngineGatewayOptions,
  refusal,
  unavailable,
  words,
} from './engine-call.ts';

const Info = z.object({ version: z.string(), started: z.string() });
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
/** An offer may wait 1.5 s for its source; more than this means that the engine hangs. */
const offerMs = 6000;
/** The engine itself lets nobody block for more than 20 s; a piece is a moment on loopback. */
const blockMs = 25_000;
const hlsFile =
  /^(?:(?:index|media)\.m3u8|(?:init|seg)-\d{1,15}\.mp4|part-\d{1,15}-\d{1,6}(?:-[2-5])?\.mp4)$/;
const passedHeaders = ['content-type', 'content-length', 'cache-control', 'retry-after'];

/** Speaks to the embedded media engine over loopback HTTP. */
export function createEngineGateway(options: EngineGatewayOptions): Gateway {
  const { call, read } = engineCaller(options);
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
        ([name]) => ['warm', 'stream', 'grain'].includes(name) || name.startsWith('_HLS_'),
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
