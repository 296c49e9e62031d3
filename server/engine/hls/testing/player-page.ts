import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';

/** A page with hls.js for tests and benches, and a door from it to the engine. */
export interface PlayerPage {
  readonly url: string;
  close(): Promise<void>;
}

/** What the page knows of one picture. */
export interface PlayerVitals {
  readonly path: string;
  readonly frames: number;
  /** What hls.js complained of; `at` in ms since the start. */
  readonly errors: readonly { fatal: boolean; details: string; code?: number; at: number }[];
  /** The camera's number on the strip. */
  readonly number?: number;
  /** Age of the picture shown, ms, taken from the strip four times a second. */
  readonly latencies: readonly number[];
  /** How far PROGRAM-DATE-TIME was from the strip at the last reading. */
  readonly clockErrorMs?: number;
  readonly firstFrameMs?: number;
  /** Since the last frame was presented. */
  readonly ageMs?: number;
  readonly dropped: number;
}

/** What the page's script puts on the page. */
export interface PlayerGlobals {
  readonly isReady: boolean;
  play(path: string): void;
  vitals(): PlayerVitals[];
}

const source = (url: string): string => readFileSync(new URL(url, import.meta.url), 'utf8');

/**
 * hls.js with the settings of a tile of a wall. Kept as text: it runs in the browser only.
 */
const script = `
import Hls from '/hls.mjs';
import { readStrip } from '/strip.js';
const tiles = [];
window.tiles = tiles;
window.play = (path) => {
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true, width: 320, height: 180 });
  document.body.append(video);
  const tile = { path, video, frames: 0, errors: [], latencies: [], startedAt: performance.now() };
  tiles.push(tile);
  const hls = new Hls({
    lowLatencyMode: true, enableWorker: false, liveDurationInfinity: true, maxLiveSyncPlaybackRate: 1.1,
    liveSyncOnStallIncrease: 0.3, backBufferLength: 4, maxBufferLength: 6, maxBufferSize: 6e6,
  });
  tile.hls = hls;
  hls.on(Hls.Events.ERROR, (_name, error) => tile.errors.push({ fatal: error.fatal, details: error.details, code: error.response?.code, at: Math.round(performance.now() - tile.startedAt) }));
  hls.loadSource('/live/' + path + '/index.m3u8');
  hls.attachMedia(video);
  const canvas = new OffscreenCanvas(640, 360);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let readAt = 0;
  const onFrame = (now) => {
    tile.frames++;
    tile.firstFrameAt ??= performance.now();
    tile.lastFrameAt = performance.now();
    if (now - readAt >= 250) {
      readAt = now;
      context.drawImage(video, 0, 0, 640, 360);
      const strip = readStrip(context.getImageData(0, 0, 640, 360));
      if (strip !== undefined) {
        tile.number = strip.number;
        tile.latencies.push(Date.now() - strip.timeMs);
        tile.clockError = hls.playingDate === null ? undefined : hls.playingDate.getTime() - strip.timeMs;
      }
    }
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
};
window.vitals = () => tiles.map((tile) => ({
  path: tile.path, frames: tile.frames, errors: tile.errors, number: tile.number, latencies: tile.latencies,
  clockErrorMs: tile.clockError, firstFrameMs: tile.firstFrameAt && tile.firstFrameAt - tile.startedAt,
  ageMs: tile.lastFrameAt && performance.now() - tile.lastFrameAt,
  dropped: tile.video.getVideoPlaybackQuality().droppedVideoFrames,
}));
window.isReady = true;
`;

/** @param engine where the engine answers; what the page asks for below `/live/` is asked of it with its secret */
export async function servePlayerPage(
  engine: () => {
    readonly url: string;
    readonly secret: string;
  },
): Promise<PlayerPage> {
  const modules: Readonly<Record<string, string>> = {
    '/hls.mjs': source('../../../../node_modules/hls.js/dist/hls.light.mjs'),
    '/strip.js': stripTypeScriptTypes(source('../../../../mocks/camera/strip.ts')),
    '/player.js': script,
  };
  const server = createServer((request, response) => {
    const asked = request.url ?? '/';
    const module = modules[asked];
    if (module !== undefined) {
      response.setHeader('content-type', 'text/javascript');
      response.end(module);
      return;
    }
    const live = /^\/live\/(.+)\/([^/]+)$/.exec(asked);
    if (live === null) {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><body><script type="module" src="/player.js"></script>');
      return;
    }
    const gone = new AbortController();
    response.on('close', () => {
      gone.abort();
    });
    void (async () => {
      const { url, secret } = engine();
      const answer = await fetch(`${url}/${live[1] ?? ''}/hls/${live[2] ?? ''}`, {
        headers: { authorization: `Bearer ${secret}` },
        signal: gone.signal,
      });
      const body = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(body);
    })().catch(() => {
      if (response.headersSent || response.destroyed) return;
      response.writeHead(502);
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
