import { describe, expect, it, onTestFinished } from 'vitest';
import { readStrip } from '#mocks/camera/strip.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { pagePictures } from '#mocks/site/page-pictures.ts';
import { FrameSource, type Gop } from './frame-source.ts';
import { KeyframeDecoder } from './keyframe-decoder.ts';
import { StillLanes } from './still-lanes.ts';
import { PretendRecorder } from './testing/pretend-recorder.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const never = new AbortController().signal;
const recorder = new PretendRecorder(await pagePictures(['junction', 'highway']), noon + 3_600_000);
recorder.recorded = [{ start: noon - 3_600_000, end: noon + 3_600_000 }];
const source = new FrameSource(recorder.source);
const cameras = (['junction', 'highway'] as const).flatMap((name) =>
  siteCameras.filter(({ scene }) => scene === name).slice(0, 3),
);
const keyframeOf = (index: number, at = noon, stream: 'main' | 'sub' = 'sub'): Promise<Gop> =>
  source.get(cameras[index]!.id, stream, 'keyframe', at, never);
const damaged = (gop: Gop): Gop => ({
  ...gop,
  frames: gop.frames.map((frame) => ({ ...frame, data: new Uint8Array(frame.data.length).fill(255) })),
});

function stripOf(picture: VideoFrame | ImageBitmap): { number: number; timeMs: number } | undefined {
  const [width, height] =
    picture instanceof VideoFrame
      ? [picture.displayWidth, picture.displayHeight]
      : [picture.width, picture.height];
  const brush = new OffscreenCanvas(width, height).getContext('2d')!;
  brush.drawImage(picture, 0, 0);
  picture.close();
  return readStrip(brush.getImageData(0, 0, width, height));
}
const told = (gop: Gop) => ({
  number: cameras.find(({ id }) => id === gop.cameraId)!.number,
  timeMs: gop.start,
});

describe('keyframes', () => {
  const open = () => {
    const decoder = new KeyframeDecoder();
    onTestFinished(() => decoder.close());
    return decoder;
  };

  it('of many cameras come each to who asked for it, also where two were taken in the same millisecond', async () => {
    const decoder = open();
    const gops = await Promise.all(
      [0, 1, 2, 3, 4, 5, 0, 1].map((i, at) => keyframeOf(i, noon + at * 60_000)),
    );
    const sameTime = gops.map((gop) => ({
      ...gop,
      frames: gop.frames.map((frame) => ({ ...frame, time: noon })),
    }));
    const frames = await Promise.all(sameTime.map((gop) => decoder.decode(gop)));
    expect(frames.map(stripOf)).toEqual(gops.map(told));
  });

  it('of different sizes come from one decoder', async () => {
    const decoder = open();
    const gops = await Promise.all([
      keyframeOf(0),
      keyframeOf(1, noon, 'main'),
      keyframeOf(2),
      keyframeOf(3, noon, 'main'),
    ]);
    const frames = await Promise.all(gops.map((gop) => decoder.decode(gop)));
    expect(frames.map((frame) => frame.displayWidth)).toEqual(gops.map(({ width }) => width));
    expect(frames.map(stripOf)).toEqual(gops.map(told));
  });

  it('that are damaged spoil no others', async () => {
    const decoder = open();
    const gops = await Promise.all([0, 1, 2, 3, 4].map((i) => keyframeOf(i)));
    const results = await Promise.allSettled(
      gops.map((gop, i) => decoder.decode(i === 2 ? damaged(gop) : gop)),
    );
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(results[2]).toMatchObject({ reason: { name: 'PastError', code: 'damaged' } });
    for (const [i, result] of results.entries())
      if (result.status === 'fulfilled') expect(stripOf(result.value)).toEqual(told(gops[i]!));
    expect(stripOf(await decoder.decode(gops[2]!))).toEqual(told(gops[2]!));
  });

  it('that wait when it is closed do not come, and none after', async () => {
    const decoder = open();
    const gop = await keyframeOf(0);
    const waiting = Promise.allSettled([0, 1, 2].map(() => decoder.decode(gop)));
    decoder.close();
    decoder.close();
    for (const result of await waiting) expect(result).toMatchObject({ reason: { code: 'damaged' } });
    await expect(decoder.decode(gop)).rejects.toMatchObject({ code: 'damaged' });
  });
});

describe('small pictures', () => {
  const open = (...options: ConstructorParameters<typeof StillLanes>) => {
    const lanes = new StillLanes(...options);
    onTestFinished(() => lanes.close());
    return lanes;
  };

  it('are made beside the page, and those it keeps coded stay whole', async () => {
    const lanes = open(2);
    const gops = await Promise.all([0, 1, 2, 3].map((i) => keyframeOf(i)));
    const lengths = gops.map(({ frames }) => frames[0]!.data.length);
    const pictures = await Promise.all(gops.map((gop, i) => lanes.make(i % 2, gop, 320)));
    expect(pictures.map(({ width, height }) => [width, height])).toEqual(gops.map(() => [320, 180]));
    expect(pictures.map(stripOf)).toEqual(gops.map(told));
    expect(gops.map(({ frames }) => frames[0]!.data.length)).toEqual(lengths);
    expect([lanes.isFor(0, gops[0]!), lanes.isFor(1, await keyframeOf(0, noon, 'main'))]).toEqual([
      true,
      false,
    ]);
    await expect(lanes.make(0, damaged(gops[0]!), 320)).rejects.toMatchObject({
      name: 'PastError',
      code: 'damaged',
    });
  });

  it('are made by the page where no worker starts', async () => {
    const lanes = open(2, {
      startWorker: () => {
        throw new DOMException('not here', 'SecurityError');
      },
    });
    const gop = await keyframeOf(0);
    expect(stripOf(await lanes.make(1, gop, 320))).toEqual(told(gop));
  });

  it('that a worker has left undone which did not load are made by the page', async () => {
    const lanes = open(2, { startWorker: () => new Worker('/there-is-no-such-worker.js') });
    const gops = await Promise.all([0, 1, 2].map((i) => keyframeOf(i)));
    const pictures = await Promise.all(gops.map((gop, i) => lanes.make(i % 2, gop, 320)));
    expect(pictures.map(stripOf)).toEqual(gops.map(told));
  });

  it('fail when all is given back, and are made no more', async () => {
    const lanes = open(1);
    const gop = await keyframeOf(0);
    const waiting = lanes.make(0, gop, 320);
    lanes.close();
    lanes.close();
    await expect(waiting).rejects.toMatchObject({ code: 'damaged' });
    await expect(lanes.make(0, gop, 320)).rejects.toMatchObject({ code: 'damaged' });
  });
});
