import { expect, it, onTestFinished } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { pagePictures } from '#mocks/site/page-pictures.ts';
import { ExactFrames } from './exact-frames.ts';
import { FrameSource } from './frame-source.ts';
import { GopDecoder, timeOfFrame } from './gop-decoder.ts';
import { PretendRecorder } from './testing/pretend-recorder.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const never = new AbortController().signal;
const recorder = new PretendRecorder(await pagePictures(['junction']), noon + 3_600_000);
recorder.recorded = [{ start: noon - 3_600_000, end: noon + 3_600_000 }];
const { id } = siteCameras.find(({ scene }) => scene === 'junction')!;
const gop = await new FrameSource(recorder.source).get(id, 'main', 'gop', noon, never);
const times = gop.frames.map(({ time }) => time);
const roomy = 64 * 1024 * 1024;

function open(limitBytes = roomy) {
  const decoder = new GopDecoder();
  const frames = new ExactFrames(decoder, () => limitBytes);
  onTestFinished(() => {
    frames.clear();
    decoder.close();
  });
  const held = (index: number): boolean => {
    const frame = frames.held(gop, times[index]!);
    if (frame) expect(timeOfFrame(frame)).toBe(times[index]);
    frame?.close();
    return frame !== undefined;
  };
  const inHand = () => times.flatMap((_, index) => (held(index) ? [index] : []));
  return { frames, inHand };
}
const closing = (frame: VideoFrame) => frame.close();
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

it('gives the very frame, and keeps nothing after a jump', async () => {
  const { frames, inHand } = open();
  const given: number[] = [];
  const take = (frame: VideoFrame) => {
    given.push(timeOfFrame(frame));
    frame.close();
  };
  await frames.decode(gop, times[30]! + 7, undefined, take, never);
  await frames.decode(gop, times[3]!, times[30], take, never);
  expect(given).toEqual([times[30], times[3]]);
  expect(inHand()).toEqual([]);
});

it.each([
  ['back', times[31]!, range(23, 30)],
  ['on', times[29]!, range(30, 37)],
])('after a step %s it has those that come next in hand', async (_, shown, expected) => {
  const { frames, inHand } = open();
  await frames.decode(gop, times[30]!, shown, closing, never);
  expect(inHand()).toEqual(expected);
});

it.each([
  ['back', -1, times[31]!, 27, range(20, 27)],
  ['on', 1, times[29]!, 33, range(33, 40)],
] as const)('who goes on stepping %s never runs out of them', async (_, way, shown, at, expected) => {
  const { frames, inHand } = open();
  await frames.decode(gop, times[30]!, shown, closing, never);
  const before = inHand();
  await frames.refill(gop, times[30 + way]!, way, never);
  expect(inHand()).toEqual(before);
  await frames.refill(gop, times[at]!, way, never);
  expect(inHand()).toEqual(before);
  await frames.refill(gop, times[at + way]!, way, never);
  expect(inHand()).toEqual(expected.map((index) => index + way));
});

it('has as many in hand as there is room for', async () => {
  const { frames, inHand } = open(3 * 1280 * 720 * 1.5);
  await frames.decode(gop, times[30]!, times[31], closing, never);
  expect(inHand()).toEqual([28, 29, 30]);
  frames.clear();
  expect(inHand()).toEqual([]);
});

it('says why there is no picture', async () => {
  const { frames } = open();
  const broken = {
    ...gop,
    frames: gop.frames.map((frame) => ({ ...frame, data: frame.data.slice().fill(255) })),
  };
  await expect(frames.decode(broken, times[5]!, undefined, closing, never)).rejects.toMatchObject({
    name: 'PastError',
    code: 'damaged',
  });
});
