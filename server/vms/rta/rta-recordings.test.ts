import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PlaybackHabits } from '#mocks/rta/rtsp/recorded-stream.ts';
import type { DemoRta, DemoRtaOptions } from '#mocks/rta/rta.ts';
import { rtaId } from '#mocks/rta/site.ts';
import { steadyMoment } from '#mocks/rta/testing/steady-moment.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import { oldestKept, recordedSpans } from '#mocks/site/recordings.ts';
import type { RecordedFrame, RecordingCursor, VmsRecordings } from '#server/vms/recordings.ts';
import type { Vms } from '#server/vms/vms.ts';
import { DirectFeed } from './testing/direct-feed.ts';
import { cameras, pictures, startSite, vmsFor } from './testing/rta-site.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const never = new AbortController().signal;
const [always, moving] = [cameras[0]!, cameras[1]!];
const hour = 3_600_000;
const day = 24 * hour;
const past = steadyMoment(always, 5 * hour);
let rta: DemoRta;
let vms: Vms;
let feed: DirectFeed;
let recordings: VmsRecordings;
const cursors: RecordingCursor[] = [];

afterEach(async () => {
  for (const cursor of cursors.splice(0)) cursor.close();
  await expect.poll(() => rta.streamCount).toBe(0);
  await vms.close();
  await rta.close();
});

async function start(options: Partial<DemoRtaOptions> = {}, settings: object = {}): Promise<void> {
  rta = await startSite(options);
  feed = new DirectFeed({ silenceMs: 300, endSilenceMs: 50 });
  vms = vmsFor(rta, settings, { feed });
  recordings = vms.recordings!;
}

async function cursorOf(camera: SiteCamera): Promise<RecordingCursor> {
  const cursor = await recordings.cursor(rtaId(camera), 'main', never);
  cursors.push(cursor);
  return cursor;
}

const bytesOf = (units: readonly Uint8Array[]): string => Buffer.concat(units).toString('base64');

/** The frame as the camera took it, by its time. */
async function expectTrue(camera: SiteCamera, frame: RecordedFrame | undefined): Promise<RecordedFrame> {
  if (frame === undefined) throw new Error('there is no frame');
  const all = await pictures();
  const taken = all.at(camera, 'main', all.indexAt(camera, 'main', frame.timeMs));
  expect({ timeMs: frame.timeMs, isKeyframe: frame.isKeyframe, codec: frame.codec }).toEqual({
    timeMs: taken.timeMs,
    isKeyframe: taken.isKeyframe,
    codec: 'H264',
  });
  expect(bytesOf(frame.units)).toBe(bytesOf(taken.nalUnits));
  return frame;
}

async function keyframeTime(camera: SiteCamera, timeMs: number): Promise<number> {
  const all = await pictures();
  const index = all.keyframeAtOrBefore(camera, 'main', all.indexAt(camera, 'main', timeMs));
  return all.timeOf(camera, 'main', index);
}

describe.each(['mip_sdk', 'mobile_server'])('the timeline by %s', (method) => {
  it('is what was recorded, gaps left out', async () => {
    await start({}, { method });
    rta.faults.setCamera(always.number, { gaps: [{ start: past, end: past + 60_000 }] });
    const window = { start: past - 30 * hour, end: past + hour };
    for (const camera of [always, moving]) {
      const { recorded, motion } = await recordings.spans(rtaId(camera), window, never);
      const known = recordedSpans(camera, window, Date.now());
      expect(recorded).toEqual(
        camera === moving
          ? known
          : known.flatMap(({ start, end }) =>
              start <= past && past < end
                ? [
                    { start, end: past },
                    { start: past + 60_000, end },
                  ]
                : [{ start, end }],
            ),
      );
      expect(motion).toEqual([]);
    }
  });

  it('goes back as far as is kept, with one question for all of it', async () => {
    await start({}, { method });
    expect(await recordings.oldest(rtaId(always), never)).toBe(oldestKept(Date.now()));
    const { recorded } = await recordings.spans(
      rtaId(always),
      { start: Date.now() - 91 * day, end: Date.now() },
      never,
    );
    expect(recorded[0]?.start).toBe(oldestKept(Date.now()));
    const calls = [...rta.calls].filter(([what]) => what.endsWith('recordings')).map(([, n]) => n);
    expect(calls).toEqual([1]);
  });

  it('says which camera there is not, and what is wrong with an answer', async () => {
    await start({}, { method });
    const window = { start: past, end: past + hour };
    await expect(recordings.spans('cam-999', window, never)).rejects.toMatchObject({
      code: 'unknown-camera',
    });
    rta.faults.setSurface('recordings', { malformed: 'not-json' });
    await expect(recordings.spans(rtaId(always), window, never)).rejects.toMatchObject({
      code: 'unexpected-answer',
      message: expect.stringContaining('recording timeline is not JSON'),
    });
    rta.faults.setSurface('recordings', { failWith: 500 });
    await expect(recordings.spans(rtaId(moving), window, never)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

it('names the field of a timeline that is not as agreed', async () => {
  await start();
  rta.faults.setSurface('recordings', { malformed: 'wrong-shape' });
  await expect(
    recordings.spans(rtaId(always), { start: past, end: past + hour }, never),
  ).rejects.toMatchObject({ message: expect.stringContaining('not as agreed: timeline.0.start_time') });
});

it('leaves out one sequence that is not as agreed, and says so once', async () => {
  const warn = vi.fn();
  await start();
  await vms.close();
  vms = vmsFor(rta, {}, { feed, log: { warn } });
  recordings = vms.recordings!;
  rta.faults.setSurface('recordings', { malformed: 'one-odd' });
  const day = 24 * hour;
  // Four sequences of six hours: of the first one nothing is known.
  const start0 = Math.floor(past / day) * day - 2 * day;
  const { recorded } = await recordings.spans(rtaId(always), { start: start0, end: start0 + day }, never);
  expect(recorded).toEqual(
    recordedSpans(always, { start: start0 + 6 * hour, end: start0 + day }, Date.now()),
  );
  await recordings.spans(rtaId(always), { start: start0 - 2 * day, end: start0 - day }, never);
  expect(warn.mock.calls).toEqual([
    [
      { vms: 'milestone', list: 'recording timeline', unreadable: 1 },
      'the Milestone server lists what nobody can read',
    ],
  ]);
});

it('asks no more than a hundred times a minute', async () => {
  await start({ limits: { recordingsPerMinute: 3 } });
  await vms.close();
  vms = vmsFor(rta, {}, { feed, limits: { cameraListEveryMs: 60_000, recordingsPerMinute: 3 } });
  recordings = vms.recordings!;
  const ask = (i: number, signal: AbortSignal) =>
    recordings.spans(rtaId(cameras[i]!), { start: past, end: past + hour }, signal);
  await Promise.all([0, 1, 2].map((i) => ask(i, never)));
  const patience = new AbortController();
  const fourth = ask(3, patience.signal);
  setImmediate(() => patience.abort(new Error('waited long enough')));
  await expect(fourth).rejects.toThrow('waited long enough');
  expect(rta.calls.get('api recordings')).toBe(3);
});

const habits: [string, Partial<PlaybackHabits>][] = [
  ['names the range it plays', {}],
  ['dates every picture', { clock: 'extension' }],
  ['begins after the moment asked for', { startsAt: 'after' }],
  ['begins after it, and dates every picture', { clock: 'extension', startsAt: 'after' }],
];
describe.each(habits)('frames of a server that %s', (_what, playback) => {
  it('are found at a time: the keyframe before it, or the very picture', async () => {
    await start({ playback });
    const cursor = await cursorOf(always);
    const at = past + 1234;
    const keyframe = await expectTrue(always, await cursor.at(at, { keyframe: true }, never));
    expect(keyframe.timeMs).toBe(await keyframeTime(always, at));
    expect(keyframe.nextMs).toBe(keyframe.timeMs + 40);
    const exact = await expectTrue(always, await cursor.at(at, { keyframe: false }, never));
    expect(exact.timeMs).toBeLessThanOrEqual(at);
    expect(exact.timeMs).toBeGreaterThan(at - 40);
    expect(exact).toMatchObject({ previousMs: exact.timeMs - 40, nextMs: exact.timeMs + 40 });
  });

  it('follow one another without a picture lost or doubled, over windows, both ways', async () => {
    await start({ playback });
    const cursor = await cursorOf(always);
    const first = await cursor.at(past, { keyframe: true }, never);
    const times = [first?.timeMs ?? 0];
    // Half a minute: some windows.
    for (let i = 0; i < 750; i++) times.push((await cursor.next(never))?.timeMs ?? 0);
    expect(times).toEqual(times.map((_, i) => (times[0] ?? 0) + 40 * i));
    const back: number[] = [];
    for (let i = 0; i < 120; i++) back.push((await cursor.previous(never))?.timeMs ?? 0);
    expect(back).toEqual(back.map((_, i) => (times.at(-2) ?? 0) - 40 * i));
    await expectTrue(always, await cursor.next(never));
  });
});

describe('frames', () => {
  it('lie on both sides of a gap, and within it is the last one before', async () => {
    await start();
    const gap = { start: past, end: past + 20 * 60_000 };
    rta.faults.setCamera(always.number, { gaps: [gap] });
    const cursor = await cursorOf(always);
    const inGap = await expectTrue(always, await cursor.at(past + 600_000, { keyframe: false }, never));
    expect(inGap.timeMs).toBe(past - 40);
    const after = await expectTrue(always, await cursor.next(never));
    expect(after.isKeyframe).toBe(true);
    expect(inGap.nextMs).toBe(after.timeMs);
    expect(after.timeMs).toBe(await keyframeTime(always, gap.end));
    expect((await cursor.previous(never))?.timeMs).toBe(past - 40);
  });

  it('of a camera on motion go from span to span', async () => {
    await start();
    const spans = recordedSpans(moving, { start: past - 12 * hour, end: past }, Date.now());
    const [one, two] = [spans[1]!, spans[2]!];
    const cursor = await cursorOf(moving);
    const last = await expectTrue(moving, await cursor.at(one.end + 1000, { keyframe: false }, never));
    expect(last.timeMs).toBeLessThan(one.end);
    expect(last.timeMs).toBeGreaterThanOrEqual(one.end - 40);
    const next = await expectTrue(moving, await cursor.next(never));
    expect(next.timeMs).toBe(await keyframeTime(moving, two.start));
  });

  it('there are none before the oldest and none after the newest', async () => {
    await start();
    const cursor = await cursorOf(always);
    expect(await cursor.at(Date.now() - 95 * day, { keyframe: true }, never)).toBeUndefined();
    let frame = await cursor.at(Date.now(), { keyframe: false }, never);
    expect(frame?.timeMs).toBeGreaterThan(Date.now() - 15_000);
    for (let i = 0; frame !== undefined && i < 500; i++) frame = await cursor.next(never);
    expect(frame).toBeUndefined();
  });

  it('begin at the oldest and end at the newest where nobody says where', async () => {
    await start();
    const first = await expectTrue(always, await (await cursorOf(always)).next(never));
    expect(first.timeMs).toBe(await keyframeTime(always, oldestKept(Date.now())));
    const last = await (await cursorOf(always)).previous(never);
    expect(last?.timeMs).toBeGreaterThan(Date.now() - 15_000);
  });

  it('seen a moment ago are not asked for again', async () => {
    await start();
    const cursor = await cursorOf(always);
    await cursor.at(past, { keyframe: true }, never);
    const asked = feed.asked.length;
    await cursor.at(past, { keyframe: false }, never);
    await (await cursorOf(always)).at(past, { keyframe: true }, never);
    expect(feed.asked.length).toBe(asked);
  });

  it('come from a window of a few seconds, not from an hour', async () => {
    await start();
    await (await cursorOf(always)).at(past, { keyframe: true }, never);
    expect(feed.asked).toHaveLength(1);
    const url = new URL(feed.asked[0]?.url ?? '');
    expect(url.pathname).toBe(`/playback/${rtaId(always)}`);
    expect([...url.searchParams]).toEqual([
      ['start', new Date(past).toISOString().replace('.000Z', 'Z')],
      ['duration', '5'],
    ]);
    expect(feed.asked[0]).toMatchObject({ username: 'rta-integration', password: 'hush' });
    expect(feed.pictures).toBeLessThan(130);
  });

  it('come by the document’s other form, with an end, where the template says so', async () => {
    await start(
      {},
      { streaming: { playback_path_template: '/playback/{camera_id}?start={start}&end={end}' } },
    );
    await expectTrue(always, await (await cursorOf(always)).at(past, { keyframe: true }, never));
    expect(new URL(feed.asked[0]?.url ?? '').searchParams.get('end')).toBe(
      new Date(past + 5000).toISOString().replace('.000Z', 'Z'),
    );
  });

  it('of a server that says nothing about time are in order, each once, and off by less than a group', async () => {
    await start({ playback: { clock: 'none' } });
    const cursor = await cursorOf(always);
    const found = [await cursor.at(past, { keyframe: true }, never)];
    for (let i = 0; i < 400; i++) found.push(await cursor.next(never));
    const all = await pictures();
    const first = all.indexAt(always, 'main', await keyframeTime(always, past));
    expect(found.map((frame) => bytesOf(frame?.units ?? []))).toEqual(
      found.map((_, i) => bytesOf(all.at(always, 'main', first + i).nalUnits)),
    );
    expect(found[0]?.timeMs).toBe(past);
    expect(found.at(-1)?.timeMs).toBe(past + 400 * 40);
  });

  it('of a server that plays no faster than it was recorded come all the same', async () => {
    await start({ playback: { heedsRateControl: false } });
    const cursor = await cursorOf(always);
    const keyframe = await expectTrue(always, await cursor.at(past, { keyframe: true }, never));
    await expectTrue(always, await cursor.next(never));
    expect(keyframe.timeMs).toBe(await keyframeTime(always, past));
  });

  it('go on where the recorder hangs up in the middle', async () => {
    await start();
    // Every stream ends after 70 pictures: more than a group, less than a window.
    rta.faults.setCamera(always.number, { cutAfterPictures: 70 });
    const cursor = await cursorOf(always);
    const times = [(await cursor.at(past, { keyframe: true }, never))?.timeMs ?? 0];
    for (let i = 0; i < 300; i++) times.push((await cursor.next(never))?.timeMs ?? 0);
    expect(times).toEqual(times.map((_, i) => (times[0] ?? 0) + 40 * i));
  });

  it('are unavailable where it does so at once, refused where it says that, and come again afterwards', async () => {
    await start();
    const cursor = await cursorOf(always);
    rta.faults.setCamera(always.number, { cutAfterPictures: 0 });
    await expect(cursor.at(past, { keyframe: true }, never)).rejects.toMatchObject({ code: 'unavailable' });
    rta.faults.setCamera(always.number, { playback: 403 });
    await expect(cursor.at(past, { keyframe: true }, never)).rejects.toMatchObject({ code: 'refused' });
    rta.faults.setCamera(always.number, {});
    await expectTrue(always, await cursor.at(past, { keyframe: true }, never));
  });

  it('of calls that are given up cost the next one nothing', async () => {
    await start({ playback: { heedsRateControl: false } });
    const cursor = await cursorOf(always);
    const ending = new AbortController();
    const waiting = cursor.at(past, { keyframe: false }, ending.signal);
    await expect.poll(() => rta.streamCount).toBe(1);
    ending.abort(new Error('looked elsewhere'));
    await expect(waiting).rejects.toThrow('looked elsewhere');
    await expectTrue(always, await cursor.at(past + 60_000, { keyframe: true }, never));
  });

  it('there are none any more once the cursor is closed', async () => {
    await start();
    const cursor = await cursorOf(always);
    await cursor.at(past, { keyframe: true }, never);
    cursor.close();
    cursor.close();
    await expect(cursor.next(never)).rejects.toMatchObject({ code: 'unavailable' });
    await expect.poll(() => rta.streamCount).toBe(0);
  });
});

describe('what can be done with it', () => {
  const none = { stills: false, motion: false, bookmarks: 'none', evidenceLocks: 'none' };

  it('is native frames where playback answers, and nothing else', async () => {
    await start();
    expect(await recordings.abilities(never)).toEqual({ ...none, nativeFrames: true });
    expect(await recordings.listBookmarks([rtaId(always)], { start: past, end: past + hour }, never)).toEqual(
      [],
    );
    expect(await recordings.listEvidenceLocks({ start: past, end: past + hour }, never)).toEqual([]);
    await expect(recordings.still(rtaId(always), past, 320, never)).rejects.toMatchObject({
      code: 'unexpected-answer',
    });
    expect(recordings.recorderOf?.(rtaId(always))).toBe('127.0.0.1');
  });

  it('is only the timeline where playback is refused', async () => {
    await start();
    for (const { number } of cameras) rta.faults.setCamera(number, { playback: 403 });
    expect(await recordings.abilities(never)).toEqual({ ...none, nativeFrames: false });
  });

  it('is only the timeline where nobody plays', async () => {
    await start();
    await vms.close();
    vms = vmsFor(rta);
    expect(await vms.recordings?.abilities(never)).toEqual({ ...none, nativeFrames: false });
    await expect(vms.recordings?.cursor(rtaId(always), 'main', never)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('is not known while the server does not answer', async () => {
    await start();
    for (const { number } of cameras) rta.faults.setCamera(number, { rtsp: 503 });
    await expect(recordings.abilities(never)).rejects.toMatchObject({ code: 'unavailable' });
    for (const { number } of cameras) rta.faults.setCamera(number, {});
    expect((await recordings.abilities(never)).nativeFrames).toBe(true);
  });
});
