import { expectMethod, readPathName } from '../http/control.ts';
import { problem, RequestError, type Answer } from '../http/problem.ts';
import type { Call } from '../http/server.ts';
import type { HlsStream, Reload } from './stream.ts';
import type { HlsStreams } from './streams.ts';

/** The numbers never come back for other bytes, so whoever has them need not ask again; nobody needs them for long. */
const shortly = { 'content-type': 'video/mp4', 'cache-control': 'private, max-age=60, immutable' };
const playlistType = { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'no-store' };

/**
 * LL-HLS: `/<path>/hls/index.m3u8` and what it names, all of it relative. `index.m3u8?warm` starts the stream and does
 * not wait for it. Undefined when the URL is none of these.
 */
export function hls(streams: HlsStreams): (call: Call) => Promise<Answer | undefined> {
  return async (call) => {
    const match = /^\/(.+?)\/hls\/([^/]*)$/.exec(call.url);
    if (match === null) return undefined;
    const name = readPathName(match[1] ?? '');
    const file = match[2] ?? '';
    expectMethod(call.method, 'GET', 'HEAD');
    if (file === 'index.m3u8' && call.query.has('warm')) {
      streams.open(name).warm();
      return { status: 204, headers: {} };
    }
    if (file === 'index.m3u8') {
      const stream = streams.open(name);
      return stream.use(async () => playlist(await stream.multivariant(call.signal)));
    }
    if (file === 'media.m3u8') {
      const reload = readReload(call.query);
      const asked = call.query.get('stream');
      const stream = asked === null ? streams.open(name) : streams.find(name);
      if (stream === undefined || (asked !== null && asked !== String(stream.first)))
        throw new RequestError(404, 'This stream has ended: begin again with index.m3u8.');
      return stream.use(() => media(stream, reload, call.signal));
    }
    const stream = streams.find(name);
    const bytes = await stream?.use(() => piece(stream, file, call.signal));
    if (bytes === undefined) throw new RequestError(404, 'There is no such piece, or not any more.');
    return { status: 200, headers: shortly, body: Buffer.concat(bytes) };
  };
}

const playlist = (text: string): Answer => ({ status: 200, headers: playlistType, body: text });

async function media(stream: HlsStream, reload: Reload, signal: AbortSignal): Promise<Answer> {
  const text = await stream.playlist(reload, signal);
  // 503 is what a player asks again after (RFC 8216bis 6.2.5.2).
  if (text === undefined)
    return problem(503, 'camera-offline', 'Nothing new has come.', { 'retry-after': '1' }, 1);
  return playlist(text);
}

async function piece(
  stream: HlsStream,
  file: string,
  signal: AbortSignal,
): Promise<Uint8Array[] | undefined> {
  const [, kind = '', first, second, count] =
    /^(init|seg|part)-(\d{1,15})(?:-(\d{1,6})(?:-([2-5]))?)?\.mp4$/.exec(file) ?? [];
  if ((kind === 'part') !== (second !== undefined)) return undefined;
  if (count !== undefined) return stream.grain(Number(first), Number(second), Number(count));
  if (kind === 'seg') return stream.segment(Number(first));
  if (kind === 'init') return one(stream.init(Number(first)));
  return one(await stream.part(Number(first), Number(second), signal));
}

const one = (bytes: Uint8Array | undefined): Uint8Array[] | undefined =>
  bytes === undefined ? undefined : [bytes];

/** A second: with more in one, the pictures would be as old as those of plain HLS. */
const mostGrain = 5;

/**
 * Reads the delivery directives (RFC 8216bis 6.2.5), and `grain`, our own: so many parts are listed as one, which a player
 * asks for that has few connections for many pictures. Throws 400 for what cannot be one.
 */
function readReload(query: URLSearchParams): Reload {
  const skips = ['YES', 'v2'].includes(query.get('_HLS_skip') ?? '');
  const grain = Math.min(mostGrain, Math.max(1, readNumber(query, 'grain') ?? 1));
  const msn = readNumber(query, '_HLS_msn');
  const part = readNumber(query, '_HLS_part');
  if (msn === undefined) {
    if (part !== undefined) throw new RequestError(400, 'A part has to be of a segment.');
    return { skips, grain };
  }
  return { from: { msn, part }, skips, grain };
}

function readNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new RequestError(400, `${name} has to be a number.`);
  return Number(text);
}
