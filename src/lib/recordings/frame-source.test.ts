import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { frameHeaders, type FramesQuery } from '#contract/recording.ts';
import type { Pictures } from '#mocks/camera/compose.ts';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { previewPart } from '#mocks/preview-part.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { frameFile } from '#mocks/site/frame-file.ts';
import { frameAt, FrameSource, nextFrameTime, previousFrameTime } from './frame-source.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const [camera] = siteCameras;
const never = new AbortController().signal;

let pictures: Pictures;
let clock: number;
let asked: (FramesQuery & { signal: AbortSignal })[];
let isLast: boolean;
let answers: PromiseWithResolvers<undefined> | undefined;
let source: FrameSource;

beforeAll(async () => {
  pictures = await openPictures();
});
beforeEach(() => {
  clock = 0;
  asked = [];
  isLast = false;
  answers = undefined;
  source = make();
});

function make(limitBytes?: number) {
  return new FrameSource({
    now: () => clock,
    ...(limitBytes === undefined ? {} : { limitBytes }),
    fetchFrames: async (_, query, signal) => {
      asked.push({ ...query, signal });
      await answers?.promise;
      signal.throwIfAborted();
      const { bytes, start, end, codec } = frameFile(pictures, camera!, query.stream, query.at, query.only);
      return new Response(bytes, {
        headers: {
          [frameHeaders.start]: new Date(start).toISOString(),
          [frameHeaders.codec]: codec,
          ...(isLast ? {} : { [frameHeaders.end]: new Date(end).toISOString() }),
        },
      });
    },
  });
}
const get = (time: number, only: FramesQuery['only'] = 'gop', signal = never) =>
  source.get('c', 'sub', only, time, signal);

describe('a group', () => {
  it('is asked for once, for every moment in it', async () => {
    const gop = await get(noon);
    for (let time = gop.start; time < gop.end!; time += 77) expect(await get(time)).toBe(gop);
    expect(asked).toHaveLength(1);
    expect((await get(gop.end!)).start).toBe(gop.end);
    expect(asked).toHaveLength(2);
  });

  it('serves as the keyframe as well', async () => {
    const gop = await get(noon);
    expect(await get(gop.start + 500, 'keyframe')).toBe(gop);
  });

  it('that is still growing is asked for again after a second', async () => {
    isLast = true;
    const gop = await get(noon);
    expect(await get(noon)).toBe(gop);
    clock += 1001;
    await get(noon);
    expect(asked).toHaveLength(2);
  });

  it('goes when there is no room for it', async () => {
    source = make(150_000);
    const first = await get(noon);
    for (let i = 1; i < 6; i++) await get(noon + i * 2000);
    expect(source.kept('c', 'sub', 'gop', first.start)).toBeUndefined();
    expect(source.kept('c', 'sub', 'gop', noon + 10_000)).toBeDefined();
  });
});

it('knows of a keyframe only as far as it has asked', async () => {
  const { start } = await get(noon, 'keyframe');
  expect(source.kept('c', 'sub', 'keyframe', start)).toBeDefined();
  expect(source.kept('c', 'sub', 'keyframe', noon + 1)).toBeUndefined();
  expect((await get(noon + 1, 'keyframe')).start).toBe(start);
  expect(source.kept('c', 'sub', 'keyframe', noon + 1)).toBeDefined();
});

describe('those who wait for the same', () => {
  it('share one request, which ends with the last of them', async () => {
    answers = Promise.withResolvers();
    const [one, other] = [new AbortController(), new AbortController()];
    const waiting = [get(noon, 'gop', one.signal), get(noon, 'gop', other.signal)];
    const ends = Promise.allSettled(waiting);
    one.abort(new Error('one has gone'));
    await expect(waiting[0]).rejects.toThrow('one has gone');
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([false]);
    other.abort(new Error('both have'));
    await ends;
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true]);
  });

  it('begin anew when the one before has just been given up', async () => {
    answers = Promise.withResolvers();
    const gone = new AbortController();
    const first = get(noon, 'gop', gone.signal);
    const end = expect(first).rejects.toThrow('gone');
    gone.abort(new Error('gone'));
    while (!asked[0]!.signal.aborted) await Promise.resolve();
    const second = get(noon);
    answers.resolve(undefined);
    await end;
    expect((await second).frames).toHaveLength(30);
    expect(asked).toHaveLength(2);
  });

  it('all get it when one has gone', async () => {
    answers = Promise.withResolvers();
    const one = new AbortController();
    const [gone, stays] = [get(noon, 'gop', one.signal), get(noon)];
    const end = expect(gone).rejects.toThrow();
    one.abort();
    answers.resolve(undefined);
    await end;
    expect((await stays).frames).toHaveLength(30);
  });
});

it('does not count the wait for a turn as the recorder’s', async () => {
  const turn = Promise.withResolvers<undefined>();
  const late = new AbortController();
  let sent = 0;
  const patient = new FrameSource({
    inTurn: async (request) => {
      await turn.promise;
      return await request();
    },
    patience: () => {
      sent++;
      return late.signal;
    },
    fetchFrames: (_, __, signal) =>
      new Promise((___, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  });
  const answer = patient.get('c', 'sub', 'gop', noon, never);
  answer.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve));
  expect(sent).toBe(0);
  turn.resolve(undefined);
  await expect.poll(() => sent).toBe(1);
  late.abort(new DOMException('too late', 'TimeoutError'));
  await expect(answer).rejects.toMatchObject({ code: 'unreachable' });
});

it('is refused by an answer that begins after what was asked for', async () => {
  const late = new FrameSource({
    fetchFrames: async () => {
      const { bytes, codec } = frameFile(pictures, camera!, 'sub', noon + 60_000, 'gop');
      return new Response(bytes, { headers: { [frameHeaders.codec]: codec } });
    },
  });
  await expect(late.get('c', 'sub', 'gop', noon, never)).rejects.toMatchObject({ code: 'damaged' });
});

it('fills itself with the keyframes of many moments by one request, of which each is asked for once', async () => {
  const moments = [noon, noon + 4000, noon + 9000];
  const wishes: number[][] = [];
  const filled = new FrameSource({
    fetchFrames: () => Promise.reject(new Error('everything is here')),
    now: () => clock,
    fetchPreviews: async ({ from, slots, stream }) => {
      wishes.push(slots.map(({ ms }) => from + ms));
      const parts = slots.map(({ ms }, i) => {
        const { bytes, start, codec } = frameFile(pictures, camera!, stream, from + ms, 'keyframe');
        const until = new Date(from + ms + 500).toISOString();
        return previewPart({ slot: i, start: new Date(start).toISOString(), until, codec }, bytes);
      });
      return new Response(new Blob(parts));
    },
  });
  const heard: number[] = [];
  const wanted = moments.map((at) => ({ cameraId: 'c', at }));
  await filled.fill(wanted, 'sub', never, ({ at }) => heard.push(at));
  expect(heard).toEqual(moments);
  for (const moment of moments) {
    const { start } = frameFile(pictures, camera!, 'sub', moment, 'keyframe');
    // As far as the recorder says that the picture holds.
    expect((await filled.get('c', 'sub', 'keyframe', moment + 499, never)).start).toBe(start);
  }
  // It does not age: the recorder has said how long it holds.
  clock = 60_000;
  await filled.fill([...wanted, { cameraId: 'c', at: noon + 20_000 }], 'sub', never, ({ at }) =>
    heard.push(at),
  );
  expect(wishes).toEqual([moments, [noon + 20_000]]);
});

it('finds frames and their neighbours', async () => {
  const gop = await get(noon);
  const times = gop.frames.map(({ time }) => time);
  expect(frameAt(gop, times[3]! + 1).time).toBe(times[3]);
  expect(frameAt(gop, gop.start - 1).time).toBe(gop.start);
  expect(nextFrameTime(gop, times[3]!)).toBe(times[4]);
  expect(nextFrameTime(gop, times.at(-1)!)).toBe(gop.end);
  expect(previousFrameTime(gop, times[3]!)).toBe(times[2]);
  expect(previousFrameTime(gop, gop.start)).toBeUndefined();
});
