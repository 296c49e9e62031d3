import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CodecName } from '../h26x/codec.ts';
import type { InputEvents } from '../source/input.ts';
import { Path } from '../source/path.ts';
import { HlsStreams } from './streams.ts';
import { parameterSets } from './testing/pictures.ts';

const never = new AbortController().signal;
const silent = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
};
const slice = (type: number): Buffer =>
  Buffer.concat([Buffer.from([type, 0x9a, 0x22]), Buffer.alloc(3000, 7)]);

beforeEach(() => {
  vi.useFakeTimers({
    now: Date.UTC(2026, 10, 20),
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
  onTestFinished(() => {
    vi.useRealTimers();
  });
});

/** A path named `a/sub` whose pictures the test shoots, 15 a second, a keyframe every second. */
function site() {
  let events: InputEvents | undefined;
  let shot = 0;
  const path = new Path({
    name: 'a/sub',
    source: { type: 'rtsp', source: 'rtsp://192.0.2.1/a' },
    mtu: 1200,
    log: silent as never,
    times: { stallMs: 60_000, firstMs: 60_000, freshMs: 60_000 },
    makeInput: () => ({
      run: async (given, signal) => {
        events = given;
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
        });
      },
      renew: () => undefined,
    }),
  });
  onTestFinished(() => {
    path.close();
  });
  const left: string[] = [];
  const streams = new HlsStreams({
    path: () => path,
    left: (name) => left.push(name),
  });
  return {
    path,
    left,
    streams,
    describe: (codec: CodecName = 'H264') => events?.described(codec, [...parameterSets.small]),
    outage: () => events?.outage(),
    shoot: async (count: number) => {
      for (let i = 0; i < count; i++) {
        const isKeyframe = shot % 15 === 0;
        events?.accessUnit(
          [...(isKeyframe ? parameterSets.small : []), slice(isKeyframe ? 0x65 : 0x41)],
          shot * 6000,
        );
        shot++;
        await vi.advanceTimersByTimeAsync(1000 / 15);
      }
    },
  };
}
const msnOf = (playlist: string): number => Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(playlist)?.[1]);
const fulfilled = async (promise: Promise<unknown>): Promise<boolean> => {
  let isDone = false;
  void promise.then(
    () => (isDone = true),
    () => (isDone = true),
  );
  await vi.advanceTimersByTimeAsync(0);
  return isDone;
};

describe('a stream', () => {
  it('is a viewer of its path until ten seconds after the last request', async () => {
    const { streams, path, left } = site();
    const stream = streams.open('a/sub');
    expect(streams.open('a/sub')).toBe(stream);
    expect(path.readers).toBe(1);
    await vi.advanceTimersByTimeAsync(9000);
    const long = Promise.withResolvers<undefined>();
    const use = stream.use(() => long.promise);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(path.readers).toBe(1);
    long.resolve(undefined);
    await use;
    await vi.advanceTimersByTimeAsync(9999);
    expect(path.readers).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect([path.readers, left, streams.find('a/sub')]).toEqual([0, ['a/sub'], undefined]);
  });

  it('keeps its first player waiting until there is a whole segment', async () => {
    const to = site();
    to.describe();
    const index = to.streams.open('a/sub').multivariant(never);
    await to.shoot(15);
    expect(await fulfilled(index)).toBe(false);
    await to.shoot(1);
    expect(await index).toContain('CODECS="avc1.42c01e",RESOLUTION=640x360,FRAME-RATE=15.000');
  });

  it('begins with the pictures the path has already', async () => {
    const to = site();
    to.describe();
    await to.shoot(25);
    const stream = to.streams.open('a/sub');
    await to.shoot(6);
    const playlist = await stream.playlist({ skips: false }, never);
    // The keyframe was shot a second after the epoch of this test.
    expect(playlist).toMatch(/DATE-TIME:2026-11-20T00:00:(00\.99|01\.00)\dZ/);
  });

  it('says why there is nothing to play', async () => {
    const { streams } = site();
    const index = streams.open('a/sub').multivariant(never);
    const refused = expect(index).rejects.toMatchObject({ code: 'camera-offline' });
    await vi.advanceTimersByTimeAsync(1500);
    await refused;
  });

  it('tells a new player of an outage instead of showing it what was', async () => {
    const to = site();
    to.describe();
    await to.shoot(31);
    const stream = to.streams.open('a/sub');
    await to.shoot(16);
    to.outage();
    await expect(stream.multivariant(never)).rejects.toMatchObject({ code: 'camera-offline' });
  });

  it('ends when its path does, or changes codec; whoever waits is told', async () => {
    const to = site();
    to.describe();
    const stream = to.streams.open('a/sub');
    await to.shoot(20);
    const media = stream.playlist(
      {
        from: { msn: msnOf((await stream.playlist({ skips: false }, never)) ?? '') + 2, part: undefined },
        skips: false,
      },
      never,
    );
    const refused = expect(media).rejects.toMatchObject({ code: 'not-found' });
    to.describe('H265');
    await refused;
    expect(to.left).toEqual(['a/sub']);
    const next = to.streams.open('a/sub');
    to.path.close();
    next.close();
    expect(to.left).toEqual(['a/sub', 'a/sub']);
  });

  it('never counts the same number twice, however soon it begins anew', () => {
    const { streams } = site();
    const first = streams.open('a/sub');
    first.close();
    const numbers = [streams, streams].map((all) => {
      const stream = all.open('a/sub');
      stream.close();
      return stream.first;
    });
    expect(numbers).toEqual([first.first + 1, first.first + 2]);
    expect(first.first).toBe(Date.UTC(2026, 10, 20) / 1000);
  });
});

describe('a blocking request', () => {
  async function running() {
    const to = site();
    to.describe();
    const stream = to.streams.open('a/sub');
    // One whole segment; of the next one three parts, and a picture that is being timed.
    await to.shoot(15 + 10);
    const msn = msnOf((await stream.playlist({ skips: false }, never)) ?? '') + 1;
    const reload = (from: { msn: number; part?: number }, signal = never) =>
      stream.playlist({ from: { part: undefined, ...from }, skips: false }, signal);
    return { ...to, stream, msn, reload };
  }

  it.each([
    ['a part that is there', 0, 2],
    ['a part of a segment that is over', -1, 99],
    ['a segment that is over', -1, undefined],
  ])('is answered at once for %s', async (_what, ahead, part) => {
    const { msn, reload } = await running();
    expect(await fulfilled(reload({ msn: msn + ahead, ...(part === undefined ? {} : { part }) }))).toBe(true);
  });

  it('waits for the next part, and no longer', async () => {
    const { msn, reload, shoot } = await running();
    const media = reload({ msn, part: 3 });
    await shoot(2);
    expect(await fulfilled(media)).toBe(false);
    await shoot(1);
    expect(await media).toContain(`part-${String(msn)}-3.mp4",`.replace(',', ''));
  });

  it('waits for a whole segment', async () => {
    const { msn, reload, shoot } = await running();
    const media = reload({ msn });
    await shoot(5);
    expect(await fulfilled(media)).toBe(false);
    await shoot(1);
    expect(await media).toContain(`seg-${String(msn)}.mp4`);
  });

  it('takes the first part of the next segment for a part that never came', async () => {
    const { msn, reload, shoot } = await running();
    const media = reload({ msn, part: 8 });
    await shoot(10);
    expect(await media).toContain(`part-${String(msn + 1)}-0.mp4`);
  });

  it('gives up after three target durations', async () => {
    const { msn, reload } = await running();
    const media = reload({ msn, part: 3 });
    await vi.advanceTimersByTimeAsync(5999);
    expect(await fulfilled(media)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await media).toBeUndefined();
  });

  it.each([
    [3, 0],
    [0, 40],
  ])('is refused %i segments and %i parts ahead', async (ahead, part) => {
    const { msn, reload } = await running();
    await expect(reload({ msn: msn + ahead, part })).rejects.toMatchObject({ code: 'bad-offer' });
  });

  it('for several parts as one waits for the last of them, and gives them in one piece', async () => {
    const { stream, msn, shoot } = await running();
    const reload = (part: number) => stream.playlist({ from: { msn, part }, skips: false, grain: 3 }, never);
    expect(await fulfilled(reload(0))).toBe(true);
    const media = reload(1);
    await shoot(5);
    expect(await fulfilled(media)).toBe(false);
    await shoot(1);
    expect(await media).toContain(`part-${String(msn)}-3-2.mp4`);
    expect(stream.grain(msn, 0, 3)).toHaveLength(3);
    expect(stream.grain(msn, 3, 3)).toBeUndefined();
    expect(stream.grain(msn + 1, 0, 2)).toBeUndefined();
  });

  it('ends with its caller', async () => {
    const { msn, reload, path } = await running();
    const leaving = new AbortController();
    const media = reload({ msn, part: 3 }, leaving.signal);
    const refused = expect(media).rejects.toMatchObject({ name: 'AbortError' });
    leaving.abort();
    await refused;
    expect(path.readers).toBe(1);
  });

  it('for the hinted part gets it when it is there; for others what there is', async () => {
    const { stream, msn, shoot } = await running();
    const hinted = stream.part(msn, 3, never);
    expect(await fulfilled(hinted)).toBe(false);
    await shoot(3);
    const bytes = await hinted;
    expect(Buffer.from(bytes ?? []).toString('latin1', 4, 8)).toBe('moof');
    expect(await stream.part(msn, 3, never)).toBe(bytes);
    expect(await stream.part(msn, 9, never)).toBeUndefined();
    expect(await stream.part(msn + 5, 0, never)).toBeUndefined();
    expect(stream.segment(msn)).toBeUndefined();
    expect(stream.segment(msn - 1)).toHaveLength(5);
  });

  it('after an outage sees the camera’s return as a discontinuity', async () => {
    const { msn, reload, outage, shoot } = await running();
    outage();
    const media = reload({ msn: msn + 1, part: 0 });
    expect(await fulfilled(media)).toBe(false);
    await shoot(20);
    const playlist = (await media) ?? '';
    expect(playlist).toMatch(new RegExp(`seg-${String(msn)}.mp4\\n#EXT-X-DISCONTINUITY\\n#EXT-X-MAP`));
  });
});
