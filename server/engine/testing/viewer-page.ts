import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';

/** What the page's `vitals()` says of a tile. Counters are Chromium's own. */
export interface TileVitals {
  readonly path: string;
  readonly status: number;
  readonly state: string;
  readonly frames: number;
  readonly firstFrameMs?: number;
  readonly answerMs?: number;
  readonly ageMs?: number;
  readonly width: number;
  readonly readings: readonly {
    readonly at: number;
    readonly number?: number;
    readonly latencyMs?: number;
    /** Whether what was read is a later picture than the one that is told of. */
    readonly isAhead: boolean;
    /** How much later than the camera took it the engine says to have received it. */
    readonly toldLateMs?: number;
  }[];
  readonly remote?: string;
  readonly framesDecoded?: number;
  readonly framesDropped?: number;
  readonly keyFramesDecoded?: number;
  readonly packetsLost?: number;
  readonly nackCount?: number;
  readonly pliCount?: number;
  readonly jitterBufferDelay?: number;
  readonly jitterBufferEmittedCount?: number;
}

/** What the page's script puts into its global scope. */
export interface ViewerGlobals {
  view(path: string, options?: { readings?: number; only?: 'udp' | 'tcp'; port?: number }): Promise<number>;
  vitals(): Promise<TileVitals[]>;
  closeAll(): void;
  readonly ready: true;
}

/** A page with a bare WHEP player for tests and benches, and a door from it to the engine. */
export interface ViewerPage {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * What the page's script knows: `view(path, options)` opens a picture, `vitals()` tells of all, `closeAll()` ends them. With
 * `readings` in the options that many pictures have their strip read: which camera, and how late. Kept as text: it runs in
 * the browser only.
 */
const script = `
import { readStrip } from '/strip.js';
const tiles = [];
window.tiles = tiles;
const canvas = new OffscreenCanvas(640, 360);
const pen = canvas.getContext('2d', { willReadFrequently: true });
window.view = async (path, options = {}) => {
  const tile = { path, startedAt: performance.now(), frames: 0, readings: [] };
  tiles.push(tile);
  const pc = new RTCPeerConnection();
  tile.pc = pc;
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true, width: 320, height: 180 });
  document.body.append(video);
  tile.video = video;
  pc.ontrack = (event) => { video.srcObject = new MediaStream([event.track]); };
  let receiver;
  const onFrame = (_, frame) => {
    const now = performance.now();
    tile.frames++;
    tile.firstFrameAt ??= now;
    tile.lastFrameAt = now;
    // A new video element may call before there is anything to draw.
    if (tile.readings.length < (options.readings ?? 0) && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      const wall = Date.now();
      pen.clearRect(0, 0, 640, 360);
      // The element may be a picture ahead of the one that this call is about.
      const shown = new VideoFrame(video);
      const isAhead = Math.abs(shown.timestamp - frame.mediaTime * 1e6) > 1000;
      pen.drawImage(shown, 0, 0, 640, 360);
      shown.close();
      const picture = pen.getImageData(0, 0, 640, 360);
      const strip = readStrip(picture);
      tile.readings.push({ at: now - tile.startedAt, number: strip?.number, latencyMs: strip && wall - strip.timeMs, isAhead, toldLateMs: strip && told(frame.rtpTimestamp) - strip.timeMs });
    }
    video.requestVideoFrameCallback(onFrame);
  };
  const told = (rtp) => {
    const [source] = receiver.getSynchronizationSources();
    if (source?.captureTimestamp === undefined) return undefined;
    return source.captureTimestamp - 2208988800000 + (((rtp - source.rtpTimestamp) | 0) / 90);
  };
  video.requestVideoFrameCallback(onFrame);
  const transceiver = pc.addTransceiver('video', { direction: 'recvonly' });
  ({ receiver } = transceiver);
  const extensions = transceiver.getHeaderExtensionsToNegotiate();
  transceiver.setHeaderExtensionsToNegotiate(extensions.map((one) => one.uri.endsWith('/abs-capture-time') ? { ...one, direction: 'recvonly' } : one));
  await pc.setLocalDescription();
  const response = await fetch('/offer/' + path, { method: 'POST', body: pc.localDescription.sdp });
  tile.status = response.status;
  tile.answeredAt = performance.now();
  let sdp = await response.text();
  if (response.status !== 201) return tile.status;
  if (options.only) sdp = sdp.split('\\r\\n').filter((line) => !line.startsWith('a=candidate:') || line.includes(' ' + options.only + ' ')).join('\\r\\n');
  if (options.port) sdp = sdp.replace(/( udp \\d+ [0-9.]+) \\d+ typ/g, '$1 ' + options.port + ' typ');
  await pc.setRemoteDescription({ type: 'answer', sdp });
  return tile.status;
};
window.vitals = () => Promise.all(tiles.map(async (tile) => {
  const out = { path: tile.path, status: tile.status, state: tile.pc.connectionState, frames: tile.frames,
    firstFrameMs: tile.firstFrameAt && tile.firstFrameAt - tile.startedAt,
    answerMs: tile.answeredAt && tile.answeredAt - tile.startedAt,
    ageMs: tile.lastFrameAt && performance.now() - tile.lastFrameAt,
    width: tile.video.videoWidth, readings: tile.readings };
  for (const report of (await tile.pc.getStats()).values()) {
    if (report.type === 'inbound-rtp')
      for (const key of ['framesDecoded', 'framesDropped', 'keyFramesDecoded', 'packetsLost', 'packetsReceived', 'nackCount', 'pliCount', 'bytesReceived', 'jitterBufferDelay', 'jitterBufferEmittedCount'])
        out[key] = report[key];
    if (report.type === 'remote-candidate') out.remote = report.address + ':' + report.port + '/' + report.protocol;
  }
  return out;
}));
window.closeAll = () => { for (const tile of tiles) { tile.pc.close(); tile.video.srcObject = null; tile.video.remove(); } tiles.length = 0; };
window.ready = true;
`;

/** The strip of synthetic pictures is read by the page itself. */
const stripFile = new URL('../../../mocks/camera/strip.ts', import.meta.url);

/** @param engine tells where the engine answers, which may change while the page lives */
export async function serveViewerPage(
  engine: () => { readonly url: string; readonly secret: string },
): Promise<ViewerPage> {
  const strip = stripTypeScriptTypes(await readFile(stripFile, 'utf8'));
  const server = createServer((request, response) => {
    const path = /^\/offer\/(.+)$/.exec(request.url ?? '')?.[1];
    if (path === undefined) {
      const isScript = request.url?.endsWith('.js') === true;
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      if (request.url === '/strip.js') response.end(strip);
      else if (request.url === '/page.js') response.end(script);
      else response.end('<!doctype html><body><script type="module" src="/page.js"></script>');
      return;
    }
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const answer = await fetch(`${engine().url}/${path}/whep`, {
        method: 'POST',
        headers: { authorization: `Bearer ${engine().secret}`, 'content-type': 'application/sdp' },
        body: Buffer.concat(chunks).toString(),
      });
      response.writeHead(answer.status, { location: answer.headers.get('location') ?? '' });
      response.end(await answer.text());
    })().catch((error: unknown) => {
      response.writeHead(502);
      response.end(String(error));
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
