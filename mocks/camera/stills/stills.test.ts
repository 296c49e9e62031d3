import { readFile } from 'node:fs/promises';
import { decode as decodeJpeg } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { siteCameras } from '#mocks/site/cameras.ts';
import { secondsIntoLoop } from '../compose.ts';
import { loopSeconds, stillsUrl } from '../scenes/scenes.ts';
import { readStrip } from '../strip.ts';
import { openPictures } from '../synthesis.ts';
import { decode as decodeVideo, hasFfmpeg } from '../testing/ffmpeg.ts';
import { openStills, sizeFor } from './stills.ts';
import { readScenes, StillsError } from './stored-scene.ts';

const timeMs = Date.parse('2026-11-20T12:04:31.240Z');
const stills = await openStills();
const camera = siteCameras[0]!;
const decode = (jpeg: Uint8Array) => decodeJpeg(jpeg, { useTArray: true });

describe('a still', () => {
  it.each([640, 480, 427, 320, 240, 192, 160])(
    'says camera and moment in its strip, %i pixels wide',
    (width) => {
      for (const subject of siteCameras.slice(0, 3)) {
        const picture = decode(stills.draw(subject, timeMs + subject.number, { width }));
        expect(picture).toMatchObject({ width, height: Math.round((width * 9) / 16) });
        expect(readStrip(picture)).toEqual({ number: subject.number, timeMs: timeMs + subject.number });
      }
    },
  );

  it('is there of every camera of the site', () => {
    expect(siteCameras.filter((subject) => !stills.has(subject))).toEqual([]);
  });

  it('is the same to the byte whenever it is asked for', () => {
    const first = stills.draw(camera, timeMs, { width: 320 });
    stills.draw(camera, timeMs + 7000, { width: 320 });
    stills.draw(siteCameras[1]!, timeMs, { width: 320 });
    expect(Buffer.from(stills.draw(camera, timeMs, { width: 320 })).equals(first)).toBe(true);
  });

  it('follows the scene second by second, round the loop', () => {
    const atLine = (at: number) => {
      const { data, width } = decode(stills.draw(camera, at, { width: 320 }));
      return Buffer.from(data.subarray(0, width * 150 * 4)).toString('base64');
    };
    const second = (at: number) => Math.round(secondsIntoLoop(camera, at)) % loopSeconds;
    const moments = Array.from({ length: loopSeconds }, (_, i) => timeMs + i * 1000);
    expect(new Set(moments.map(second)).size).toBe(loopSeconds);
    expect(new Set(moments.map(atLine)).size).toBe(loopSeconds);
    expect(atLine(timeMs + loopSeconds * 1000)).toBe(atLine(timeMs));
  });

  it('is smaller in bytes at a lower quality', () => {
    const sizes = [90, 75, 40].map((quality) => stills.draw(camera, timeMs, { width: 320, quality }).length);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sizes[2]).toBeLessThan(sizes[0]! / 2);
  });

  it.each([
    [{ width: Infinity }, 640, 360],
    [{ width: 1920 }, 640, 360],
    [{ width: 0 }, 640, 360],
    [{ width: 320.9 }, 320, 180],
    [{ width: 640, height: 90 }, 160, 90],
    [{ width: 100, height: 300 }, 100, 56],
    [{ width: 100, height: 300, isStretched: true }, 100, 300],
    [{ width: 1 }, 32, 32],
  ])('asked for as %j is %i × %i', (wish, width, height) => {
    expect(sizeFor(wish)).toEqual({ width, height });
    expect(decode(stills.draw(camera, timeMs, wish))).toMatchObject({ width, height });
  });

  it('cannot be had of a scene that nobody has drawn', () => {
    const elsewhere = { ...camera, scene: 'elsewhere' };
    expect(stills.has(elsewhere)).toBe(false);
    expect(() => stills.draw(elsewhere, timeMs, { width: 320 })).toThrow(RangeError);
  });

  it.skipIf(!hasFfmpeg)('shows what the video shows at that moment', async () => {
    const pictures = await openPictures();
    for (const subject of [siteCameras[0]!, siteCameras[60]!]) {
      const newest = pictures.indexAt(subject, 'sub', timeMs);
      const index = pictures.keyframeAtOrBefore(subject, 'sub', newest);
      const { nalUnits, timeMs: at } = pictures.at(subject, 'sub', index);
      const stream = Buffer.concat(nalUnits.flatMap((nal) => [Buffer.from([0, 0, 0, 1]), nal]));
      const [video] = await decodeVideo(stream, 640, 360);
      const still = decode(stills.draw(subject, at, { width: 640, quality: 90 }));
      const difference = (from: number, to: number): number => {
        let sum = 0;
        for (let i = from * 640 * 4; i < to * 640 * 4; i++) sum += Math.abs(video!.data[i]! - still.data[i]!);
        return sum / ((to - from) * 640 * 4);
      };
      expect(difference(0, 336)).toBeLessThan(8);
      // Letters and cells stand on the same pixels: a shift by one would be several times as much.
      expect(difference(336, 360)).toBeLessThan(3);
    }
  });
});

describe('the pictures of a scene', () => {
  it('are one for each second of its loop', async () => {
    const file = await readFile(stillsUrl('junction'));
    const scenes = readScenes(file);
    expect(scenes).toHaveLength(loopSeconds);
    expect(Buffer.concat(scenes.map(({ jpeg }) => jpeg)).equals(file)).toBe(true);
  });

  it('are refused when some are missing, cut off, of another kind or something else', async () => {
    const file = await readFile(stillsUrl('junction'));
    const first = file.subarray(0, file.indexOf(Buffer.from([0xff, 0xd9])) + 2);
    const other = Buffer.from(stills.draw(camera, timeMs, { width: 320 }));
    for (const wrong of [
      first,
      file.subarray(0, -3),
      file.subarray(1),
      Buffer.concat(Array<Buffer>(loopSeconds).fill(other)),
      Buffer.from('no picture'),
      Buffer.alloc(0),
    ])
      expect(() => readScenes(wrong)).toThrow(StillsError);
  });
});
