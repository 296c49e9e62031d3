import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import type { Door } from './doors.ts';
import type { RtaFaults, Surface, SurfaceFault } from './faults.ts';
import { type Addresses, iso, listed, metadata, rtaId, segments, timeline } from './site.ts';

/** How much the server takes, from the requirements' "API Request Limits". */
export interface RtaLimits {
  readonly cameraListsPerMinute: number;
  readonly recordingsPerMinute: number;
  readonly streams: number;
  readonly exports: number;
}

export const documentedLimits: RtaLimits = {
  cameraListsPerMinute: 1,
  recordingsPerMinute: 100,
  streams: 500,
  exports: 10,
};

export interface RestParts {
  readonly cameras: readonly SiteCamera[];
  readonly door: Door;
  readonly faults: RtaFaults;
  readonly limits: RtaLimits;
  readonly addresses: Addresses;
  /** Only the fields of the document's examples. */
  readonly isBare: boolean;
  readonly now: () => number;
  readonly onCall: (what: string) => void;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Record<string, string | string[]>;
}

const reply = (status: number, body: unknown, headers: Reply['headers'] = {}): Reply => ({
  status,
  body,
  headers,
});
const fail = (status: number, error: string): Reply => reply(status, { error });

/** Whether this entry of a list is to be an odd one. */
const isOdd = (malformed: SurfaceFault['malformed'], i: number): boolean =>
  malformed === 'wrong-shape' || (malformed === 'one-odd' && i === 0);

interface Place {
  readonly surface: Surface;
  readonly method: 'GET' | 'POST';
  readonly id?: string;
  readonly what:
    | 'list'
    | 'one'
    | 'recordings'
    | 'export'
    | 'export-state'
    | 'export-file'
    | 'token'
    | 'stream'
    | 'playback';
}

/** The paths of Method 1, and under `mobile` those of Method 3. */
function placeOf(path: string, method: string, kind: 'api' | 'mobile'): Place | undefined {
  const prefix = kind === 'api' ? '/api' : '';
  if (!path.startsWith(`${prefix}/`)) return undefined;
  const [noun = '', id, ...rest] = path
    .slice(prefix.length + 1)
    .split('/')
    .map((part) => decodeURIComponent(part));
  const isFile = kind === 'api' && noun === 'export' && rest.join('/') === 'file';
  if (rest.length > 0 && !isFile) return undefined;
  const get = (surface: Surface, what: Place['what']): Place => ({
    surface,
    method: 'GET',
    what,
    ...(id === undefined ? {} : { id }),
  });
  switch (noun) {
    case 'cameras':
      return get('cameras', id === undefined ? 'list' : 'one');
    case 'recordings':
      return id === undefined ? undefined : get('recordings', 'recordings');
    case 'stream':
    case 'playback':
      return id === undefined || kind === 'api' ? undefined : get('recordings', noun);
    case 'export':
      if (kind === 'mobile') return undefined;
      if (method === 'GET' && id !== undefined) return get('export', isFile ? 'export-file' : 'export-state');
      return id === undefined ? { surface: 'export', method: 'POST', what: 'export' } : undefined;
    case 'token':
      return id === undefined ? { surface: 'token', method: 'POST', what: 'token' } : undefined;
    default:
      return undefined;
  }
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The HTTP of the requirements: the API of Method 1, or the Mobile Server's of Method 3. One state for both. */
export class RtaRest {
  readonly #parts: RestParts;
  readonly #byId: ReadonlyMap<string, SiteCamera>;
  readonly #asked: Record<'list' | 'recordings', number[]> = { list: [], recordings: [] };
  readonly #exports = new Map<string, { readonly body: object; readonly film: Buffer; isRunning: boolean }>();

  constructor(parts: RestParts) {
    this.#parts = parts;
    this.#byId = new Map(parts.cameras.map((camera) => [rtaId(camera), camera]));
  }

  serve(kind: 'api' | 'mobile'): Server {
    return createServer((request, response) => {
      this.#answer(request, response, kind).catch(() => response.destroy());
    });
  }

  /** Exports under way are done. */
  finishExports(): void {
    for (const one of this.#exports.values()) one.isRunning = false;
  }

  async #answer(request: IncomingMessage, response: ServerResponse, kind: 'api' | 'mobile'): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://rta.invalid');
    const place = placeOf(url.pathname, request.method ?? 'GET', kind);
    const given = place === undefined ? fail(404, 'Not Found') : await this.#reply(request, url, place, kind);
    const fault = place === undefined ? {} : this.#parts.faults.surface(place.surface);
    if (given.body instanceof Uint8Array) {
      response.writeHead(given.status, given.headers);
      await this.#sendFilm(response, given.body, fault.cutAfterBytes ?? Infinity);
      return;
    }
    let text = JSON.stringify(given.body);
    if (given.status === 200 && fault.malformed === 'not-json') text = text.slice(0, text.length / 2);
    response.writeHead(given.status, { 'content-type': 'application/json', ...given.headers });
    response.end(text);
  }

  async #reply(request: IncomingMessage, url: URL, place: Place, kind: 'api' | 'mobile'): Promise<Reply> {
    const { door, faults, onCall } = this.#parts;
    onCall(`${kind} ${place.what}`);
    const fault = faults.surface(place.surface);
    if (fault.latencyMs !== undefined) await sleep(fault.latencyMs);
    if (fault.failWith !== undefined)
      return fail(fault.failWith, `internal trace at vms-core-03.example: SELECT * FROM secrets`);
    if (place.what === 'token' && !door.hasTokens) return fail(404, 'Not Found');
    if (request.method !== place.method) return fail(405, 'Method Not Allowed');
    if (place.what === 'token') {
      const granted = door.grant((await readJson(request)) ?? {});
      return granted === undefined ? fail(401, 'Invalid credentials') : reply(200, granted);
    }
    if (!door.isWelcome(request))
      return reply(401, { error: 'Unauthorized' }, { 'www-authenticate': door.challenges });
    if (place.what === 'list') return this.#list(kind, fault.malformed);
    if (place.what === 'export') return this.#export(await readJson(request));
    if (place.what === 'export-file') return this.#exportFile(place.id ?? '');
    if (place.what === 'export-state') return this.#exportState(place.id ?? '');
    const camera = this.#byId.get(place.id ?? '');
    if (camera === undefined) return fail(404, 'Camera not found');
    const { addresses, isBare } = this.#parts;
    if (place.what === 'one') return reply(200, metadata(camera, addresses, isBare));
    // Their format is nowhere described: where the pictures are is all that can be said.
    if (place.what === 'stream')
      return reply(200, { camera_id: place.id, url: `${addresses.rtsp}/camera/${rtaId(camera)}` });
    if (place.what === 'playback')
      return reply(200, {
        camera_id: place.id,
        url: `${addresses.rtsp}/playback/${rtaId(camera)}${url.search}`,
      });
    return this.#recordings(camera, url.searchParams, kind, fault.malformed);
  }

  /** Whether this minute still has room for one more; counts it. */
  #hasRoom(what: 'list' | 'recordings', perMinute: number): boolean {
    const since = performance.now() - 60_000;
    this.#asked[what] = this.#asked[what].filter((at) => at > since);
    if (this.#asked[what].length >= perMinute) return false;
    this.#asked[what].push(performance.now());
    return true;
  }

  #list(kind: 'api' | 'mobile', malformed: SurfaceFault['malformed']): Reply {
    const { cameras, addresses, isBare, limits } = this.#parts;
    if (!this.#hasRoom('list', limits.cameraListsPerMinute))
      return reply(429, { error: 'Too many camera list queries' }, { 'retry-after': '60' });
    const all = cameras.map((camera, i) => ({
      ...listed(camera, addresses, isBare),
      ...(isOdd(malformed, i) ? { enabled: 'perhaps' } : {}),
    }));
    // The document shows the API's answer as an object and calls the Mobile Server's "JSON list of all cameras".
    return reply(200, kind === 'api' ? { cameras: all } : all);
  }

  #recordings(
    camera: SiteCamera,
    query: URLSearchParams,
    kind: 'api' | 'mobile',
    malformed: SurfaceFault['malformed'],
  ): Reply {
    const { faults, limits, now } = this.#parts;
    if (!this.#hasRoom('recordings', limits.recordingsPerMinute))
      return reply(429, { error: 'Too many recording queries' }, { 'retry-after': '60' });
    const [start, end] = [Date.parse(query.get('start') ?? ''), Date.parse(query.get('end') ?? '')];
    if (!(start < end)) return fail(400, 'start and end have to be times in order');
    const window = { start, end };
    if (kind === 'mobile') return reply(200, segments(camera, window, faults, now()));
    const found = timeline(camera, window, faults, now());
    return reply(200, {
      camera_id: rtaId(camera),
      timeline: found.map((one, i) => (isOdd(malformed, i) ? { ...one, start_time: 'yesterday' } : one)),
    });
  }

  #export(body: Record<string, unknown> | undefined): Reply {
    const [start, end] = [Date.parse(String(body?.['start_time'])), Date.parse(String(body?.['end_time']))];
    const id = body?.['camera_id'];
    if (typeof id !== 'string' || !this.#byId.has(id)) return fail(404, 'Camera not found');
    if (!(start < end)) return fail(400, 'start_time and end_time have to be times in order');
    if ([...this.#exports.values()].filter(({ isRunning }) => isRunning).length >= this.#parts.limits.exports)
      return reply(429, { error: 'Too many exports' }, { 'retry-after': '60' });
    const exportId = `export-${String(this.#exports.size + 1)}`;
    const made = { export_id: exportId, camera_id: id, start_time: iso(start), end_time: iso(end) };
    // In place of pictures: as long as they would be at 8 kbit/s, the same for the same wish.
    const film = Buffer.alloc(end - start, `${id} ${iso(start)} ${iso(end)} `);
    this.#exports.set(exportId, { body: made, film, isRunning: true });
    return reply(202, { ...made, status: 'running' });
  }

  #exportState(id: string): Reply {
    const found = this.#exports.get(id);
    if (found === undefined) return fail(404, 'Export not found');
    const { failsExports, exportsAt = `/api/export/${id}/file` } = this.#parts.faults;
    if (failsExports) return reply(200, { ...found.body, status: 'failed' });
    if (found.isRunning) return reply(200, { ...found.body, status: 'running' });
    return reply(200, { ...found.body, status: 'completed', download_url: exportsAt });
  }

  #exportFile(id: string): Reply {
    const found = this.#exports.get(id);
    if (found === undefined || found.isRunning) return fail(404, 'Export not found');
    const headers = { 'content-type': 'video/mp4', 'content-length': String(found.film.length) };
    return reply(200, found.film, headers);
  }

  async #sendFilm(response: ServerResponse, film: Uint8Array, cutAfter: number): Promise<void> {
    const pieceBytes = 65_536;
    for (let at = 0; at < film.length; at += pieceBytes) {
      if (at >= cutAfter || response.destroyed) {
        response.destroy();
        return;
      }
      if (!response.write(film.subarray(at, at + pieceBytes)))
        await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end();
  }
}
