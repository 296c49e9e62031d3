import { describe, expect, it } from 'vitest';
import { Segmenter } from './segmenter.ts';
import { parameterSets, picture } from './testing/pictures.ts';

interface Shoot {
  readonly seconds: number;
  readonly fps?: number;
  readonly gop?: number;
  readonly jitter?: (index: number) => number;
  readonly sets?: readonly Uint8Array[];
  readonly bytes?: number;
}

/** A camera that begins at tick 1,000,000, which was at one second past the epoch. */
function camera(first = 100) {
  const segmenter = new Segmenter('H264', first);
  let start = 1_000_000;
  return {
    segmenter,
    shoot: ({
      seconds,
      fps = 15,
      gop = 2,
      jitter = () => 0,
      sets = parameterSets.small,
      bytes = 100,
    }: Shoot) => {
      const count = Math.round(seconds * fps);
      const completed: number[] = [];
      for (let i = 0; i < count; i++) {
        const at = start + Math.round((i * 90_000) / fps) + jitter(i);
        if (
          segmenter.push(
            picture(at, i % Math.round(gop * fps) === 0, sets, bytes),
            (at - 1_000_000) / 90 + 1000,
          )
        )
          completed.push(i);
      }
      start += Math.round((count * 90_000) / fps);
      return completed;
    },
    pause: (seconds: number) => {
      start += seconds * 90_000;
    },
    /** Parts of each segment, in ms. */
    get parts() {
      return segmenter.segments.map((segment) => segment.parts.map((part) => Math.round(part.duration / 90)));
    },
  };
}

/** When the first picture of a part is decoded, in ticks. */
const decodeTime = (part: Uint8Array | undefined): number =>
  Number(Buffer.from(part ?? []).readBigUInt64BE(8 + 16 + 8 + 16 + 12));

describe('segments and parts', () => {
  it('begin at keyframes, in parts of 200 ms', () => {
    const { segmenter, shoot } = camera();
    shoot({ seconds: 5 });
    expect(segmenter.segments).toMatchObject([
      { msn: 100, isComplete: true, startMs: 1000, duration: 180_000, init: 100 },
      { msn: 101, isComplete: true, startMs: 3000, duration: 180_000, init: 100 },
      { msn: 102, isComplete: false, startMs: 5000, init: 100 },
    ]);
    expect(segmenter.segments[0]?.parts).toHaveLength(10);
    expect(segmenter.segments[0]?.parts.map((part) => part.isIndependent)).toEqual([
      true,
      ...Array<boolean>(9).fill(false),
    ]);
    expect(segmenter.partTarget).toBe(19_800);
    expect(segmenter.next).toEqual({ msn: 102, part: 4 });
  });

  it.each([
    [25, 200],
    [30, 200],
    [12, 167],
    [8, 250],
    [4, 250],
    [1, 1000],
  ])('at %i pictures a second have parts of %i ms', (fps, ms) => {
    const to = camera();
    to.shoot({ seconds: 7, fps });
    expect(to.parts[1]?.slice(0, -1)).toSatisfy((parts: number[]) => parts.every((part) => part === ms));
    expect(to.segmenter.partTarget).toBeGreaterThanOrEqual(ms * 90);
  });

  it('last at least a second however close the keyframes are', () => {
    const to = camera();
    to.shoot({ seconds: 5, gop: 0.4 });
    expect(to.segmenter.segments.filter((s) => s.isComplete).map((s) => s.duration)).toEqual([
      108_000, 108_000, 108_000, 108_000,
    ]);
    expect(to.segmenter.segments[0]?.parts.map((part) => part.isIndependent)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  it('follow each other without a gap or an overlap, whatever the camera’s jitter', () => {
    const to = camera();
    to.shoot({ seconds: 9, jitter: (i) => ((i * 7919) % 21) * 90 - 900 });
    const parts = to.segmenter.segments.flatMap((segment) => segment.parts);
    expect(parts.length).toBeGreaterThan(30);
    let at = 1_000_000 - 900;
    for (const part of parts) {
      expect(decodeTime(part.bytes)).toBe(at);
      at += part.duration;
    }
  });

  it('are told of as soon as they are complete', () => {
    const to = camera();
    // The fourth picture tells how long the third one lasted.
    expect(to.shoot({ seconds: 1 })).toEqual([3, 6, 9, 12]);
  });

  it('wait for a keyframe to begin with', () => {
    const { segmenter } = camera();
    expect(segmenter.push(picture(0, false), 0)).toBe(false);
    expect(segmenter.segments).toEqual([]);
    expect(segmenter.next).toEqual({ msn: 100, part: 0 });
  });
});

describe('when something breaks', () => {
  it('a lost source ends its segment; the next one does not follow, but keeps the initialisation', () => {
    const to = camera();
    to.shoot({ seconds: 2.4 });
    expect(to.segmenter.break()).toBe(true);
    expect(to.segmenter.break()).toBe(false);
    expect(to.segmenter.segments.at(-1)).toMatchObject({ msn: 101, isComplete: true, duration: 36_000 });
    expect(to.segmenter.next).toEqual({ msn: 102, part: 0 });
    to.pause(7.6);
    to.shoot({ seconds: 1 });
    const [, before, after] = to.segmenter.segments;
    expect(after).toMatchObject({ init: 100, startMs: 11_000 });
    expect(after?.discontinuity).toBe((before?.discontinuity ?? 0) + 1);
    expect(decodeTime(after?.parts[0]?.bytes)).toBe(1_000_000 + 10 * 90_000);
  });

  it('other parameter sets bring an initialisation segment of their own', () => {
    const to = camera();
    to.shoot({ seconds: 4 });
    to.shoot({ seconds: 2, sets: parameterSets.large });
    expect(to.segmenter.segments.map(({ init }) => init)).toEqual([100, 100, 102]);
    const [, before, after] = to.segmenter.segments;
    expect(after?.discontinuity).toBe((before?.discontinuity ?? 0) + 1);
    expect(to.segmenter.track).toMatchObject({ width: 1920, codecString: 'avc1.640028' });
    expect(Buffer.from(to.segmenter.init(102) ?? []).includes('avcC')).toBe(true);
    to.shoot({ seconds: 30, sets: parameterSets.large });
    expect(to.segmenter.init(100)).toBeUndefined();
  });

  it('pictures lost before a keyframe are taken out of the time line', () => {
    const to = camera();
    to.shoot({ seconds: 3 });
    to.pause(1);
    to.shoot({ seconds: 2 });
    const [, before, after] = to.segmenter.segments;
    expect(before?.duration).toBe(90_000);
    expect(after?.discontinuity).toBe((before?.discontinuity ?? 0) + 1);
  });

  it('a camera that takes its time between pictures is not broken', () => {
    const to = camera();
    to.shoot({ seconds: 8, fps: 0.5, gop: 2 });
    expect(new Set(to.segmenter.segments.map(({ discontinuity }) => discontinuity)).size).toBe(1);
  });

  it('parameter sets that cannot be read are waited out', () => {
    const to = camera();
    to.shoot({ seconds: 2, sets: [Buffer.from('6742c01eda', 'hex'), parameterSets.small[1]] });
    expect(to.segmenter.segments).toEqual([]);
    to.shoot({ seconds: 2 });
    expect(to.segmenter.segments).toMatchObject([{ msn: 100, startMs: 3000 }]);
  });
});

describe('memory', () => {
  it('holds seven whole segments in the list and two more for those who have just read it', () => {
    const to = camera();
    to.shoot({ seconds: 60 });
    expect(to.segmenter.segments.map(({ msn }) => msn)).toEqual([122, 123, 124, 125, 126, 127, 128, 129]);
    expect(to.segmenter.segment(120)?.isComplete).toBe(true);
    expect(to.segmenter.segment(119)).toBeUndefined();
  });

  it('holds fewer when they are large, and cuts one whose keyframe does not come', () => {
    const to = camera();
    to.shoot({ seconds: 60, bytes: 100_000 });
    const held = to.segmenter.segments.filter(({ isComplete }) => isComplete);
    expect(held).toHaveLength(5);
    const other = camera();
    other.shoot({ seconds: 50, gop: 100 });
    expect(other.segmenter.segments.map(({ duration }) => Math.round(duration / 90_000))).toEqual([
      20, 20, 10,
    ]);
    expect(other.segmenter.segments.map(({ parts }) => parts[0]?.isIndependent)).toEqual([
      true,
      false,
      false,
    ]);
    expect(other.segmenter.targetS).toBe(20);
    const heavy = camera();
    heavy.shoot({ seconds: 60, gop: 100, bytes: 100_000 });
    expect(
      Math.max(
        ...heavy.segmenter.segments.flatMap(({ parts }) =>
          parts.reduce((sum, part) => sum + part.bytes.length, 0),
        ),
      ),
    ).toBeLessThan(8_500_000);
  });
});

it('tells what a playlist has to say of the stream', () => {
  const to = camera();
  to.shoot({ seconds: 6, bytes: 2000, jitter: (i) => (i % 3) * 90 });
  const { pictures, average, peak } = to.segmenter.rates;
  expect(pictures).toBeCloseTo(15, 0);
  expect(average).toBeGreaterThan(15 * 2000 * 8);
  expect(average).toBeLessThan(15 * 2000 * 8 * 1.1);
  expect(peak).toBeGreaterThanOrEqual(average);
  expect(to.segmenter.targetS).toBe(2);
});
