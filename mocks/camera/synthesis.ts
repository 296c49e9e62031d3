import { readdir, readFile } from 'node:fs/promises';
import { parseClip } from './clip.ts';
import { composePictures, type Material, type Pictures } from './compose.ts';
import { parseGlyphSheet, sheets } from './overlay/glyph-sheet.ts';
import type { Format } from './pictures.ts';

export { PictureError, type Pictures } from './compose.ts';

const clipsFolder = new URL('clips/', import.meta.url);

/**
 * Reads the clips of all scenes and the glyphs, once for all cameras: some megabytes, shared by every picture.
 * Rejects when a file cannot be read, and with a BitstreamError when a clip breaks the rules of clip.ts.
 */
export async function openPictures(folder: URL = clipsFolder): Promise<Pictures> {
  const [main, sub] = await Promise.all([readMaterial('main', folder), readMaterial('sub', folder)]);
  return composePictures({ main, sub });
}

async function readMaterial(format: Format, folder: URL): Promise<Material> {
  const suffix = `.${format}.h264`;
  const names = (await readdir(folder)).filter((name) => name.endsWith(suffix));
  const clips = names.map(
    async (name) =>
      [name.slice(0, -suffix.length), parseClip(await readFile(new URL(name, folder)), format)] as const,
  );
  return {
    clips: new Map(await Promise.all(clips)),
    sheet: parseGlyphSheet(await readFile(sheets[format].url), format),
  };
}
