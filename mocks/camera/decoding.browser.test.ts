import { describe, expect, it } from 'vitest';
import { type Clip, parseClip } from './clip.ts';
import { composePictures } from './compose.ts';
import { parseGlyphSheet, sheets } from './overlay/glyph-sheet.ts';
import { type AccessUnit, type Format, formats, type PictureSubject } from './pictures.ts';
import { clipUrl, sceneNames } from './scenes/scenes.ts';
import { readStrip, type StripReading } from './strip.ts';

const [scene] = sceneNames;
const camera: PictureSubject = { number: 27, caption: 'Gate 3 (north)', scene };
const noon = Date.parse('2026-11-20T12:00:00Z');

const bytesAt = async (url: URL): Promise<Uint8Array> => (await fetch(url)).bytes();

async function material(format: Format) {
  const clip = parseClip(await bytesAt(clipUrl(scene, format)), format);
  const sheet = parseGlyphSheet(await bytesAt(sheets[format].url), format);
  return { clips: new Map<string, Clip>([[scene, clip]]), sheet };
}

/** A WebCodecs chunk in Annex B, parameter sets in front of keyframes. */
function chunkOf(unit: AccessUnit): EncodedVideoChunk {
  const data = Uint8Array.from(unit.nalUnits.flatMap((nalUnit) => [0, 0, 0, 1, ...nalUnit]));
  return new EncodedVideoChunk({
    type: unit.isKeyframe ? 'key' : 'delta',
    timestamp: unit.timeMs * 1000,
    data,
  });
}

/** Decodes access units one after the other and reads the strip as a tile of the given width would show it. */
async function watch(units: readonly AccessUnit[], width: number): Promise<(StripReading | undefined)[]> {
  const height = Math.round((width * 9) / 16);
  const pen = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!pen) throw new Error('No canvas');
  const readings: (StripReading | undefined)[] = [];
  const failed = Promise.withResolvers<never>();
  const decoder = new VideoDecoder({
    output(frame) {
      pen.drawImage(frame, 0, 0, width, height);
      frame.close();
      readings.push(readStrip(pen.getImageData(0, 0, width, height)));
    },
    error: (error) => failed.reject(error),
  });
  decoder.configure({ codec: 'avc1.42c01f', optimizeForLatency: true });
  for (const unit of units) decoder.decode(chunkOf(unit));
  await Promise.race([decoder.flush(), failed.promise]);
  decoder.close();
  return readings;
}

describe.each(['main', 'sub'] as const)('decoded by the browser, pictures of %s', (format) => {
  it.each([formats[format].width, 500, 320])(
    'carry their strip on a canvas %i pixels wide',
    async (width) => {
      const pictures = composePictures({ main: await material('main'), sub: await material('sub') });
      const first = pictures.keyframeAtOrBefore(camera, format, pictures.indexAt(camera, format, noon));
      const units = Array.from({ length: 2.4 * formats[format].framesPerSecond }, (_, i) =>
        pictures.at(camera, format, first + i),
      );
      const expected = units.map(({ timeMs }) => ({ number: 27, timeMs }));
      expect(await watch(units, width)).toEqual(expected);
    },
  );
});
