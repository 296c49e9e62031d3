import { type Clip, parseClip } from '#mocks/camera/clip.ts';
import { composePictures, type Pictures } from '#mocks/camera/compose.ts';
import { parseGlyphSheet, sheets } from '#mocks/camera/overlay/glyph-sheet.ts';
import type { Format } from '#mocks/camera/pictures.ts';
import { clipUrl, type SceneName } from '#mocks/camera/scenes/scenes.ts';

const bytesAt = async (url: URL): Promise<Uint8Array> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} is answered by ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

async function material(format: Format, scenes: readonly SceneName[]) {
  const clips = scenes.map(async (scene): Promise<[string, Clip]> => [
    scene,
    parseClip(await bytesAt(clipUrl(scene, format)), format),
  ]);
  const sheet = parseGlyphSheet(await bytesAt(sheets[format].url), format);
  return { clips: new Map(await Promise.all(clips)), sheet };
}

/** The coded pictures of synthetic cameras in a page: fetches the clips of these scenes, some two megabytes each. */
export async function pagePictures(scenes: readonly SceneName[]): Promise<Pictures> {
  const [main, sub] = await Promise.all([material('main', scenes), material('sub', scenes)]);
  return composePictures({ main, sub });
}
