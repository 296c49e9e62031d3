import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { nalType, splitAnnexB, typeOf } from './bitstream/nal.ts';
import { parsePps, parseSps } from './bitstream/parameter-sets.ts';
import { parseSliceHeader } from './bitstream/slice-header.ts';
import { type Format, formats, type PictureSubject } from './pictures.ts';
import { sceneNames } from './scenes/scenes.ts';
import { openPictures, PictureError } from './synthesis.ts';

const pictures = await openPictures();
const noon = Date.parse('2026-11-20T12:00:00Z');
const DAY = 86_400_000;
const both = ['main', 'sub'] as const;

const camera = (number: number): PictureSubject => ({
  number,
  caption: `Gate ${number} (north)`,
  scene: sceneNames[number % sceneNames.length]!,
});
const headers = (subject: PictureSubject, format: Format, index: number) => {
  const { sps, pps } = pictures.parameterSets(subject, format);
  return pictures
    .at(subject, format, index)
    .nalUnits.filter((nalUnit) => typeOf(nalUnit) === nalType.slice || typeOf(nalUnit) === nalType.idrSlice)
    .map((nalUnit) => parseSliceHeader(nalUnit, parseSps(sps), parsePps(pps)));
};

describe.each(both)('time in the %s format', (format) => {
  const { framesPerSecond } = formats[format];
  const subject = camera(14);

  it('counts pictures at an even rate since 1970', () => {
    const index = pictures.indexAt(subject, format, noon);
    expect(index).toBe((noon / 1000) * framesPerSecond);
    expect(pictures.timeOf(subject, format, index)).toBe(noon);
    expect(pictures.timeOf(subject, format, index + framesPerSecond)).toBe(noon + 1000);
  });

  it('finds the latest picture at or before every millisecond', () => {
    for (let timeMs = noon; timeMs < noon + 1000; timeMs++) {
      const index = pictures.indexAt(subject, format, timeMs);
      expect(pictures.timeOf(subject, format, index)).toBeLessThanOrEqual(timeMs);
      expect(pictures.timeOf(subject, format, index + 1)).toBeGreaterThan(timeMs);
    }
  });

  it('has any moment of the last 90 days, the same to the byte in any order', () => {
    const moments = Array.from({ length: 200 }, (_, i) => noon - ((i * 0.6180339) % 1) * 90 * DAY);
    const read = (timeMs: number) => pictures.at(subject, format, pictures.indexAt(subject, format, timeMs));
    const forwards = moments.map(read);
    const backwards = moments.toReversed().map(read).toReversed();
    expect(backwards).toEqual(forwards);
    forwards.forEach((unit, i) => {
      expect(Math.abs(unit.timeMs - moments[i]!)).toBeLessThanOrEqual(1000 / framesPerSecond + 1);
    });
  });
});

describe.each(both)('a coded picture in the %s format', (format) => {
  const { width, height, framesPerSecond } = formats[format];
  const start = pictures.indexAt(camera(1), format, noon);
  const columns = width / 16;

  it('has the size it should and parameter sets before every keyframe, and only there', () => {
    for (const subject of sceneNames.map((_, i) => camera(i + 1))) {
      const { sps, pps } = pictures.parameterSets(subject, format);
      const { widthInMbs, heightInMbs, crop, vui } = parseSps(sps);
      expect([widthInMbs * 16, heightInMbs * 16 - crop.bottom]).toEqual([width, height]);
      expect(vui?.timing).toEqual({ unitsInTick: 1, timeScale: 2 * framesPerSecond, isFixed: true });
      expect(vui?.restriction?.maxNumReorderFrames).toBe(0);
      for (let i = start; i < start + 2 * framesPerSecond; i++) {
        const { isKeyframe, nalUnits } = pictures.at(subject, format, i);
        const types = nalUnits.map(typeOf);
        expect(types).toEqual(isKeyframe ? [nalType.sps, nalType.pps, 5, 5] : [1, 1]);
        if (isKeyframe) expect(nalUnits.slice(0, 2)).toEqual([sps, pps]);
        expect(pictures.keyframeAtOrBefore(subject, format, i) === i).toBe(isKeyframe);
      }
    }
  });

  it("keeps the scene's slice to the byte and adds one for the rows below", async () => {
    const subject = camera(5);
    const file = await readFile(new URL(`clips/${subject.scene}.${format}.h264`, import.meta.url));
    const slices = new Set(splitAnnexB(file).map((nalUnit) => Buffer.from(nalUnit).toString('latin1')));
    for (let i = start; i < start + 4 * framesPerSecond; i++) {
      const scene = pictures.at(subject, format, i).nalUnits.at(-2)!;
      expect(slices.has(Buffer.from(scene).toString('latin1'))).toBe(true);
      const [first, second] = headers(subject, format, i);
      expect(second).toEqual({
        ...first,
        firstMb: (Math.ceil(height / 16) - 2) * columns,
        qp: 28,
        deblocking: 1,
      });
    }
  });

  it('gives two keyframes in a row different ids, every two seconds, past the loop too', () => {
    const subject = camera(2);
    let before: number | undefined;
    let at = pictures.keyframeAtOrBefore(subject, format, start);
    for (let round = 0; round < 40; round++) {
      const id = headers(subject, format, at)[0]!.idrPicId;
      expect(id).toBeDefined();
      expect(id).not.toBe(before);
      before = id;
      expect(pictures.keyframeAtOrBefore(subject, format, at + 2 * framesPerSecond - 1)).toBe(at);
      at += 2 * framesPerSecond;
    }
  });

  it('has any picture as a keyframe: the rows below its own, the scene that of the keyframe before', () => {
    const subject = camera(6);
    const keyframe = pictures.keyframeAtOrBefore(subject, format, start);
    const before = pictures.at(subject, format, keyframe);
    expect(pictures.asKeyframe(subject, format, keyframe)).toEqual(before);
    const index = keyframe + 11;
    const { nalUnits, ...rest } = pictures.asKeyframe(subject, format, index);
    expect(rest).toEqual({ isKeyframe: true, index, timeMs: pictures.timeOf(subject, format, index) });
    expect(nalUnits.slice(0, -1)).toEqual(before.nalUnits.slice(0, -1));
    expect(nalUnits.at(-1)).not.toEqual(before.nalUnits.at(-1));
  });

  it('spreads the keyframes of many cameras over the two seconds', () => {
    const gop = 2 * framesPerSecond;
    const phases = Array.from({ length: 36 }, (_, i) => {
      const subject = camera(i + 1);
      return pictures.keyframeAtOrBefore(subject, format, start) % gop;
    });
    const perPhase = Map.groupBy(phases, (phase) => phase);
    expect(perPhase.size).toBeGreaterThanOrEqual(15);
    expect(Math.max(...[...perPhase.values()].map((same) => same.length))).toBeLessThanOrEqual(3);
  });

  it('shows cameras of the same scene at different moments of it', () => {
    const scenes = [1, 2, 3, 4].map((number) => {
      const [slice] = pictures
        .at({ ...camera(number), scene: sceneNames[0] }, format, start)
        .nalUnits.slice(-2);
      return Buffer.from(slice!).toString('latin1');
    });
    expect(new Set(scenes).size).toBe(4);
  });
});

describe('caption and clock', () => {
  it('take at most 60 kbit/s of the small format', () => {
    const subject = { ...camera(999), caption: 'Q&8@#%MW$gy '.repeat(6) };
    const start = pictures.indexAt(subject, 'sub', noon - 30_000);
    let bytes = 0;
    for (let i = start; i < start + 60 * 15; i++)
      bytes += pictures.at(subject, 'sub', i).nalUnits.at(-1)!.length;
    expect((bytes * 8) / 60).toBeLessThanOrEqual(60_000);
  });

  it('take whatever text they are given', () => {
    for (const caption of ['', 'Café – ‘Straße’ № 7', 'بوابة', '\u0000\n', 'x'.repeat(500)]) {
      const subject = { ...camera(7), caption };
      expect(pictures.at(subject, 'sub', 1).nalUnits.length).toBeGreaterThan(1);
    }
  });
});

it('a scene that there is not is refused by name', () => {
  const subject = { number: 1, caption: 'x', scene: 'moon' };
  expect(() => pictures.at(subject, 'sub', 1)).toThrow(PictureError);
  expect(() => pictures.parameterSets(subject, 'main')).toThrow('moon');
});
