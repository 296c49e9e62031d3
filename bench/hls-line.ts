import { Agent, get } from 'node:http';
import type { LoaderCallbacks, LoaderConfiguration, LoaderContext, LoaderStats } from 'hls.js';
import { startRtspCameras } from '#mocks/camera/rtsp/server.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { pollingLoader } from '#lib/media/hls/polling-loader.ts';
import { reachOf } from '#lib/media/hls/reach.ts';
import { grainFor } from '#lib/media/hls/settings.ts';
import { startEngine, type EngineChild } from '#server/engine/testing/engine-child.ts';
import { spread } from './statistics.ts';

/** As many as browsers open to one host for HTTP/1.1. */
const connections = 6;

/** A page's six connections to the engine, and what went over them. */
class PageLine {
  requests = 0;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: connections });
  readonly #engine: EngineChild;

  constructor(engine: EngineChild) {
    this.#engine = engine;
  }

  /** The body; undefined for anything but 200. */
  ask(path: string): Promise<Buffer | undefined> {
    this.requests += 1;
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.#engine.secret}` };
      get(`${this.#engine.url}${path}`, { agent: this.#agent, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => resolve(response.statusCode === 200 ? Buffer.concat(parts) : undefined));
      }).on('error', reject);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** What hls.js loads with, over that line. */
const loaderOver = (line: PageLine) =>
  class {
    readonly stats = {} as LoaderStats;
    context = null;
    load(context: LoaderContext, _: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
      line.ask(context.url).then(
        (data) => {
          if (data)
            callbacks.onSuccess({ url: context.url, data: data.toString() }, this.stats, context, null);
          else callbacks.onError({ code: 503, text: '' }, context, null, this.stats);
        },
        () => callbacks.onTimeout(this.stats, context, null),
      );
    }
    abort(): void {
      this.context = null;
    }
    destroy(): void {
      this.context = null;
    }
  };

/** Parts of a playlist: their files, and when the last picture of each was taken, epoch ms. */
function partsOf(playlist: string): { readonly file: string; readonly takenAt: number }[] {
  let at = NaN;
  return playlist.split('\n').flatMap((text) => {
    const date = /^#EXT-X-PROGRAM-DATE-TIME:(.+)$/.exec(text)?.[1];
    if (date !== undefined) at = Date.parse(date);
    const [, duration, file] = /^#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"/.exec(text) ?? [];
    if (duration === undefined || file === undefined) return [];
    at += Number(duration) * 1000;
    return [{ file, takenAt: at }];
  });
}

/** Plays one camera as hls.js does, without the pictures; tells how old each part is when it is there. */
async function play(
  path: string,
  line: PageLine,
  grain: number | undefined,
  told: (ageMs: number) => void,
  signal: AbortSignal,
) {
  const Base = loaderOver(line) as never;
  const Playlists = (grain === undefined ? Base : pollingLoader(Base, grain)) as new (config: unknown) => {
    load(context: object, config: object, callbacks: object): void;
    destroy(): void;
  };
  const load = (query: string): Promise<string | undefined> =>
    new Promise((resolve) => {
      const loader = new Playlists({});
      const none = (): void => resolve(undefined);
      const context = { url: `${path}media.m3u8${query}`, levelOrTrack: {} };
      const onSuccess = ({ data }: { data: string }): void => resolve(data);
      loader.load(context, {}, { onSuccess, onError: none, onTimeout: none });
      signal.addEventListener('abort', none, { once: true });
    });
  await line.ask(`${path}index.m3u8`);
  const seen = new Set<string>();
  let pieces = Promise.resolve();
  let query = '';
  while (!signal.aborted) {
    const playlist = await load(query);
    if (playlist === undefined) continue;
    const isFirst = query === '';
    const { msn, parts } = reachOf(playlist);
    query = `?_HLS_msn=${String(msn)}&_HLS_part=${String(parts)}`;
    for (const { file, takenAt } of partsOf(playlist)) {
      if (seen.has(file)) continue;
      seen.add(file);
      // One piece after the other, while the next playlist is asked for already.
      if (!isFirst)
        pieces = pieces.then(async () => {
          if (signal.aborted) return;
          await line.ask(`${path}${file}`);
          told(Date.now() - takenAt);
        });
    }
  }
  await pieces;
}

/**
 * What six connections do to LL-HLS for a whole wall, without a browser's decoders in between: how old each part is when it
 * has arrived, with playlists that wait at the server and with those that are polled. A player shows it that much later,
 * and a buffer.
 * Options: `--players 16`, `--seconds 15`.
 */
export async function run(options: Record<string, string>): Promise<object> {
  const players = Number(options['players'] ?? 16);
  const seconds = Number(options['seconds'] ?? 15);
  const subjects = siteCameras.slice(0, players);
  const cameras = await startRtspCameras({ subjects, pictures: await openPictures() });
  const engine = await startEngine({ PARAPET_LOG_LEVEL: 'warn' });
  try {
    for (const { number } of subjects)
      await engine.fetch(`/v3/config/paths/replace/cam${String(number)}/sub`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'rtsp', source: cameras.url(number, 'sub') }),
      });
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const measure = async (grain: (player: number) => number | undefined) => {
      const line = new PageLine(engine);
      const ages: number[] = [];
      const ending = new AbortController();
      const from = performance.now();
      const all = subjects.map(({ number }, i) =>
        play(
          `/cam${String(number)}/sub/hls/`,
          line,
          grain(i + 1),
          // The first seconds are everybody's coming.
          (ageMs) => performance.now() - from > 4000 && ages.push(ageMs),
          ending.signal,
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000 + 4000));
      ending.abort();
      await Promise.race([Promise.all(all), new Promise((resolve) => setTimeout(resolve, 3000))]);
      line.close();
      return { ageMs: spread(ages), requestsPerSecond: Math.round(line.requests / (seconds + 4)) };
    };
    return {
      players,
      seconds,
      connections,
      waiting: await measure(() => undefined),
      polled: await measure(grainFor),
    };
  } finally {
    engine.kill('SIGTERM');
    await Promise.all([cameras.close(), engine.gone]);
  }
}
