import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openPictures, type Pictures } from '#mocks/camera/synthesis.ts';
import type { PlaybackHabits } from '#mocks/rta/rtsp/recorded-stream.ts';
import { type DemoRta, type DemoRtaOptions, startRta } from '#mocks/rta/rta.ts';
import { rtaId } from '#mocks/rta/site.ts';
import { steadyMoment } from '#mocks/rta/testing/steady-moment.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import {
  openPlayback,
  type PlayedPicture,
  type PlaybackTimes,
  usualPlaybackTimes,
} from './recorded-playback.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });
const [camera] = siteCameras;
const [number, id] = [camera?.number ?? 0, camera === undefined ? '' : rtaId(camera)];
const subject = camera ?? siteCameras[0]!;
/** A second that is within a group of pictures. */
const at = steadyMoment(subject, 3_600_000);
let pictures: Pictures;
let rta: DemoRta;

beforeAll(async () => {
  pictures = await openPictures();
});
afterEach(() => rta.close());

async function start(
  habits: Partial<PlaybackHabits> = {},
  more: Partial<DemoRtaOptions> = {},
): Promise<void> {
  rta = await startRta({
    username: 'u',
    password: 'p',
    pictures,
    cameras: [subject],
    playback: habits,
    ...more,
  });
}

const never = new AbortController().signal;
function open(
  seconds: number,
  {
    signal = never,
    times = usualPlaybackTimes,
    password = 'p',
    camera = id,
    start = at,
  }: Partial<{
    signal: AbortSignal;
    times: PlaybackTimes;
    password: string;
    camera: string;
    start: number;
  }> = {},
) {
  const query = `start=${new Date(start).toISOString()}&duration=${String(seconds)}`;
  return openPlayback(
    {
      source: `${rta.rtspUrl}/playback/${camera}?${query}`,
      credentials: { username: 'u', password },
      startMs: start,
      endMs: start + seconds * 1000,
    },
    signal,
    times,
  );
}

async function all(pictures: AsyncIterable<PlayedPicture>): Promise<PlayedPicture[]> {
  const found: PlayedPicture[] = [];
  for await (const picture of pictures) found.push(picture);
  return found;
}

/** What the synthetic camera took between the keyframe before `from` and `to`. */
function taken(from: number, to: number) {
  const first = pictures.keyframeAtOrBefore(subject, 'main', pictures.indexAt(subject, 'main', from));
  const last = pictures.indexAt(subject, 'main', to - 1);
  return Array.from({ length: last - first + 1 }, (_, i) => pictures.at(subject, 'main', first + i));
}

const bytesOf = (units: readonly Uint8Array[]): string => Buffer.concat(units).toString('base64');

describe('a window of a recording', () => {
  it.each(['range', 'extension'] as const)(
    'comes picture by picture as it was taken, to the byte and the millisecond (%s)',
    async (clock) => {
      await start({ clock });
      const found = await all(await open(5));
      const known = taken(at, at + 5000);
      expect(found.map(({ timeMs, isKeyframe }) => ({ timeMs, isKeyframe }))).toEqual(
        known.map(({ timeMs, isKeyframe }) => ({ timeMs, isKeyframe })),
      );
      expect(found.map(({ units }) => bytesOf(units))).toEqual(
        known.map(({ nalUnits }) => bytesOf(nalUnits)),
      );
      expect(found.every(({ codec }) => codec === 'H264')).toBe(true);
    },
  );

  it('is counted from the moment asked for where the server says nothing', async () => {
    await start({ clock: 'none', startsAt: 'after' });
    const found = await all(await open(4));
    expect(found[0]).toMatchObject({ timeMs: at, isKeyframe: true });
    expect(found[25]?.timeMs).toBe(at + 1000);
  });

  it('ends where the server just goes quiet at the end of it', async () => {
    await start({ saysGoodbye: false });
    const found = await all(await open(3, { times: { ...usualPlaybackTimes, endSilenceMs: 100 } }));
    expect(found.at(-1)?.timeMs).toBe(taken(at, at + 3000).at(-1)?.timeMs);
  });

  it('leaves a gap out, and says the right time after it', async () => {
    await start({ clock: 'extension' });
    rta.faults.setCamera(number, { gaps: [{ start: at + 2000, end: at + 600_000 }] });
    const times = (await all(await open(605))).map(({ timeMs }) => timeMs);
    const before = times.filter((time) => time < at + 300_000);
    const after = times.filter((time) => time >= at + 300_000);
    expect(before.at(-1)).toBe(taken(at, at + 2000).at(-1)?.timeMs);
    expect(after).toEqual(taken(at + 600_000, at + 605_000).map(({ timeMs }) => timeMs));
  });

  it('holds the server back while nobody takes it, and loses nothing', async () => {
    await start();
    const playing = await open(600);
    const first = await playing.next();
    // Ten minutes are 190 MB; what fits into the sockets is a few.
    await vi.waitFor(() => expect(rta.streamCount).toBe(1));
    const times = [first.value?.timeMs ?? 0];
    for (let i = 0; i < 500; i++) times.push((await playing.next()).value?.timeMs ?? 0);
    expect(times).toEqual(
      taken(at, at + 30_000)
        .slice(0, 501)
        .map(({ timeMs }) => timeMs),
    );
    await playing.return();
    await vi.waitFor(() => expect(rta.streamCount).toBe(0));
  });

  it('is given up when nobody takes it for long', async () => {
    await start();
    const playing = await open(600, { times: { ...usualPlaybackTimes, unreadMs: 50 } });
    await vi.waitFor(() => expect(rta.streamCount).toBe(0));
    await expect(all(playing)).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('ends with its signal', async () => {
    await start({ heedsRateControl: false });
    const ending = new AbortController();
    const playing = await open(600, { signal: ending.signal });
    await playing.next();
    ending.abort(new Error('looked elsewhere'));
    await expect(all(playing)).rejects.toThrow('looked elsewhere');
    await vi.waitFor(() => expect(rta.streamCount).toBe(0));
  });
});

describe('what goes wrong has a name', () => {
  it.each([
    ['a camera that there is not', 'not-found', { camera: 'cam-999' }, {}],
    ['a moment before the oldest recording', 'not-found', { start: at - 200 * 86_400_000 }, {}],
    ['a wrong password', 'source-refused', { password: 'x' }, {}],
    ['playback that is not allowed', 'source-refused', {}, { playback: 403 }],
    ['a server that has forgotten the session', 'not-found', {}, { forgetsSessions: true }],
    ['a server that is busy', 'camera-offline', {}, { rtsp: 503 }],
  ] as const)('%s: %s', async (_what, code, request, fault) => {
    await start();
    rta.faults.setCamera(number, fault);
    await expect(open(5, request)).rejects.toMatchObject({ name: 'EngineError', code });
    await vi.waitFor(() => expect(rta.streamCount).toBe(0));
  });

  it.each([
    ['hangs up', { cutAfterPictures: 60 }],
    ['falls silent', { silentAfterPictures: 60 }],
  ])(
    'a server that %s in the middle: what came before is given, then camera-offline',
    async (_what, fault) => {
      await start();
      rta.faults.setCamera(number, fault);
      const playing = await open(60, { times: { ...usualPlaybackTimes, silenceMs: 100 } });
      for (let i = 0; i < 60; i++) expect((await playing.next()).done).toBe(false);
      await expect(playing.next()).rejects.toMatchObject({ code: 'camera-offline' });
    },
  );
});
