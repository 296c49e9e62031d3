import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hasFfmpeg } from '#mocks/camera/testing/ffmpeg.ts';
import { readStrip } from '#mocks/camera/strip.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { recordedSpans } from '#mocks/site/recordings.ts';
import type { SpansAnswer } from '#contract/recording.ts';
import type { Browser } from '#server/testing/harness.ts';
import { readFragments } from './testing/read-fragments.ts';
import { type RealSite, startRealSite } from './testing/real-site.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const hour = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString();

/** Every picture of the file, as FFmpeg decodes it without a complaint. */
function decode(file: Uint8Array, width: number, height: number) {
  const done = spawnSync(
    'ffmpeg',
    [
      ...['-v', 'warning', '-i', 'pipe:0', '-fps_mode', 'passthrough', '-vf', `scale=${width}:${height}`],
      ...['-f', 'rawvideo', '-pix_fmt', 'rgba', 'pipe:1'],
    ],
    { input: file, maxBuffer: 2 ** 30 },
  );
  expect([done.status, done.stderr.toString()]).toEqual([0, '']);
  const size = width * height * 4;
  return Array.from({ length: done.stdout.length / size }, (_, i) => ({
    data: done.stdout.subarray(i * size, (i + 1) * size),
    width,
    height,
  }));
}

/** One moving and one continuous camera of a pretend XProtect, over its real protocols, seen through the app. */
describe('a recording server', () => {
  let site: RealSite;
  let boss: Browser;
  beforeAll(async () => {
    site = await startRealSite();
    ({ boss } = site);
  });
  afterAll(() => site.close());
  const cameras = siteCameras.slice(0, 6);
  const [always, moving] = [cameras[0], cameras.find(({ number }) => number % 5 === 2)];

  const idOf = (camera: (typeof cameras)[number] | undefined): string => camera?.id ?? '';

  it('tells what it has recorded', async () => {
    const to = Date.now() - 600_000;
    const from = to - 12 * 3_600_000;
    const query = new URLSearchParams({
      cameras: `${idOf(always)},${idOf(moving)}`,
      from: iso(from),
      to: iso(to),
      resolutionMs: '1',
    }).toString();
    const answer = await boss.json<{ cameras: SpansAnswer['cameras'] }>(
      'GET',
      `/api/recordings/spans?${query}`,
    );
    for (const [i, camera] of [always, moving].entries()) {
      const known = camera === undefined ? [] : recordedSpans(camera, { start: from, end: to }, Date.now());
      expect(answer.cameras[i]?.isComplete).toBe(true);
      expect(answer.cameras[i]?.recorded).toEqual(
        known.flatMap(({ start, end }) => [start - from, end - from]),
      );
    }
  });

  it.skipIf(!hasFfmpeg)(
    'gives exactly the pictures of the moment asked for, as their pixels say',
    async () => {
      const at = Date.now() - 3 * 3_600_000 + 345;
      for (const only of ['keyframe', 'gop']) {
        const query = new URLSearchParams({ at: iso(at), only, stream: 'main' }).toString();
        const response = await boss.send('GET', `/api/recordings/${idOf(always)}/frames?${query}`);
        expect(response.status).toBe(200);
        const samples = readFragments(new Uint8Array(await response.clone().arrayBuffer())).fragments.flat();
        const start = Date.parse(response.headers.get('parapet-start') ?? '');
        expect(start).toBeLessThanOrEqual(at);
        expect(Date.parse(response.headers.get('parapet-end') ?? '')).toBeGreaterThan(
          only === 'gop' ? at : start,
        );
        const pictures = decode(new Uint8Array(await response.arrayBuffer()), 640, 360);
        expect(pictures.map((picture) => readStrip(picture)?.timeMs)).toEqual(
          samples.map(({ time }) => time),
        );
        expect(samples.length).toBe(only === 'gop' ? pictures.length : 1);
        expect(readStrip(pictures[0] ?? { data: new Uint8Array(), width: 0, height: 0 })).toEqual({
          number: always?.number,
          timeMs: start,
        });
      }
    },
  );

  it('plays a camera on motion from the first picture of each span, whose group began before it', async () => {
    const id = idOf(moving);
    // A stretch of the past with three spans and the gaps between them.
    const now = Date.now();
    const all =
      moving === undefined
        ? []
        : recordedSpans(moving, { start: now - 96 * hour, end: now - 48 * hour }, now);
    const first = all.findIndex(
      (span, i) =>
        (all[i + 2]?.end ?? Infinity) - span.start < 3 * hour &&
        all.slice(i + 1, i + 3).every(({ start }, at) => start - (all[i + at]?.end ?? 0) > 20_000),
    );
    const spans = all.slice(first, first + 3);
    expect(spans).toHaveLength(3);
    const query = new URLSearchParams({
      from: iso(spans[0]?.start ?? 0),
      to: iso(spans[2]?.end ?? 0),
    }).toString();
    const playlist = await boss.send('GET', `/api/recordings/${id}/playlist.m3u8?${query}`);
    const stretches = (await playlist.text()).split('#EXT-X-DISCONTINUITY\n');
    expect(stretches).toHaveLength(3);
    for (const [i, text] of stretches.entries()) {
      const [address = ''] = text.match(/segment\.mp4\?\S*part=media\S*/) ?? [];
      const segment = await boss.send('GET', `/api/recordings/${id}/${address}`);
      expect(segment.status).toBe(200);
      const begins = readFragments(new Uint8Array(await segment.arrayBuffer())).fragments[0]?.[0]?.time;
      // As the recorder has it: the keyframe that the span's first picture depends on.
      const frames = new URLSearchParams({ at: iso(spans[i]?.start ?? 0), only: 'keyframe' }).toString();
      const keyframe = await boss.send('GET', `/api/recordings/${id}/frames?${frames}`);
      expect(iso(begins ?? 0)).toBe(keyframe.headers.get('parapet-start'));
      expect(begins).toBeLessThanOrEqual(spans[i]?.start ?? 0);
    }
  });

  it('tells its keyframes, and until when a still is the picture', async () => {
    const from = Date.now() - 7 * hour;
    const window = new URLSearchParams({ from: iso(from), to: iso(from + 20_000) }).toString();
    const path = `/api/recordings/${idOf(always)}`;
    const { keyframes } = await boss.json<{ keyframes: number[] }>('GET', `${path}/keyframes?${window}`);
    expect(keyframes).toHaveLength(10);
    for (const [i, ms] of keyframes.entries()) {
      if (i > 0) expect(ms - (keyframes[i - 1] ?? 0)).toBe(2000);
      const at = new URLSearchParams({ at: iso(from + ms), only: 'keyframe' }).toString();
      const frame = await boss.send('GET', `${path}/frames?${at}`);
      expect(frame.headers.get('parapet-start')).toBe(iso(from + ms));
    }
    const still = await boss.send('GET', `${path}/still?at=${iso(from + 777)}&width=160`);
    expect([still.status, still.ok ? '' : await still.text()]).toEqual([200, '']);
    const [start, until] = ['parapet-start', 'parapet-until'].map((name) =>
      Date.parse(still.headers.get(name) ?? ''),
    );
    expect((until ?? 0) - (start ?? 0)).toBe(40);
  });

  it('says what can be done with it', async () => {
    expect(await boss.json('GET', '/api/recordings/abilities')).toMatchObject({
      vms: [{ vmsId: 'x', nativeFrames: true }],
    });
  });
});
