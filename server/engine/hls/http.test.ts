import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startRtspCameras, type RtspCameras } from '#mocks/camera/rtsp/server.ts';
import { readStrip } from '#mocks/camera/strip.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { hasFfmpeg } from '#mocks/camera/testing/ffmpeg.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { startEngine, type EngineChild } from '../testing/engine-child.ts';

let cameras: RtspCameras;
let engine: EngineChild;

const configure = (name: string, number: number, format: 'main' | 'sub' = 'sub'): Promise<Response> =>
  engine.fetch(`/v3/config/paths/replace/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'rtsp', source: cameras.url(number, format) }),
  });
const text = async (name: string): Promise<string> => (await engine.fetch(`/${name}`)).text();
const msnsOf = (playlist: string): number[] =>
  [...playlist.matchAll(/^seg-(\d+)\.mp4$/gm)].map(([, msn]) => Number(msn));

beforeAll(async () => {
  const subjects = siteCameras.filter(({ number }) => number <= 2);
  cameras = await startRtspCameras({ subjects, pictures: await openPictures() });
  engine = await startEngine({ PARAPET_LINGER_MS: '0' });
  await configure('gate/sub', 1);
}, 30_000);
afterAll(async () => {
  engine.kill('SIGTERM');
  await Promise.all([engine.gone, cameras.close()]);
});

describe('LL-HLS over HTTP', () => {
  it('leads from the multivariant playlist to every piece, each with how long it may be kept', async () => {
    const index = await engine.fetch('/gate/sub/hls/index.m3u8');
    expect(index.status).toBe(200);
    expect(index.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(index.headers.get('cache-control')).toBe('no-store');
    expect(await index.text()).toMatch(
      /CODECS="avc1\.42[^"]*",RESOLUTION=640x360,FRAME-RATE=15\.\d+\nmedia\.m3u8\?stream=\d+\n$/,
    );
    const media = await text('gate/sub/hls/media.m3u8');
    const files = [...media.matchAll(/(?:init|seg|part)-[\d-]+\.mp4/g)].map(([name]) => name);
    expect(files.length).toBeGreaterThan(5);
    // The last one is the hinted part: it is waited for.
    for (const file of files) {
      const piece = await engine.fetch(`/gate/sub/hls/${file}`);
      expect(piece.headers.get('content-type')).toBe('video/mp4');
      expect(piece.headers.get('cache-control')).toBe('private, max-age=60, immutable');
      const bytes = Buffer.from(await piece.arrayBuffer());
      expect(bytes.toString('latin1', 4, 8)).toBe(file.startsWith('init') ? 'ftyp' : 'moof');
    }
  });

  it('answers a reload when the part is there, with no more than what is new where that will do', async () => {
    const before = await text('gate/sub/hls/media.m3u8');
    const [, msn, part] = /PRELOAD-HINT:TYPE=PART,URI="part-(\d+)-(\d+)\.mp4"/.exec(before) ?? [];
    const after = await text(
      `gate/sub/hls/media.m3u8?_HLS_msn=${msn ?? ''}&_HLS_part=${part ?? ''}&_HLS_skip=YES`,
    );
    expect(before).not.toContain(`#EXT-X-PART:DURATION=0.20000,URI="part-${msn ?? ''}-${part ?? ''}.mp4"`);
    expect(after).toMatch(new RegExp(`EXT-X-PART:.*part-${msn ?? ''}-${part ?? ''}\\.mp4`));
  });

  it('puts parts together for whoever has few connections', async () => {
    const media = await text('gate/sub/hls/media.m3u8?grain=3');
    expect(Number(/PART-TARGET=([\d.]+)/.exec(media)?.[1])).toBeGreaterThanOrEqual(0.6);
    const [file = '', msn, first] = /part-(\d+)-(\d+)-3\.mp4/.exec(media) ?? [];
    const bytes = async (name: string): Promise<Buffer> =>
      Buffer.from(await (await engine.fetch(`/gate/sub/hls/${name}`)).arrayBuffer());
    const alone = [0, 1, 2].map((n) => bytes(`part-${String(msn)}-${String(Number(first) + n)}.mp4`));
    expect((await bytes(file)).equals(Buffer.concat(await Promise.all(alone)))).toBe(true);
    expect((await engine.fetch(`/gate/sub/hls/part-${String(msn)}-99-3.mp4`)).status).toBe(404);
  });

  it.each([
    ['a segment far ahead', 'media.m3u8?_HLS_msn=99999999999', 400, 'bad-offer'],
    ['a part of no segment', 'media.m3u8?_HLS_part=1', 400, 'bad-offer'],
    ['a number that is none', 'media.m3u8?_HLS_msn=-1', 400, 'bad-offer'],
    ['a player of a stream that has ended', 'media.m3u8?stream=1', 404, 'not-found'],
    ['a segment long gone', 'seg-1.mp4', 404, 'not-found'],
    ['a part without its number', 'part-1.mp4', 404, 'not-found'],
    ['an initialisation with two numbers', 'init-1-1.mp4', 404, 'not-found'],
    ['anything else', 'main.m3u8', 404, 'not-found'],
  ])('refuses %s', async (_what, file, status, code) => {
    const answer = await engine.fetch(`/gate/sub/hls/${file}`);
    expect([answer.status, await answer.json()]).toMatchObject([status, { code }]);
  });

  it('is there for paths only, with the secret only, to be read only', async () => {
    expect((await engine.fetch('/other/sub/hls/index.m3u8')).status).toBe(404);
    expect((await engine.fetch('/other/sub/hls/index.m3u8?warm')).status).toBe(404);
    expect((await engine.fetch('/gate/sub/hls/index.m3u8', { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${engine.url}/gate/sub/hls/index.m3u8`)).status).toBe(401);
  });

  it('keeps a path up that nobody else wants', async () => {
    await configure('held/sub', 2);
    expect((await engine.fetch('/held/sub/hls/index.m3u8?warm')).status).toBe(204);
    await engine.fetch('/v3/config/paths/delete/held/sub', { method: 'DELETE' });
    expect(await text('v3/paths/list')).toMatch(/"name":"held\/sub"[^}]*"isWanted":false,"readers":1/);
    expect(msnsOf(await text('held/sub/hls/media.m3u8'))).not.toEqual([]);
  });
});

/** Decodes a file with FFmpeg to small pictures; throws with its words when it has any. */
function pictures(file: Uint8Array): { data: Uint8Array; width: number; height: number }[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'hls-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(path.join(folder, 'it.mp4'), file);
  const done = spawnSync(
    'ffmpeg',
    [
      ...['-v', 'warning', '-i', 'it.mp4', '-fps_mode', 'passthrough', '-enc_time_base', '1:90000'],
      ...['-f', 'rawvideo', '-pix_fmt', 'rgba', '-'],
    ],
    { cwd: folder, maxBuffer: 2 ** 30 },
  );
  if (done.status !== 0 || done.stderr.length > 0) throw new Error(done.stderr.toString());
  const size = 640 * 360 * 4;
  return Array.from({ length: done.stdout.length / size }, (_, i) => ({
    data: done.stdout.subarray(i * size, (i + 1) * size),
    width: 640,
    height: 360,
  }));
}

describe.skipIf(!hasFfmpeg)('FFmpeg', () => {
  it('decodes what is served without a warning, and finds every picture where the playlist says it was taken', async () => {
    let media = await text('gate/sub/hls/media.m3u8');
    // A camera may begin with older pictures in a bunch: the first segment is not looked at.
    while (msnsOf(media).length < 4)
      media = await text(`gate/sub/hls/media.m3u8?_HLS_msn=${String((msnsOf(media).at(-1) ?? 0) + 1)}`);
    const bytes = async (file: string): Promise<Buffer> =>
      Buffer.from(await (await engine.fetch(`/gate/sub/hls/${file}`)).arrayBuffer());
    const init = await bytes(/init-\d+\.mp4/.exec(media)?.[0] ?? '');
    const segments = [
      ...media.matchAll(/DATE-TIME:(\S+)\n(?:#EXT-X-PART.*\n)*#EXTINF:([\d.]+),\n(\S+)/g),
    ].slice(-3);
    expect(segments).toHaveLength(3);
    const all = pictures(
      Buffer.concat([init, ...(await Promise.all(segments.map(([, , , file]) => bytes(file ?? ''))))]),
    );
    const strips = all.map((picture) => readStrip(picture));
    expect(strips.every((strip) => strip?.number === 1)).toBe(true);
    const times = strips.map((strip) => strip?.timeMs ?? 0);
    // Not one is missing, and none is double.
    expect(times.slice(1).every((time, i) => Math.abs(time - (times[i] ?? 0) - 66.7) < 1)).toBe(true);
    let first = 0;
    for (const [, taken = '', duration] of segments) {
      expect(Math.abs(Date.parse(taken) - (times[first] ?? 0))).toBeLessThan(250);
      first += Math.round(Number(duration) * 15);
    }
    expect(first).toBe(all.length);
  }, 20_000);
});
