import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type StripReading, readStrip } from '#mocks/camera/strip.ts';
import type { Pictures } from '#mocks/camera/compose.ts';
import { formats } from '#mocks/camera/pictures.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { pagePictures } from '#mocks/site/page-pictures.ts';
import type { AskJpeg } from './jpeg-still.ts';
import { SyncGroup } from './sync-group.svelte.ts';
import { PretendRecorder } from './testing/pretend-recorder.ts';
import type { SpanStore } from './span-store.svelte.ts';

const now = Date.UTC(2026, 10, 20, 13);
const noon = Date.UTC(2026, 10, 20, 12);
const never = new AbortController().signal;

let pictures: Pictures;
const cameras = siteCameras.filter(({ scene }) => scene === 'junction').slice(0, 4);
const [camera] = cameras;

/** Decoded frames that are open, by counting what decoders give out and what is closed. */
let openFrames = 0;
/** How many coded frames decoders were given. */
let decodedCount = 0;
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the frame as `this`
const { close: closeFrame } = VideoFrame.prototype;
const RealDecoder = VideoDecoder;

beforeAll(async () => {
  pictures = await pagePictures(['junction']);
  const counted = new WeakSet<VideoFrame>();
  globalThis.VideoDecoder = class extends RealDecoder {
    constructor({ output, error }: VideoDecoderInit) {
      super({
        error,
        output: (frame) => {
          openFrames++;
          counted.add(frame);
          output(frame);
        },
      });
    }
    override decode(chunk: EncodedVideoChunk): void {
      decodedCount++;
      super.decode(chunk);
    }
  };
  VideoFrame.prototype.close = function (this: VideoFrame) {
    if (counted.delete(this)) openFrames--;
    closeFrame.call(this);
  };
  return () => {
    globalThis.VideoDecoder = RealDecoder;
    VideoFrame.prototype.close = closeFrame;
  };
});

let recorder: PretendRecorder;
let spans: SpanStore;
let group: SyncGroup;
let canvases: Map<string, HTMLCanvasElement>;
let stop: () => void;

beforeEach(() => {
  recorder = new PretendRecorder(pictures, now);
  recorder.recorded = [{ start: noon - 600_000, end: noon + 600_000 }];
});
afterEach(async () => {
  stop();
  group.close();
  group.close();
  spans.close();
  for (const canvas of canvases.values()) canvas.remove();
  // Whatever a decoder was about to give out is closed as well.
  await expect.poll(() => openFrames).toBe(0);
});

function open(count = 1, at = noon) {
  spans = recorder.spans();
  group = new SyncGroup({ spans, at, source: recorder.source, askJpeg });
  const shown = cameras.slice(0, count);
  group.show(shown.map(({ id }) => id));
  canvases = new Map(
    shown.map(({ id }) => {
      const canvas = document.createElement('canvas');
      canvas.style.width = '480px';
      document.body.append(canvas);
      group.pictureOf(id)?.screen(canvas);
      return [id, canvas];
    }),
  );
  stop = group.run();
}

/** A recorder that makes JPEGs: red ones, of each tenth of a second. */
const askJpeg: AskJpeg = async (_cameraId, at) => {
  const canvas = new OffscreenCanvas(160, 90);
  const brush = canvas.getContext('2d')!;
  brush.fillStyle = '#f00';
  brush.fillRect(0, 0, 160, 90);
  return { time: Math.floor(at / 100) * 100, jpeg: await canvas.convertToBlob({ type: 'image/jpeg' }) };
};

/** What the picture itself says. */
function strip(id = camera!.id): StripReading | undefined {
  const canvas = canvases.get(id)!;
  if (canvas.width < 160) return undefined;
  return readStrip(canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height));
}
const shows = (time: number, id?: string) =>
  expect.poll(() => strip(id)?.timeMs, { timeout: 5000 }).toBe(time);
/** The frame of the main stream that is seen at `time`. */
const frameOf = (time: number) => pictures.timeOf(camera!, 'main', pictures.indexAt(camera!, 'main', time));
const status = (id = camera!.id) => group.pictureOf(id)?.status;

describe('a moment', () => {
  it.each([0, 39, 40, 777, 1999, -1234])('%i ms after noon is shown by its very frame', async (offset) => {
    open(1, noon + offset);
    await shows(frameOf(noon + offset));
    expect(strip()?.number).toBe(camera!.number);
    expect(status()).toEqual({ kind: 'shown', isExact: true });
    expect(group.pictureOf(camera!.id)?.shownTime).toBe(frameOf(noon + offset));
  });

  it('is the same on all cameras', async () => {
    open(3, noon + 500);
    for (const { id, number } of cameras.slice(0, 3)) {
      await shows(frameOf(noon + 500), id);
      expect(strip(id)?.number).toBe(number);
    }
  });

  it('that is here already does not wait for one that nobody answers for', async () => {
    open();
    await shows(frameOf(noon));
    recorder.hangs = (at) => at >= noon + 60_000;
    group.seek(noon + 60_000);
    await expect.poll(() => recorder.asked.at(-1)?.at).toBe(noon + 60_000);
    group.seek(noon + 40);
    await expect.poll(() => strip()?.timeMs, { timeout: 1500 }).toBe(frameOf(noon + 40));
    expect(recorder.asked.at(-1)?.signal.aborted).toBe(true);
  });

  it('whose picture does not come leaves one that says it is late, and how far off', async () => {
    open();
    await shows(frameOf(noon));
    const picture = group.pictureOf(camera!.id)!;
    expect([picture.lagMs, picture.isLate]).toEqual([0, false]);
    recorder.hangs = (at) => at < noon - 10_000;
    group.seek(noon - 30_000);
    await expect.poll(() => picture.isLate).toBe(true);
    expect(picture.lagMs).toBe(-30_000);
    group.seek(noon + 40);
    await shows(frameOf(noon + 40));
    await expect.poll(() => picture.isLate).toBe(false);
  });

  it('in a group that is here already asks for nothing more', async () => {
    open(1, noon);
    await shows(frameOf(noon));
    const begin = recorder.groupEdge(camera!.id, noon);
    for (const offset of [1900, 40, 1000, 1960, 0]) {
      group.seek(begin + offset);
      await shows(frameOf(begin + offset));
    }
    expect(recorder.asked.filter(({ only }) => only === 'gop')).toHaveLength(1);
  });
});

describe('steps', () => {
  const frameMs = 1000 / formats.main.framesPerSecond;

  it('lead from frame to frame, both ways, over the edge of a group', async () => {
    open();
    const edge = recorder.groupEdge(camera!.id, noon);
    group.seek(edge + frameMs);
    await shows(edge + frameMs);
    for (const to of [edge, edge - frameMs, edge - 2 * frameMs]) {
      expect(await group.step(camera!.id, -1)).toBe(true);
      await shows(to);
    }
    for (const to of [edge - frameMs, edge, edge + frameMs]) {
      await group.step(camera!.id, 1);
      await shows(to);
    }
  });

  it.each([-1, 1] as const)('one after the other by %i decode the group once for many', async (way) => {
    open();
    const edge = recorder.groupEdge(camera!.id, noon);
    const middle = edge + 25 * frameMs;
    group.seek(middle);
    await shows(middle);
    decodedCount = 0;
    for (let i = 1; i <= 8; i++) {
      await group.step(camera!.id, way);
      await shows(middle + i * way * frameMs);
      expect(status()).toEqual({ kind: 'shown', isExact: true });
    }
    // Each by itself is decoded from the group's first frame on. What comes behind the eighth is among these already.
    const eachByItself = 8 * 26 + way * 36;
    expect(decodedCount).toBeLessThan(0.7 * eachByItself);
    expect(decodedCount).toBeGreaterThan(0);
  });

  it('are not lost when a key is held down', async () => {
    open();
    await shows(frameOf(noon));
    await Promise.all(Array.from({ length: 12 }, () => group.step(camera!.id, 1)));
    await shows(frameOf(noon + 12 * frameMs));
  });

  it('come too late when somebody goes elsewhere or plays meanwhile', async () => {
    open();
    const edge = recorder.groupEdge(camera!.id, noon);
    group.seek(edge);
    await shows(edge);
    recorder.delayMs = 200;
    const steps = [group.step(camera!.id, -1), group.step(camera!.id, -1)];
    group.seek(noon + 30_000);
    expect(await Promise.all(steps)).toEqual([true, true]);
    expect(group.time).toBe(noon + 30_000);
    await shows(frameOf(noon + 30_000));
    group.seek(edge);
    const step = group.step(camera!.id, -1);
    group.play();
    await step;
    expect([group.isPlaying, group.time >= edge]).toEqual([true, true]);
  });

  it('lead from a gap to the last frame before it, and to the first after it', async () => {
    const edge = recorder.groupEdge(camera!.id, noon);
    recorder.recorded = [
      { start: edge - 60_000, end: edge },
      { start: edge + 60_000, end: edge + 120_000 },
    ];
    open(1, edge + 30_000);
    await expect.poll(() => status()?.kind).toBe('gap');
    await group.step(camera!.id, -1);
    await shows(edge - frameMs);
    group.seek(edge + 30_000);
    await group.step(camera!.id, 1);
    await shows(edge + 60_000);
  });

  it('end at the oldest recording', async () => {
    open();
    const oldest = recorder.groupEdge(camera!.id, noon);
    recorder.recorded = [{ start: oldest, end: noon + 600_000 }];
    group.seek(oldest);
    await shows(oldest);
    expect(await group.step(camera!.id, -1)).toBe(false);
    expect(group.time).toBe(oldest);
  });
});

describe('playing', () => {
  /** What is seen over some time: strip and clock, picture by picture. */
  async function watch(ms: number, id?: string) {
    const seen: { strip: number; time: number }[] = [];
    const until = performance.now() + ms;
    while (performance.now() < until) {
      await new Promise(requestAnimationFrame);
      const reading = strip(id);
      if (reading && !group.isHeld) seen.push({ strip: reading.timeMs, time: group.time });
    }
    return seen;
  }

  it('shows the frame of the moment, forwards, over groups', async () => {
    open();
    group.play();
    await expect.poll(() => group.time, { timeout: 3000 }).toBeGreaterThan(noon + 50);
    const seen = await watch(2500);
    const late = seen.map(({ strip: taken, time }) => time - taken).sort((a, b) => a - b);
    expect(seen.at(-1)!.strip - seen[0]!.strip).toBeGreaterThan(2000);
    expect(late[0]).toBeGreaterThanOrEqual(0);
    expect(late[Math.floor(late.length * 0.95)]).toBeLessThan(200);
  }, 10_000);

  it('keeps three cameras together within 100 ms, and says so', async () => {
    open(3);
    group.play();
    await expect.poll(() => group.skewMs, { timeout: 5000 }).toBeDefined();
    await watch(1500);
    expect(group.skewMs).toBeLessThanOrEqual(100);
    const readings = cameras.slice(0, 3).map(({ id }) => strip(id)!.timeMs);
    expect(Math.max(...readings) - Math.min(...readings)).toBeLessThanOrEqual(100);
  }, 12_000);

  it.each([-1, -4] as const)(
    'goes backwards at %d',
    async (speed) => {
      open();
      await shows(frameOf(noon));
      group.play(speed);
      await expect.poll(() => group.time, { timeout: 4000 }).toBeLessThan(noon - 300);
      const seen = await watch(1200);
      const strips = seen.map((one) => one.strip);
      expect(strips).toEqual([...strips].sort((a, b) => b - a));
      expect(new Set(strips).size).toBeGreaterThan(8);
      expect(strips[0]! - strips.at(-1)!).toBeGreaterThan(600);
      const off = seen.map(({ strip: taken, time }) => Math.abs(time - taken)).sort((a, b) => a - b);
      expect(off[Math.floor(off.length * 0.9)]).toBeLessThan(40 * Math.abs(speed) + 100);
    },
    12_000,
  );

  it('shows keyframes at high speed, and asks for no whole group', async () => {
    open();
    await shows(frameOf(noon));
    recorder.asked.length = 0;
    group.play(16);
    const seen = await watch(1000);
    expect(seen.at(-1)!.strip - noon).toBeGreaterThan(8000);
    expect(recorder.asked.filter(({ only }) => only === 'gop')).toEqual([]);
  }, 8000);

  it('goes on where the others are after it was left behind, with keyframes where that happens again', async () => {
    open();
    group.play();
    await expect.poll(() => group.time, { timeout: 5000 }).toBeGreaterThan(noon + 200);
    const picture = group.pictureOf(cameras[0]!.id)!;
    picture.catchUp();
    const from = group.time;
    await expect.poll(() => strip()?.timeMs, { timeout: 5000 }).toBeGreaterThan(from);
    picture.catchUp();
    recorder.asked.length = 0;
    await expect.poll(() => group.time, { timeout: 8000 }).toBeGreaterThan(from + 5000);
    expect(recorder.asked.length).toBeGreaterThan(0);
    expect(recorder.asked.filter(({ only }) => only === 'gop')).toEqual([]);
  }, 25_000);

  it.each([1, -1] as const)(
    'at %d goes on from where it is sent while the pictures of elsewhere are on their way',
    async (speed) => {
      open();
      await shows(frameOf(noon));
      recorder.delayMs = 250;
      group.play(speed);
      group.seek(noon + speed * 60_000);
      const there = noon + speed * 60_000;
      await expect
        .poll(() => recorder.asked.some(({ at }) => Math.abs(at - there) < 1_000 && at !== noon))
        .toBe(true);
      const to = noon - speed * 60_000;
      group.seek(to);
      await expect.poll(() => Math.abs((strip()?.timeMs ?? 0) - to), { timeout: 6000 }).toBeLessThan(5_000);
      const from = strip()!.timeMs;
      await expect
        .poll(() => ((strip()?.timeMs ?? 0) - from) * speed, { timeout: 6000 })
        .toBeGreaterThan(300);
    },
    15_000,
  );

  it('waits for a camera that is slow, and goes on without one that gives nothing', async () => {
    recorder.delayMs = 400;
    open();
    group.play();
    await expect.poll(() => group.isHeld).toBe(true);
    expect(group.time).toBeLessThan(noon + 100);
    await expect.poll(() => group.time, { timeout: 3000 }).toBeGreaterThan(noon + 200);
    recorder.refusal = 'vms-unavailable';
    group.seek(noon + 60_000);
    group.play();
    await expect.poll(() => group.time, { timeout: 4000 }).toBeGreaterThan(noon + 60_200);
    expect(status()).toEqual({ kind: 'failed', code: 'vms-unavailable' });
  }, 12_000);
});

describe('dragging', () => {
  it('shows keyframes of the small stream at once, and the exact frame at rest', async () => {
    open(2);
    await shows(frameOf(noon));
    recorder.asked.length = 0;
    for (let i = 1; i <= 30; i++) {
      group.scrub(noon + i * 1000);
      await new Promise(requestAnimationFrame);
    }
    expect(recorder.asked.every(({ only, stream }) => only === 'keyframe' && stream === 'sub')).toBe(true);
    await expect.poll(() => strip()?.timeMs).toBe(recorder.groupEdge(camera!.id, noon + 30_000, 'sub'));
    expect(status()).toEqual({ kind: 'shown', isExact: false });
    group.seek(noon + 30_333);
    for (const { id } of cameras.slice(0, 2)) await shows(frameOf(noon + 30_333), id);
  });

  it('asks for what is under it by one request for all cameras, and so for each step ahead of the hand', async () => {
    open(3);
    await shows(frameOf(noon));
    group.msPerPx = 500;
    recorder.asked.length = 0;
    recorder.previewed.length = 0;
    const ids = cameras.slice(0, 3).map(({ id }) => id);
    group.scrub(noon + 10_000);
    group.scrub(noon + 20_000);
    // Steps are as wide as the hand's last one was.
    const steps = [20_000, 30_000, 40_000, 50_000, 60_000];
    await expect
      .poll(() => recorder.previewed)
      .toEqual(steps.map((ms) => ids.map((cameraId) => ({ cameraId, at: noon + ms }))));
    expect(recorder.asked).toEqual([]);
    // There it is when the hand comes to it, without being asked for again.
    await expect.poll(() => group.shelf.best(ids[2]!, noon + 30_000, 2_000)).toBeDefined();
    group.scrub(noon + 30_000);
    group.tick();
    for (const id of ids)
      expect(group.pictureOf(id)?.shownTime).toBe(recorder.groupEdge(id, noon + 30_000, 'sub'));
    expect(recorder.previewed.slice(steps.length).flat()).not.toContainEqual({
      cameraId: ids[0],
      at: noon + 30_000,
    });
  });

  it('asks for nothing ahead before what is under it is there, and no more for where the hand did not go', async () => {
    open(2);
    await shows(frameOf(noon));
    recorder.previewed.length = 0;
    recorder.previewsHang = (at) => at > noon + 10_000;
    group.scrub(noon + 10_000);
    await expect.poll(() => recorder.previewed.length).toBe(2);
    expect(recorder.hanging).toHaveLength(1);
    expect(recorder.hanging[0]?.aborted).toBe(false);
    group.scrub(noon - 60_000);
    expect(recorder.hanging[0]?.aborted).toBe(true);
    await expect.poll(() => strip()?.timeMs).toBe(recorder.groupEdge(camera!.id, noon - 60_000, 'sub'));
  });

  it('asks what is recorded to the millisecond where a hand stays, not where it only passes', async () => {
    recorder.recorded = [{ start: noon - 40 * 86_400_000, end: noon + 600_000 }];
    open();
    await shows(frameOf(noon));
    group.msPerPx = 600_000;
    recorder.spansAsked.length = 0;
    const began = performance.now();
    let at = noon;
    while (performance.now() - began < 1_600) {
      group.scrub((at -= 3_600_000));
      await new Promise(requestAnimationFrame);
    }
    expect(recorder.spansAsked.filter(({ resolutionMs }) => resolutionMs === 1)).toEqual([]);
    await expect.poll(() => recorder.spansAsked.some(({ from, to }) => from <= at && to > at)).toBe(true);
  });

  it('within a second asks once, and for the very keyframe at rest', async () => {
    recorder.tellsUntil = false;
    open();
    await shows(frameOf(noon));
    group.msPerPx = 100;
    recorder.asked.length = 0;
    for (let i = 0; i < 40; i++) {
      group.scrub(noon + 20_100 + i * 10);
      await new Promise(requestAnimationFrame);
    }
    const here = () =>
      recorder.asked.map(({ at }) => at).filter((at) => at >= noon + 20_000 && at < noon + 21_000);
    const wasAhead = recorder.previewed.flat().some(({ at }) => at === noon + 20_000);
    expect(here().length > 0 || wasAhead).toBe(true);
    expect(here().filter((at) => at !== noon + 20_000).length).toBeLessThanOrEqual(1);
    await expect.poll(() => here().at(-1)).toBe(noon + 20_490);
  });

  it('shows small pictures while it goes on, and where it rests one as large as it was recorded', async () => {
    open(4);
    await shows(frameOf(noon));
    const canvas = canvases.get(camera!.id)!;
    const kept = group.shelf.keyframeWidth;
    expect(kept).toBeLessThan(formats.sub.width);
    // A hand rests while the first picture of all waits for its decoder.
    await group.shelf.load(camera!.id, noon - 30_000, never);
    group.scrub(noon + 30_100);
    const edge = recorder.groupEdge(camera!.id, noon + 30_100, 'sub');
    await expect.poll(() => [strip()?.timeMs, canvas.width]).toEqual([edge, kept]);
    await expect.poll(() => [strip()?.timeMs, canvas.width]).toEqual([edge, formats.sub.width]);
    group.scrub(noon + 60_100);
    await expect.poll(() => canvas.width).toBe(kept);
  });

  it('goes on past a keyframe that nobody answers for', async () => {
    open();
    await shows(frameOf(noon));
    recorder.hangs = (at) => Math.abs(at - (noon + 60_000)) < 1_000;
    group.scrub(noon + 60_000);
    group.tick();
    await expect.poll(() => recorder.asked.some(({ at }) => at === noon + 60_000)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 3_100));
    group.scrub(noon + 90_000);
    await expect
      .poll(() => strip()?.timeMs, { timeout: 4_000 })
      .toBe(recorder.groupEdge(camera!.id, noon + 90_000, 'sub'));
    expect(recorder.asked.find(({ at }) => at === noon + 60_000)?.signal.aborted).toBe(true);
  });

  it('shows the recorder’s own pictures over a film, which plays again at the end', async () => {
    const native = VideoDecoder;
    Reflect.deleteProperty(globalThis, 'VideoDecoder');
    try {
      open();
      const picture = group.pictureOf(camera!.id)!;
      expect(picture.film).toBeDefined();
      group.scrub(noon + 5_000);
      await expect.poll(() => picture.isPreview).toBe(true);
      expect(picture.shownTime).toBe(noon + 4_000);
      const canvas = canvases.get(camera!.id)!;
      const [red = 0, green = 0] = canvas.getContext('2d')!.getImageData(80, 45, 1, 1).data;
      expect([red > 200, green < 60]).toEqual([true, true]);
      group.seek(noon + 5_000);
      await expect.poll(() => picture.isPreview).toBe(false);
    } finally {
      globalThis.VideoDecoder = native;
    }
  });

  it('shows what is here already while the recorder wants to be left in peace', async () => {
    open();
    await shows(frameOf(noon));
    await group.shelf.load(camera!.id, noon + 60_000, never);
    recorder.refusal = 'overloaded';
    group.scrub(noon + 120_000);
    await expect.poll(() => status()).toEqual({ kind: 'failed', code: 'overloaded' });
    group.scrub(noon + 61_000);
    group.tick();
    expect(group.pictureOf(camera!.id)?.shownTime).toBe(recorder.groupEdge(camera!.id, noon + 60_000, 'sub'));
    expect(status()).toEqual({ kind: 'shown', isExact: false });
    group.scrub(noon + 180_000);
    group.tick();
    expect(status()).toEqual({ kind: 'failed', code: 'overloaded' });
  });

  it('back over what was seen already asks for nothing and is there in the next picture', async () => {
    open();
    for (let i = 0; i <= 20; i++) {
      group.scrub(noon + i * 1000);
      await group.shelf.load(camera!.id, noon + i * 1000, never);
    }
    await expect.poll(() => strip()?.timeMs).toBe(recorder.groupEdge(camera!.id, noon + 20_000, 'sub'));
    recorder.asked.length = 0;
    for (let i = 20; i >= 2; i--) {
      group.scrub(noon + i * 1000);
      group.tick();
      expect(group.pictureOf(camera!.id)?.shownTime).toBe(
        recorder.groupEdge(camera!.id, noon + i * 1000, 'sub'),
      );
    }
    expect(recorder.asked.filter(({ at }) => at >= noon + 2000)).toEqual([]);
  });
});

describe('where nothing is recorded', () => {
  it('says so and where it goes on, and shows the picture again behind it', async () => {
    const edge = recorder.groupEdge(camera!.id, noon);
    recorder.recorded = [
      { start: edge - 60_000, end: edge },
      { start: edge + 60_000, end: edge + 120_000 },
    ];
    open(1, edge - 500);
    await shows(frameOf(edge - 500));
    await spans.findRecorded([camera!.id], edge, 1, never);
    group.seek(edge + 10_000);
    await expect.poll(() => status()).toEqual({ kind: 'gap', next: edge + 60_000 });
    group.seek(edge + 60_500);
    await shows(frameOf(edge + 60_500));
    group.seek(edge + 300_000);
    await expect.poll(() => status(), { timeout: 3000 }).toEqual({ kind: 'gap', next: 'never' });
  });

  it('skips it where that is wanted', async () => {
    const edge = recorder.groupEdge(camera!.id, noon);
    recorder.recorded = [
      { start: edge - 60_000, end: edge },
      { start: edge + 60_000, end: edge + 120_000 },
    ];
    open(1, edge - 600);
    await spans.findRecorded([camera!.id], edge, 1, never);
    group.gaps = 'skip';
    group.play();
    await expect.poll(() => strip()?.timeMs, { timeout: 6000 }).toBeGreaterThan(edge + 60_200);
    expect(group.time).toBeLessThan(edge + 65_000);
  }, 10_000);
});

describe('what cannot be shown', () => {
  it.each(['not-permitted', 'no-recording', 'not-found'] as const)(
    'is said by its reason: %s',
    async (code) => {
      recorder.refusal = code;
      open();
      await expect.poll(() => status()).toEqual({ kind: 'failed', code });
      const { length } = recorder.asked;
      for (let i = 0; i < 50; i++) group.tick();
      expect(recorder.asked).toHaveLength(length);
    },
  );

  it('is asked for again where somebody goes elsewhere, and at once', async () => {
    recorder.refusal = 'no-recording';
    open();
    await expect.poll(() => status()).toEqual({ kind: 'failed', code: 'no-recording' });
    recorder.refusal = undefined;
    group.seek(noon + 30_000);
    await shows(frameOf(noon + 30_000));
    expect(status()).toEqual({ kind: 'shown', isExact: true });
  });

  it('is forgotten when somebody has gone elsewhere before it was said', async () => {
    open();
    await shows(frameOf(noon));
    recorder.delayMs = 150;
    recorder.refusal = 'no-recording';
    group.seek(noon + 30_000);
    await expect.poll(() => recorder.asked.at(-1)?.at).toBe(noon + 30_000);
    group.seek(noon + 40);
    await shows(frameOf(noon + 40));
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(status()).toEqual({ kind: 'shown', isExact: true });
  });

  it('is tried again when it may pass', async () => {
    recorder.refusal = 'overloaded';
    open();
    await expect.poll(() => status()).toEqual({ kind: 'failed', code: 'overloaded' });
    recorder.refusal = undefined;
    await shows(frameOf(noon));
  });

  it('is damaged, and says so', async () => {
    recorder.garbage = new TextEncoder().encode('<html>');
    open();
    await expect.poll(() => status()).toEqual({ kind: 'failed', code: 'damaged' });
  });
});

it('gives back the pictures of cameras that are taken away, and the others go on', async () => {
  open(3);
  group.play();
  await expect.poll(() => group.time, { timeout: 4000 }).toBeGreaterThan(noon + 200);
  const kept = group.pictureOf(camera!.id);
  group.show([camera!.id]);
  expect(group.cameraIds).toEqual([camera!.id]);
  expect(group.pictureOf(camera!.id)).toBe(kept);
  const { time } = group;
  await expect.poll(() => strip()?.timeMs, { timeout: 3000 }).toBeGreaterThan(time + 200);
}, 10_000);
