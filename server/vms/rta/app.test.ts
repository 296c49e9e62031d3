import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Directory } from '#contract/camera.ts';
import type { SpansAnswer } from '#contract/recording.ts';
import { readStrip } from '#mocks/camera/strip.ts';
import { hasFfmpeg } from '#mocks/camera/testing/ffmpeg.ts';
import type { DemoRta } from '#mocks/rta/rta.ts';
import { rtaId } from '#mocks/rta/site.ts';
import { steadyMoment } from '#mocks/rta/testing/steady-moment.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import { recordedSpans } from '#mocks/site/recordings.ts';
import { createApp, type BuiltApp } from '#server/app.ts';
import { applyDirectory } from '#server/cameras/apply-directory.ts';
import { type EngineChild, startEngine } from '#server/engine/testing/engine-child.ts';
import { chromiumOffer } from '#server/engine/testing/offers.ts';
import { createEngineGateway } from '#server/gateway/engine/engine-gateway.ts';
import { createEnginePlayback } from '#server/gateway/engine/engine-playback.ts';
import { createLog } from '#server/http/log.ts';
import { readFragments } from '#server/recordings/testing/read-fragments.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { FakeVms } from '#server/testing/fake-vms.ts';
import { Browser, seed } from '#server/testing/harness.ts';
import type { Vms } from '#server/vms/vms.ts';
import { cameras, pictures, startSite, vmsFor } from './testing/rta-site.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });
const [always, moving] = [cameras[0]!, cameras[1]!];
const iso = (ms: number): string => new Date(ms).toISOString();
const hour = 3_600_000;

/** Strip and clock of every picture of the file, as FFmpeg decodes it without a complaint. */
function strips(file: Uint8Array) {
  const [width, height] = [640, 360];
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
  return Array.from({ length: done.stdout.length / size }, (_, i) =>
    readStrip({ data: done.stdout.subarray(i * size, (i + 1) * size), width, height }),
  );
}

/** The requirements' server behind the app, with the engine as its own process between. */
describe('the app on Milestone as the requirements describe it', () => {
  let held: TestStore;
  let rta: DemoRta;
  let engine: EngineChild;
  let vms: Vms;
  let app: BuiltApp;
  let boss: Browser;

  beforeAll(async () => {
    [held, rta, engine] = await Promise.all([
      pglite.open(),
      startSite(),
      startEngine({ PARAPET_LINGER_MS: '0' }),
    ]);
    // Only for the people: its numbers are not to be taken.
    const nobody = new FakeVms('x');
    nobody.directory = { cameras: [], groups: [] };
    vms = vmsFor(rta, {}, { id: 'x', feed: createEnginePlayback(engine) });
    await seed(held.store, nobody, Date.now());
    await applyDirectory(
      held.store.db,
      'x',
      await vms.readDirectory(AbortSignal.timeout(30_000)),
      Date.now(),
    );
    app = await createApp({
      store: held.store,
      gateway: createEngineGateway(engine),
      systems: [vms],
      config: { publicUrl: undefined, trustedProxies: [], tokens: {}, iceServers: [] },
      log: createLog('silent'),
      files: undefined,
      holder: randomUUID(),
      now: Date.now,
    });
    boss = new Browser(app);
    await boss.signIn('boss');
  });
  afterEach(() => rta.faults.reset());
  afterAll(async () => {
    await app.close();
    await vms.close();
    engine.kill('SIGTERM');
    await Promise.all([engine.gone, rta.close(), held.close()]);
  });

  const frames = (camera: SiteCamera, at: number, only: string): Promise<Response> =>
    boss.send(
      'GET',
      `/api/recordings/${rtaId(camera)}/frames?${new URLSearchParams({ at: iso(at), only }).toString()}`,
    );

  it('lists its cameras under the ids and numbers that the site knows them by', async () => {
    const { cameras: listed, groups } = await boss.json<Directory>('GET', '/api/directory');
    expect(listed.map(({ id, number, name }) => ({ id, number, name }))).toEqual(
      cameras.map((camera) => ({ id: rtaId(camera), number: camera.number, name: camera.name })),
    );
    expect(groups.map(({ name }) => name)).toEqual(['Dubai Police']);
  });

  it('tells what is recorded', async () => {
    const to = Date.now() - 600_000;
    const from = to - 12 * hour;
    const query = new URLSearchParams({
      cameras: `${rtaId(always)},${rtaId(moving)}`,
      from: iso(from),
      to: iso(to),
      resolutionMs: '1',
    }).toString();
    const answer = await boss.json<SpansAnswer>('GET', `/api/recordings/spans?${query}`);
    for (const [i, camera] of [always, moving].entries()) {
      expect(answer.cameras[i]?.isComplete).toBe(true);
      expect(answer.cameras[i]?.recorded).toEqual(
        recordedSpans(camera, { start: from, end: to }, Date.now()).flatMap(({ start, end }) => [
          start - from,
          end - from,
        ]),
      );
    }
  });

  it.each(['keyframe', 'gop'])('gives the %s of the moment asked for, with its true times', async (only) => {
    const at = steadyMoment(always, 3 * hour) + 345;
    const response = await frames(always, at, only);
    expect(response.status).toBe(200);
    const all = await pictures();
    const first = all.keyframeAtOrBefore(always, 'main', all.indexAt(always, 'main', at));
    const samples = readFragments(new Uint8Array(await response.arrayBuffer())).fragments.flat();
    let next = first + 1;
    if (only === 'gop') while (all.keyframeAtOrBefore(always, 'main', next) === first) next++;
    expect(samples.map(({ time }) => time)).toEqual(
      Array.from({ length: next - first }, (_, i) => all.timeOf(always, 'main', first + i)),
    );
    expect(Date.parse(response.headers.get('parapet-start') ?? '')).toBe(all.timeOf(always, 'main', first));
    expect(Date.parse(response.headers.get('parapet-end') ?? '')).toBe(all.timeOf(always, 'main', next));
  });

  it.skipIf(!hasFfmpeg)('gives pictures that show that very time', async () => {
    const at = steadyMoment(always, 4 * hour);
    const file = new Uint8Array(await (await frames(always, at, 'gop')).arrayBuffer());
    const samples = readFragments(file).fragments.flat();
    expect(strips(file)).toEqual(samples.map(({ time }) => ({ number: always.number, timeMs: time })));
  });

  it('plays on over a gap: the frames after it begin with its end', async () => {
    const [one, two] = recordedSpans(
      moving,
      { start: Date.now() - 20 * hour, end: Date.now() - hour },
      Date.now(),
    );
    if (one === undefined || two === undefined) throw new Error('there is no gap');
    const last = await frames(moving, one.end - 1, 'gop');
    const end = Date.parse(last.headers.get('parapet-end') ?? '');
    expect(Math.abs(end - two.start)).toBeLessThanOrEqual(2000);
    const following = await frames(moving, end, 'gop');
    expect(Date.parse(following.headers.get('parapet-start') ?? '')).toBe(end);
  });

  it('offers the same as HLS', async () => {
    const from = steadyMoment(always, 2 * hour);
    const to = from + 60_000;
    const path = `/api/recordings/${rtaId(always)}`;
    const query = new URLSearchParams({ from: iso(from), to: iso(to) }).toString();
    const response = await boss.send('GET', `${path}/playlist.m3u8?${query}`);
    const playlist = await response.text();
    expect([response.status, playlist]).toEqual([200, expect.stringContaining('#EXT-X-PROGRAM-DATE-TIME:')]);
    const segments = playlist.split('\n').filter((line) => line.startsWith('segment.mp4?'));
    const times: number[] = [];
    for (const segment of segments.slice(0, 2)) {
      const media = await boss.send('GET', `${path}/${segment}`);
      expect(media.status).toBe(200);
      const fragments = readFragments(new Uint8Array(await media.arrayBuffer())).fragments.flat();
      times.push(...fragments.map(({ time }) => time));
    }
    expect(times.length).toBeGreaterThan(250);
    expect(times.every((time, i) => i === 0 || time - (times[i - 1] ?? 0) === 40)).toBe(true);
  });

  it('says what can be done with it', async () => {
    expect(await boss.json('GET', '/api/recordings/abilities')).toMatchObject({
      vms: [
        {
          vmsId: 'x',
          nativeFrames: true,
          stills: false,
          motion: false,
          bookmarks: 'none',
          evidenceLocks: 'none',
        },
      ],
    });
  });

  it('says that there is nothing, and that it is not allowed, without a word of the server’s', async () => {
    const nothing = await frames(always, Date.now() - 120 * 24 * hour, 'gop');
    expect([nothing.status, await nothing.json()]).toMatchObject([404, { code: 'no-recording' }]);
    rta.faults.setCamera(cameras[4]!.number, { playback: 403 });
    const refused = await frames(cameras[4]!, Date.now() - hour, 'gop');
    const text = await refused.text();
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(text).not.toMatch(/127\.0\.0\.1|rtsp:|hush|rta-integration/);
  });

  it('lets go of the recorder when the browser turns away', async () => {
    await expect.poll(() => rta.streamCount, { timeout: 15_000 }).toBe(0);
    const leaving = new AbortController();
    rta.faults.setCamera(cameras[5]!.number, { silentAfterPictures: 10 });
    const query = new URLSearchParams({ at: iso(Date.now() - hour), only: 'gop' }).toString();
    const answer = boss
      .send('GET', `/api/recordings/${rtaId(cameras[5]!)}/frames?${query}`, undefined, {}, leaving.signal)
      .catch(() => undefined);
    await expect.poll(() => rta.streamCount).toBe(1);
    leaving.abort();
    await expect.poll(() => rta.streamCount).toBe(0);
    await answer;
  });

  it('shows it live: reserved, taken by the engine from RTSP, and offered to a browser', async () => {
    const gateway = createEngineGateway(engine);
    const reservation = await boss.reserveOne(`${rtaId(always)}/main`);
    await expect
      .poll(() => gateway.paths(AbortSignal.timeout(5000)), { timeout: 15_000 })
      .toMatchObject([{ state: 'running' }]);
    const response = await boss.send('POST', `/api/whep/${reservation}`, chromiumOffer, {
      'content-type': 'application/sdp',
    });
    expect([response.status, await response.text()]).toEqual([201, expect.stringContaining('a=sendonly')]);
    expect(rta.calls.get('rtsp live')).toBe(1);
    expect((await boss.send('DELETE', response.headers.get('location') ?? '')).status).toBeLessThan(300);
  });
});
