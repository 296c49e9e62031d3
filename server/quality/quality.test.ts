import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { QualityList, type TileQuality } from '#contract/quality.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { Browser, type Harness, startApp } from '#server/testing/harness.ts';
import { createDirectory } from '#server/cameras/directory.ts';
import { createMetrics } from './metrics.ts';
import { keptAfter } from './viewing.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const token = 'metrics-token-of-the-test';
let held: TestStore;
let at: Harness;
let boss: Browser;
let olga: Browser;
let otto: Browser;
beforeAll(async () => {
  held = await pglite.open();
  at = await startApp(held.store, {
    config: { publicUrl: undefined, trustedProxies: [], tokens: { metrics: token }, iceServers: [] },
  });
  [boss, olga, otto] = await Promise.all([at.as('boss'), at.as('olga'), at.as('otto')]);
});
afterAll(async () => {
  await at.app.close();
  await held.close();
});
beforeEach(async () => {
  await held.store.db.deleteFrom('viewing_quality').execute();
  at.clock.pass(60_000);
});

const tile = (cameraId: string, score: number, more: Partial<TileQuality> = {}): TileQuality => ({
  cameraId,
  stream: 'sub',
  way: 'whep',
  seconds: 15,
  score,
  worst: score,
  factor: score >= 95 ? 'none' : 'loss',
  liveShare: 1,
  ...more,
});
const report = (who: Browser, tiles: readonly TileQuality[], pageId: string = randomUUID()) =>
  who.send('POST', '/api/quality', { pageId, tiles });
const list = async (): Promise<QualityList['cameras']> =>
  QualityList.parse(await boss.json('GET', '/api/quality')).cameras;
const scrape = async (query = ''): Promise<string> => {
  const answer = await new Browser(at.app).send('GET', `/metrics${query}`, undefined, {
    authorization: `Bearer ${token}`,
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  return await answer.text();
};
const valueOf = (text: string, line: string): number =>
  Number(
    text
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
      ?.slice(line.length + 1),
  );

describe('cameras by how they are experienced', () => {
  it('stand the worst first, with what limits them, how, and for how many', async () => {
    expect((await report(olga, [tile('p1', 97), tile('m1', 30, { way: 'hls' })])).status).toBe(204);
    expect((await report(otto, [tile('p1', 55, { way: 'hls' })])).status).toBe(204);
    const now = at.clock.at;
    expect(await list()).toMatchObject([
      {
        cameraId: 'm1',
        number: 51,
        score: 30,
        factor: 'loss',
        viewers: 1,
        ways: [{ way: 'hls', viewers: 1 }],
      },
      { cameraId: 'p1', number: 1, score: 76, worst: 55, factor: 'loss', viewers: 2, since: now },
    ]);
  });

  it('take nothing of what somebody may not watch', async () => {
    expect((await report(otto, [tile('m1', 10), tile('p1', 80), tile('nowhere', 10)])).status).toBe(204);
    expect((await list()).map(({ cameraId }) => cameraId)).toEqual(['p1']);
  });

  it('are no longer watched after forty-five seconds, and forgotten after ten minutes', async () => {
    await report(olga, [tile('p1', 50)]);
    at.clock.pass(46_000);
    expect(await list()).toMatchObject([{ cameraId: 'p1', viewers: 0, ways: [], score: 50 }]);
    at.clock.pass(10 * 60_000);
    expect(await list()).toEqual([]);
    await report(olga, [tile('m1', 50)]);
    expect(await held.store.db.selectFrom('viewing_quality').select('camera_id').execute()).toEqual([
      { camera_id: 'm1' },
    ]);
  });

  it('believe bad news at once and good news with care', async () => {
    const pageId = randomUUID();
    await report(olga, [tile('p1', 100)], pageId);
    at.clock.pass(15_000);
    await report(olga, [tile('p1', 0)], pageId);
    const fellAt = at.clock.at;
    expect(await list()).toMatchObject([{ score: 20, since: fellAt, viewers: 1 }]);
    at.clock.pass(15_000);
    await report(olga, [tile('p1', 40)], pageId);
    expect(await list()).toMatchObject([{ score: 26, since: fellAt }]);
  });

  it.each<[string, unknown]>([
    ['no tiles', { pageId: randomUUID(), tiles: [] }],
    ['too many tiles', { pageId: randomUUID(), tiles: Array.from({ length: 65 }, () => tile('p1', 1)) }],
    ['a score beyond 100', { pageId: randomUUID(), tiles: [tile('p1', 101)] }],
    ['a factor nobody knows', { pageId: randomUUID(), tiles: [{ ...tile('p1', 1), factor: 'moon' }] }],
    ['no page', { tiles: [tile('p1', 1)] }],
  ])('refuse %s', async (_what, body) => {
    expect((await olga.send('POST', '/api/quality', body)).status).toBe(400);
  });

  it('slow down whoever reports without end', async () => {
    const screen = await at.as('screen');
    const answers = await Promise.all(Array.from({ length: 25 }, () => report(screen, [tile('m1', 90)])));
    expect(answers.map(({ status }) => status).filter((status) => status === 429)).toHaveLength(5);
  });

  it('begin anew after a gap', () => {
    expect(keptAfter({ score: 20, since: 0, seenAt: 0 }, 90, 60_000)).toEqual({
      score: 90,
      since: 60_000,
      seenAt: 60_000,
    });
  });
});

describe('metrics', () => {
  it('hold everything that pages measure, by way and by nothing that could grow', async () => {
    const more = { framesPerSecond: 12, bitsPerSecond: 6e5, lossRatio: 0.03, latencyMs: 350, roundTripMs: 8 };
    await report(olga, [tile('p1', 70, { way: 'livekit', worst: 33, liveShare: 0.8, ...more })]);
    // A way that tells nothing but pictures.
    await report(olga, [tile('p2', 97, { way: 'stills' })]);
    const text = await scrape();
    const of = (name: string): number => valueOf(text, `parapet_viewing_${name}{way="livekit"}`);
    const sums = [
      'worst_score',
      'frames_per_second',
      'bits_per_second',
      'loss_ratio',
      'latency_milliseconds',
    ];
    expect([...sums, 'round_trip_milliseconds'].map((name) => of(`${name}_sum`))).toEqual([
      33, 12, 6e5, 0.03, 350, 8,
    ]);
    expect(of('live_seconds_total')).toBe(12);
    expect(valueOf(text, 'parapet_viewing_frames_per_second_count{way="stills"}')).toBeNaN();
    expect(text).not.toContain('p1');
    // There is none here.
    expect(text).not.toContain('parapet_livekit_up');
  });

  it.each([
    [true, 0],
    [false, 1],
  ])('tell whether LiveKit is spared (%s)', async (isDown, expected) => {
    const { db } = held.store;
    const gateway = { paths: async () => [] };
    const parts = { db, directory: createDirectory(db), gateway, liveKit: { isDown }, now: () => 0 };
    const { body } = await createMetrics(parts).text({ hasCameras: false });
    expect(valueOf(body, 'parapet_livekit_up')).toBe(expected);
  });

  it('are for whoever has the token, and for nobody else', async () => {
    for (const headers of [{}, { authorization: 'Bearer something-else-entirely' }]) {
      const answer = await boss.send('GET', '/metrics', undefined, headers);
      expect(answer.status).toBe(401);
    }
  });

  it('count reservations by agency, viewers by way, sessions, cameras and paths', async () => {
    await boss.json('POST', '/api/reservations', {
      wanted: [
        { cameraId: 'p1', stream: 'sub' },
        { cameraId: 'm1', stream: 'sub' },
        { cameraId: 'm2', stream: 'sub' },
      ],
    });
    await report(olga, [tile('p1', 97), tile('m1', 30, { way: 'hls' })]);
    at.gateway.report('p1-sub', 'running');
    at.gateway.report('m1-sub', 'error', 'camera-offline');
    const text = await scrape();
    expect(valueOf(text, 'parapet_reservations{agency="Group metro"}')).toBe(2);
    expect(valueOf(text, 'parapet_reservations{agency="Group police"}')).toBe(1);
    expect(valueOf(text, 'parapet_viewers{way="whep"}')).toBe(1);
    expect(valueOf(text, 'parapet_viewers{way="hls"}')).toBe(1);
    expect(valueOf(text, 'parapet_viewers{way="livekit"}')).toBe(0);
    expect(valueOf(text, 'parapet_sessions')).toBeGreaterThanOrEqual(3);
    expect(valueOf(text, 'parapet_gateway_paths{state="error"}')).toBeGreaterThanOrEqual(1);
    expect(valueOf(text, 'parapet_gateway_up')).toBe(1);
    expect(valueOf(text, 'parapet_database_up')).toBe(1);
    expect(valueOf(text, 'parapet_cameras{state="unknown"}')).toBeGreaterThan(0);
    expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
  });

  it('show how good it was to watch, and what limited it', async () => {
    const line = 'parapet_viewing_score_bucket{le="40",way="hls"}';
    const before = valueOf(await scrape(), 'parapet_viewing_seconds_total{factor="loss"}');
    await report(olga, [tile('m1', 30, { way: 'hls' })]);
    const text = await scrape();
    expect(valueOf(text, line)).toBeGreaterThanOrEqual(1);
    expect(valueOf(text, 'parapet_viewing_seconds_total{factor="loss"}') - before).toBe(15);
  });

  it('name no camera unless asked', async () => {
    await report(olga, [tile('p1', 97)]);
    expect(await scrape()).not.toContain('p1');
    expect(valueOf(await scrape('?cameras=true'), 'parapet_camera_score{camera="p1",number="1"}')).toBe(97);
  });

  it('say that the gateway is down, and everything else', async () => {
    at.gateway.isDown = true;
    const text = await scrape();
    at.gateway.isDown = false;
    expect(valueOf(text, 'parapet_gateway_up')).toBe(0);
    expect(valueOf(text, 'parapet_database_up')).toBe(1);
  });
});
