import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CELLS, fillStrip, readStrip } from '#mocks/camera/strip.ts';
import { pagePictures } from '#mocks/site/page-pictures.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { FrameSource } from './frame-source.ts';
import type { AskJpeg } from './jpeg-still.ts';
import { PastError, type PastErrorCode } from './past-error.ts';
import { type PastStill, StillShelf, widthFor } from './still-shelf.ts';
import { PretendRecorder } from './testing/pretend-recorder.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const camera = siteCameras.find(({ scene }) => scene === 'junction');
const id = camera?.id ?? '';
const number = camera?.number ?? 0;
const never = new AbortController().signal;
const recorder = new PretendRecorder(await pagePictures(['junction']), noon + 3_600_000);
recorder.recorded = [{ start: recorder.groupEdge(id, noon - 600_000, 'sub'), end: noon + 3_600_000 }];

/** A JPEG whose strip says camera and moment. */
async function jpegOf(width: number, timeMs: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, Math.round((width * 9) / 16));
  const brush = canvas.getContext('2d')!;
  const cells = new Uint8Array(CELLS);
  fillStrip(cells, number, timeMs);
  const [cell, height] = [width / CELLS, canvas.height / 45];
  cells.forEach((isLight, i) => {
    brush.fillStyle = isLight ? '#464646' : '#0e0e0e';
    brush.fillRect(i * cell, canvas.height - height, cell, height);
  });
  return await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
}

function stripOf({ bitmap }: PastStill): { number: number; timeMs: number } | undefined {
  const brush = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
  brush.drawImage(bitmap, 0, 0);
  return readStrip(brush.getImageData(0, 0, bitmap.width, bitmap.height));
}

let asked: number[];
let refusal: PastErrorCode | undefined;
/** A recorder that makes a picture of each tenth of a second. */
const ask: AskJpeg = async (_cameraId, at, width) => {
  asked.push(at);
  if (refusal !== undefined) throw new PastError(refusal, 'no still');
  const time = Math.floor(at / 100) * 100;
  return { time, jpeg: await jpegOf(width, time) };
};

function open(source = new FrameSource({ fetchFrames: recorder.fetchFrames }), more = {}): StillShelf {
  const shelf = new StillShelf(source, { ask, ...more });
  onTestFinished(() => shelf.close());
  return shelf;
}
const without = (code: string): FrameSource =>
  new FrameSource({
    fetchFrames: async () =>
      Response.json(
        { type: `urn:parapet:problem:${code}`, code, title: code, status: 422 },
        { status: 422, headers: { 'content-type': 'application/problem+json' } },
      ),
  });

beforeEach(() => {
  asked = [];
  refusal = undefined;
  recorder.asked.length = 0;
});

describe('many moments', () => {
  it('come by one request, and are there when they are wanted', async () => {
    const shelf = open(new FrameSource(recorder.source));
    const moments = [noon + 1000, noon + 5000, noon + 9000];
    const wanted = moments.map((at) => ({ cameraId: id, at }));
    await shelf.fill(wanted, never);
    expect(recorder.previewed).toEqual([wanted]);
    for (const moment of moments) {
      const edge = recorder.groupEdge(id, moment, 'sub');
      expect(shelf.best(id, moment, 5000)?.time).toBe(edge);
      expect(stripOf(await shelf.load(id, moment, never))).toEqual({ number, timeMs: edge });
    }
    expect(recorder.asked).toEqual([]);
  });
});

describe('the picture of a moment', () => {
  it('is the one the recorder makes, and is not asked for twice', async () => {
    const shelf = open();
    const still = await shelf.exact(id, noon + 1234, never);
    expect([still.time, stripOf(still)]).toEqual([noon + 1200, { number, timeMs: noon + 1200 }]);
    expect(await shelf.exact(id, noon + 1250, never)).toBe(still);
    expect(shelf.best(id, noon + 1300, 1000)).toBe(still);
    expect([asked, recorder.asked]).toEqual([[noon + 1234], []]);
  });

  it('is the keyframe before it where the recorder makes none, and it is left in peace for a while', async () => {
    const shelf = open();
    refusal = 'vms-unavailable';
    for (const at of [noon + 1234, noon + 61_234]) {
      const still = await shelf.exact(id, at, never);
      expect(still.time).toBe(recorder.groupEdge(id, at, 'sub'));
      expect(stripOf(still)).toEqual({ number, timeMs: still.time });
    }
    expect(asked).toEqual([noon + 1234]);
  });

  it.each(['no-recording', 'not-permitted'] as const)('is none where the answer is %s', async (code) => {
    refusal = code;
    await expect(open().exact(id, noon, never)).rejects.toMatchObject({ code });
    expect(recorder.asked).toEqual([]);
  });

  it('ends with its signal', async () => {
    const left = AbortSignal.abort(new Error('left'));
    await expect(open(without('vms-unavailable')).exact(id, noon, left)).rejects.toThrow('left');
  });
});

describe('a keyframe', () => {
  it('is the recorder’s own picture where the browser cannot decode it', async () => {
    const still = await open(without('codec-unsupported')).load(id, noon + 1234, never);
    expect(stripOf(still)).toEqual({ number, timeMs: noon + 1200 });
  });

  it('that can be had neither way says why there is none', async () => {
    refusal = 'vms-unavailable';
    await expect(open(without('codec-unsupported')).load(id, noon, never)).rejects.toMatchObject({
      code: 'codec',
    });
    refusal = 'no-recording';
    await expect(open(without('codec-unsupported')).load(id, noon, never)).rejects.toMatchObject({
      code: 'no-recording',
    });
  });

  it('is asked of nobody else when the recorder is only busy', async () => {
    await expect(open(without('overloaded')).load(id, noon, never)).rejects.toMatchObject({
      code: 'overloaded',
    });
    expect(asked).toEqual([]);
  });
});

it.each([1, 2, 4, 9, 16])(
  'has room for many places of %s cameras, in a size that suits their tiles',
  (count) => {
    const width = widthFor(count);
    const bytes = count * width * ((width * 9) / 16) * 4;
    expect([width >= 240, width <= 640]).toEqual([true, true]);
    expect(80 * bytes).toBeLessThanOrEqual(160 * 2 ** 20 * (count > 9 ? 2 : 1));
  },
);

it('decodes nothing more ahead of need once nobody wants it', async () => {
  const leaving = new AbortController();
  const source = new FrameSource({
    ...recorder.source,
    async fetchPreviews(query, signal) {
      const answer = await recorder.fetchPreviews(query, signal);
      leaving.abort(new Error('dragged on'));
      return answer;
    },
  });
  const shelf = open(source);
  await shelf.fill(
    [noon, noon + 60_000].map((at) => ({ cameraId: id, at })),
    leaving.signal,
  );
  expect([noon, noon + 60_000].map((at) => shelf.best(id, at, 5000))).toEqual([undefined, undefined]);
});

it('does not let what is only foreseen push out what was looked at', async () => {
  const source = new FrameSource(recorder.source);
  const bytes = 320 * 180 * 4;
  const shelf = open(source, { limitBytes: 4 * bytes });
  shelf.keyframeWidth = 320;
  const edge = (at: number) => recorder.groupEdge(id, at, 'sub');
  await shelf.load(id, noon, never);
  // A hand went over it, and a long way was foreseen.
  const ahead = Array.from({ length: 60 }, (_, i) => ({ cameraId: id, at: noon + (i + 1) * 20_000 }));
  await shelf.fill(ahead, never);
  expect(shelf.best(id, noon, 5_000)?.time).toBe(edge(noon));
  // What is looked at of it is kept like all that was.
  for (const { at } of ahead.slice(0, 4)) expect(shelf.best(id, at, 5_000)?.time).toBe(edge(at));
  expect(shelf.best(id, noon, 5_000)).toBeUndefined();
  expect(shelf.best(id, noon + 20_000, 5_000)?.time).toBe(edge(noon + 20_000));
});

it('knows nothing of what was pushed out, and finds what is still here beside it', async () => {
  const still = 480 * 270 * 4;
  const shelf = open(undefined, { limitBytes: 3 * still + 100 });
  for (let i = 0; i < 6; i++) await shelf.exact(id, noon + i * 1000, never);
  expect(shelf.best(id, noon + 2_500, 10_000)?.time).toBe(noon + 3_000);
  expect(shelf.best(id, noon + 5_500, 10_000)?.time).toBe(noon + 5_000);
  expect(shelf.best(id, noon + 2_500, 400)).toBeUndefined();
  // What was used least goes for what comes.
  await shelf.exact(id, noon, never);
  expect([2_500, 4_500, 5_500].map((at) => shelf.best(id, noon + at, 10_000)?.time)).toEqual([
    noon,
    noon + 3_000,
    noon + 5_000,
  ]);
});
