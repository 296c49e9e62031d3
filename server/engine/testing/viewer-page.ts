import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A page with a bare WHEP player for tests and benches, and a door from it to the engine. */
export interface ViewerPage {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * What the page's script knows: `view(path)` opens a picture, `tiles` are those that are open. Kept as text: it runs in
 * the browser only.
 */
const script = `
const tiles = [];
window.tiles = tiles;
window.view = async (path, options = {}) => {
  const tile = { path, startedAt: performance.now(), frames: 0, frameTimes: [] };
  tiles.push(tile);
  const pc = new RTCPeerConnection();
  tile.pc = pc;
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true, width: 320, height: 180 });
  document.body.append(video);
  tile.video = video;
  pc.ontrack = (event) => { video.srcObject = new MediaStream([event.track]); };
  pc.onconnectionstatechange = () => { tile.state = pc.connectionState; };
  const onFrame = (now, meta) => {
    tile.frames++;
    tile.lastFrameAt = performance.now();
    tile.firstFrameAt ??= performance.now();
    if (tile.frameTimes.length < 400) tile.frameTimes.push({ at: now - tile.startedAt, rtp: meta.rtpTimestamp, shown: meta.expectedDisplayTime - tile.startedAt });
    if (window.onPicture) window.onPicture(tile, video);
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  pc.addTransceiver('video', { direction: 'recvonly' });
  if (options.audio) pc.addTransceiver('audio', { direction: 'recvonly' });
  await pc.setLocalDescription();
  const response = await fetch('/offer/' + path, { method: 'POST', body: pc.localDescription.sdp });
  tile.status = response.status;
  tile.answeredAt = performance.now();
  if (response.status !== 201) { tile.error = await response.text(); return tile.status; }
  tile.location = response.headers.get('location');
  let sdp = await response.text();
  tile.answer = sdp;
  if (options.only) sdp = sdp.split('\\r\\n').filter((l) => !l.startsWith('a=candidate:') || l.includes(' ' + options.only + ' ')).join('\\r\\n');
  await pc.setRemoteDescription({ type: 'answer', sdp });
  return 201;
};
window.vitals = async () => Promise.all(tiles.map(async (tile) => {
  const out = { path: tile.path, status: tile.status, error: tile.error, state: tile.state, frames: tile.frames,
    firstFrameMs: tile.firstFrameAt && tile.firstFrameAt - tile.startedAt,
    answerMs: tile.answeredAt && tile.answeredAt - tile.startedAt,
    ageMs: tile.lastFrameAt && performance.now() - tile.lastFrameAt,
    width: tile.video.videoWidth, height: tile.video.videoHeight };
  for (const report of (await tile.pc.getStats()).values()) {
    if (report.type === 'inbound-rtp') for (const key of ['framesDecoded','framesDropped','keyFramesDecoded','packetsLost','packetsReceived','nackCount','pliCount','bytesReceived','jitterBufferDelay','jitterBufferEmittedCount','freezeCount','totalDecodeTime','jitter','framesAssembledFromMultiplePackets'])
      out[key] = report[key];
    if (report.type === 'candidate-pair' && report.nominated) out.pairState = report.state;
    if (report.type === 'remote-candidate') out.remote = report.address + ':' + report.port + '/' + report.protocol;
  }
  return out;
}));
`;

/** @param engine where the engine answers; `extra` is put into the page as a module */
export async function serveViewerPage(
  engine: { readonly url: string; readonly secret: string },
  extra = '',
): Promise<ViewerPage> {
  const server = createServer((request, response) => {
    const path = /^\/offer\/(.+)$/.exec(request.url ?? '')?.[1];
    if (path === undefined) {
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><body><script>${script}</script><script type="module">${extra}</script>`);
      return;
    }
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const answer = await fetch(`${engine.url}/${path}/whep`, {
        method: 'POST',
        headers: { authorization: `Bearer ${engine.secret}`, 'content-type': 'application/sdp' },
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
