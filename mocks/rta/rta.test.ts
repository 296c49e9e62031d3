import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { hasFfmpeg } from '#mocks/camera/testing/ffmpeg.ts';
import { readStrip } from '#mocks/camera/strip.ts';
import { openPictures, type Pictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { recordedSpans } from '#mocks/site/recordings.ts';
import { type DemoRta, type DemoRtaOptions, startRta } from './rta.ts';
import { rtaId } from './site.ts';
import { steadyMoment } from './testing/steady-moment.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const run = promisify(execFile);
const hasCurl = spawnSync('curl', ['--version'], { stdio: 'ignore' }).status === 0;
const cameras = siteCameras.slice(0, 6);
const [first, moving] = [cameras[0]!, cameras.find(({ number }) => number % 5 === 2)!];
const hour = 3_600_000;
let pictures: Pictures;
let rta: DemoRta;

beforeAll(async () => {
  pictures = await openPictures();
});
afterEach(() => rta.close());

async function start(options: Partial<DemoRtaOptions> = {}): Promise<void> {
  rta = await startRta({ username: 'rta-integration', password: 'hush', pictures, cameras, ...options });
}

const basic = `Basic ${Buffer.from('rta-integration:hush').toString('base64')}`;
async function get(path: string, headers: Record<string, string> = { authorization: basic }) {
  const response = await fetch(path.startsWith('http') ? path : rta.url + path, { headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as never };
}
const withUser = (path: string): string =>
  rta.rtspUrl.replace('rtsp://', 'rtsp://rta-integration:hush@') + path;
const iso = (ms: number): string => new Date(ms).toISOString();

/** The four tests of the requirements, with the loopback address in the place of the server's. */
describe('the requirements’ tests', () => {
  it.skipIf(!hasCurl)('1: curl gets a JSON list of all cameras', async () => {
    await start();
    const { stdout } = await run('curl', [
      ...['-s', '-u', 'rta-integration:hush'],
      `http://127.0.0.1:${String(rta.mobilePort)}/cameras`,
    ]);
    expect((JSON.parse(stdout) as { id: string }[]).map(({ id }) => id)).toEqual(cameras.map(rtaId));
  });

  it.skipIf(!hasFfmpeg)('2: a player gets the camera’s live stream', async () => {
    await start();
    const { stdout } = await run('ffprobe', [
      ...['-v', 'error', '-show_entries', 'stream=codec_name,width,height', '-of', 'default=nw=1'],
      withUser(`/camera/${rtaId(first)}`),
    ]);
    expect(stdout).toBe('codec_name=h264\nwidth=1280\nheight=720\n');
  });

  it.skipIf(!hasCurl)('3: curl gets the recordings of a time range', async () => {
    await start();
    const [from, to] = [Date.now() - 30 * hour, Date.now() - 6 * hour];
    const { stdout } = await run('curl', [
      ...['-s', '-u', 'rta-integration:hush'],
      `http://127.0.0.1:${String(rta.mobilePort)}/recordings/${rtaId(moving)}?start=${iso(from)}&end=${iso(to)}`,
    ]);
    const listed = JSON.parse(stdout) as { start_time: string; end_time: string; camera_id: string }[];
    expect(listed.map(({ start_time, end_time }) => [Date.parse(start_time), Date.parse(end_time)])).toEqual(
      recordedSpans(moving, { start: from, end: to }, Date.now()).map(({ start, end }) => [start, end]),
    );
    expect(listed[0]).toEqual({
      recording_id: expect.any(String),
      camera_id: rtaId(moving),
      start_time: expect.any(String),
      end_time: expect.any(String),
      duration_seconds: expect.any(Number),
      file_size_bytes: expect.any(Number),
      codec: 'H.264',
      resolution: '1280x720',
      fps: 25,
      has_audio: false,
    });
  });

  it.skipIf(!hasFfmpeg)('4: a player gets the recording from a timestamp on', async () => {
    await start();
    const at = steadyMoment(first, 5 * hour);
    const { stdout } = await run(
      'ffmpeg',
      [
        ...['-v', 'error', '-i', withUser(`/playback/${rtaId(first)}?start=${iso(at)}&duration=3600`)],
        ...['-frames:v', '1', '-vf', 'scale=640:360', '-f', 'rawvideo', '-pix_fmt', 'rgba', 'pipe:1'],
      ],
      { encoding: 'buffer', maxBuffer: 2 ** 24 },
    );
    const strip = readStrip({ data: stdout, width: 640, height: 360 });
    expect(strip?.number).toBe(first.number);
    // The keyframe that the moment depends on: groups of pictures last two seconds.
    expect(at - (strip?.timeMs ?? 0)).toBeGreaterThanOrEqual(0);
    expect(at - (strip?.timeMs ?? 0)).toBeLessThan(2000);
  });
});

describe('the API', () => {
  it('lists cameras with the documented fields, and no others where it is bare', async () => {
    await start({ isBare: true });
    const { body } = await get('/api/cameras');
    expect((body as { cameras: unknown[] }).cameras[0]).toEqual({
      id: rtaId(first),
      name: first.name,
      enabled: true,
      recording_enabled: true,
      live_stream_url: `${rta.rtspUrl}/camera/${rtaId(first)}`,
      location: { building: expect.any(String), floor: 'Ground', area: expect.any(String) },
      properties: {
        manufacturer: 'Parapet',
        model: expect.any(String),
        ip_address: expect.stringMatching(/^198\.51\.100\./),
        resolution: '1280x720',
        fps: 25,
        ptz_capable: expect.any(Boolean),
      },
      recording_server: '127.0.0.1',
      retention_days: 90,
    });
    expect((await get(`/api/cameras/${rtaId(first)}`)).body).toEqual({
      camera_id: rtaId(first),
      camera_name: first.name,
      location: first.name,
      recording_server: '127.0.0.1',
      enabled: true,
      properties: {
        manufacturer: 'Parapet',
        model: expect.any(String),
        resolution: '1280x720',
        fps: 25,
        codec: 'H.264',
      },
    });
  });

  it('tells the timeline in sequences of six hours with the gaps inside', async () => {
    await start();
    const from = Math.floor(Date.now() / (6 * hour)) * 6 * hour - 24 * hour;
    const to = from + 12 * hour;
    const query = new URLSearchParams({ start: iso(from), end: iso(to) }).toString();
    const { body } = await get(`/api/recordings/${rtaId(moving)}?${query}`);
    const { timeline, camera_id } = body as {
      camera_id: string;
      timeline: { start_time: string; end_time: string; gaps: { start_time: string; end_time: string }[] }[];
    };
    expect(camera_id).toBe(rtaId(moving));
    const edges = timeline.flatMap(({ start_time, end_time, gaps }) =>
      [start_time, ...gaps.flatMap((gap) => [gap.start_time, gap.end_time]), end_time].map(Date.parse),
    );
    const known = recordedSpans(moving, { start: from, end: to }, Date.now());
    // A span that goes on over six o'clock is two sequences.
    expect(edges.filter((at) => (at - from) % (6 * hour) !== 0)).toEqual(
      known.flatMap(({ start, end }) => [start, end]).filter((at) => (at - from) % (6 * hour) !== 0),
    );
    expect(timeline.length).toBe(2);
  });

  it('takes exports, ten at once', async () => {
    await start();
    const post = (body: object) =>
      fetch(`${rta.url}/api/export`, {
        method: 'POST',
        headers: { authorization: basic },
        body: JSON.stringify(body),
      });
    const wish = { camera_id: rtaId(first), start_time: iso(Date.now() - hour), end_time: iso(Date.now()) };
    const answers = await Promise.all(Array.from({ length: 11 }, () => post(wish)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(10).fill(202), 429]);
    rta.finishExports();
    expect((await post(wish)).status).toBe(202);
    expect((await get('/api/export/export-1')).body).toMatchObject({ status: 'completed' });
    expect((await post({ ...wish, camera_id: 'nobody' })).status).toBe(404);
  });

  it('keeps to one camera list a minute', async () => {
    await start();
    expect((await get('/api/cameras')).status).toBe(200);
    expect((await get(`http://127.0.0.1:${String(rta.mobilePort)}/cameras`)).status).toBe(429);
  });

  it('lets nobody in without the password, and nobody with a token that has died', async () => {
    await start();
    expect((await get('/api/cameras', {})).status).toBe(401);
    const wrong = `Basic ${Buffer.from('rta-integration:hash').toString('base64')}`;
    expect((await get('/api/cameras', { authorization: wrong })).status).toBe(401);
    const response = await fetch(`${rta.url}/api/token`, {
      method: 'POST',
      body: JSON.stringify({ username: 'rta-integration', password: 'hush' }),
    });
    const { token } = (await response.json()) as { token: string };
    const bearer = { authorization: `Bearer ${token}` };
    expect((await get(`/api/cameras/${rtaId(first)}`, bearer)).status).toBe(200);
    rta.door.expireTokens();
    expect((await get(`/api/cameras/${rtaId(first)}`, bearer)).status).toBe(401);
  });
});
