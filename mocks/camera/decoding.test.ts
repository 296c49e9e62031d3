import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { joinAnnexB, nalType, splitAnnexB, typeOf } from './bitstream/nal.ts';
import { colours } from './overlay/layout.ts';
import { type Format, formats, type PictureSubject } from './pictures.ts';
import { clipFormats, clipUrl, sceneNames } from './scenes/scenes.ts';
import { CELLS, fillStrip, readStrip } from './strip.ts';
import { openPictures } from './synthesis.ts';
import { decode, ffmpeg, hasFfmpeg, recode } from './testing/ffmpeg.ts';

const pictures = await openPictures();
const noon = Date.parse('2026-11-20T12:00:00Z');
const DAY = 86_400_000;
const camera: PictureSubject = { number: 714, caption: 'Al Wasl Rd / Gate 3 (north)', scene: sceneNames[0] };

/** Coded pictures from the keyframe at or before a moment on. */
function filmed(subject: PictureSubject, format: Format, timeMs: number, seconds: number) {
  const first = pictures.keyframeAtOrBefore(subject, format, pictures.indexAt(subject, format, timeMs));
  const units = Array.from({ length: Math.round(seconds * formats[format].framesPerSecond) }, (_, i) =>
    pictures.at(subject, format, first + i),
  );
  return {
    units,
    stream: joinAnnexB(units.flatMap(({ nalUnits }) => nalUnits)),
    times: units.map(({ timeMs }) => timeMs),
  };
}

/** The slices among NAL units, as strings to compare. */
const slicesOf = (nalUnits: readonly Uint8Array[]): string[] =>
  nalUnits
    .filter((nalUnit) => [nalType.slice, nalType.idrSlice].includes(typeOf(nalUnit) as 1))
    .map((nalUnit) => Buffer.from(nalUnit).toString('latin1'));

/** A hash of each decoded picture, as far as it belongs to the scene. */
async function sceneHashes(stream: Uint8Array, format: Format): Promise<string[]> {
  const { width, height } = clipFormats[format];
  const { words, output } = await ffmpeg(
    stream,
    ...['-vf', `crop=${width}:${height}:0:0`, '-fps_mode', 'passthrough'],
    ...['-f', 'framehash', '-hash', 'adler32', 'pipe:1'],
  );
  if (words !== '') throw new Error(words);
  const lines = output.toString().split('\n');
  return lines.filter((line) => /^\d/.test(line)).map((line) => line.split(',').at(-1)!.trim());
}

/** Every fourth picture: reading back large pictures takes longer than decoding them. */
const onlySome = "select='not(mod(n,4))'";

// Other decoders are lenient in other places; FFmpeg says whatever it finds odd.
describe.skipIf(!hasFfmpeg)(
  'decoded by FFmpeg (skipped where there is none on the PATH)',
  { timeout: 30_000 },
  () => {
    it.each(['main', 'sub'] as const)(
      'a minute of a camera in the %s format brings no warning',
      async (format) => {
        const { stream, times } = filmed(camera, format, noon - 20_500, 60);
        const { exitCode, words, output } = await ffmpeg(
          stream,
          ...['-fps_mode', 'passthrough', '-progress', 'pipe:1', '-f', 'null', '-'],
        );
        expect(words).toBe('');
        expect(exitCode).toBe(0);
        expect(output.toString()).toContain(`frame=${times.length}\n`);
      },
    );

    it.each([
      ['main', 1280, 720, noon - 1000],
      ['main', 320, 180, noon - 89 * DAY],
      ['sub', 640, 360, Date.parse('2026-12-31T23:59:59.500Z')],
      ['sub', 500, 281, noon - 30 * DAY],
      ['sub', 320, 180, noon - 89.9 * DAY],
      ['sub', 214, 120, noon - 3 * DAY],
      ['sub', 1280, 720, Date.parse('2028-02-29T23:59:59Z')],
    ] as const)('pictures of %s carry their strip at %i × %i', async (format, width, height, timeMs) => {
      const { stream, times } = filmed(camera, format, timeMs, 2.2);
      const filter = `${onlySome},scale=${width}:${height}`;
      const readings = (await decode(stream, width, height, 'rgba', filter)).map(readStrip);
      const some = times.filter((_, i) => i % 4 === 0);
      expect(readings).toEqual(some.map((time) => ({ number: 714, timeMs: time })));
    });

    it.each(['main', 'sub'] as const)('so do pictures of %s that were made keyframes', async (format) => {
      const { width, height } = formats[format];
      const first = pictures.indexAt(camera, format, noon);
      const units = [0, 1, 7, 20].map((i) => pictures.asKeyframe(camera, format, first + i));
      const stream = joinAnnexB(units.flatMap(({ nalUnits }) => nalUnits));
      const readings = (await decode(stream, width, height)).map(readStrip);
      expect(readings).toEqual(units.map(({ timeMs }) => ({ number: 714, timeMs })));
    });

    it.each([
      [34, 'scale=640:360'],
      [32, 'scale=320:180'],
    ])('most carry it after coding afresh at quality %i, %s', async (crf, filter) => {
      const { stream, times } = filmed(camera, 'sub', noon, 4);
      const recoded = await recode(stream, crf, filter);
      expect(recoded.length).toBeLessThan(stream.length / 3);
      const readings = (await decode(recoded, 320, 180)).map(readStrip);
      const right = readings.filter((reading, i) => reading?.timeMs === times[i] && reading?.number === 714);
      expect(right.length / times.length).toBeGreaterThan(0.9);
    });

    it.each(['main', 'sub'] as const)('cells of the %s strip are flat and exact', async (format) => {
      const { width, height } = formats[format];
      const { stream, times } = filmed(camera, format, noon, 2.4);
      const cells = new Uint8Array(CELLS);
      const side = width / CELLS;
      const decoded = await decode(
        stream,
        width,
        side,
        'yuv420p',
        `crop=${width}:${side}:0:${height - side}:exact=1`,
      );
      decoded.forEach(({ data }, i) => {
        fillStrip(cells, 714, times[i]!);
        const line = Array.from({ length: width }, (_, x) =>
          cells[Math.floor(x / side)] === 1 ? colours.cell : colours.background,
        );
        for (let y = 0; y < side; y++) expect([...data.subarray(y * width, (y + 1) * width)]).toEqual(line);
        expect(new Set(data.subarray(width * side))).toEqual(new Set([128]));
      });
    });

    // Motion vectors or deblocking that reached over the scene's lower edge would show here.
    it.each(sceneNames.flatMap((scene) => [[scene, 'sub'] as const, [scene, 'main'] as const]))(
      'the %s scene comes out of the %s format as it was drawn, once around and past the loop',
      async (scene, format) => {
        const clip = await readFile(clipUrl(scene, format));
        const clipSlices = slicesOf(splitAnnexB(clip));
        const seconds = clipSlices.length / clipFormats[format].framesPerSecond + 2;
        const { stream, units } = filmed({ number: 3, caption: '', scene }, format, noon, seconds);
        const slices = units.map(({ nalUnits }) => slicesOf(nalUnits.slice(0, -1))[0]);
        const place = (i: number, from: number) => (from + i) % clipSlices.length;
        const from = clipSlices.findIndex((_, at) =>
          slices.every((slice, i) => slice === clipSlices[place(i, at)]),
        );
        expect(from).toBeGreaterThanOrEqual(0);

        const [drawn, shown] = await Promise.all([sceneHashes(clip, format), sceneHashes(stream, format)]);
        const wrong = shown.flatMap((hash, i) => (hash === drawn[place(i, from)] ? [] : [i]));
        expect(wrong).toEqual([]);
        expect([drawn.length, shown.length]).toEqual([clipSlices.length, slices.length]);
      },
    );
  },
);
