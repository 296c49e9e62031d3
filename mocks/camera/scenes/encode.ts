import { mkdirSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EncodeError, encodeClip, requireFfmpeg } from './render/x264.ts';
import { clipFormats, clipUrl, loopSeconds, type ClipFormat, type SceneName } from './scenes.ts';
import { stageOf, views } from './views.ts';

/** Draws one scene in one size and encodes it into `mocks/camera/clips`. */
async function encodeScene(name: SceneName, format: ClipFormat): Promise<void> {
  const { framesPerSecond } = clipFormats[format];
  const began = performance.now();
  const stage = await stageOf(name, format);
  const file = fileURLToPath(clipUrl(name, format));
  mkdirSync(new URL('.', clipUrl(name, format)), { recursive: true });
  function* pictures(): Generator<Uint8ClampedArray> {
    for (let i = 0; i < loopSeconds * framesPerSecond; i++) yield stage.picture(i / framesPerSecond);
  }
  await encodeClip(format, pictures(), `${file}.part`);
  // Whole or not at all: an interrupted run leaves the old clip.
  renameSync(`${file}.part`, file);
  const { size } = statSync(file);
  const rate = Math.round((size * 8) / loopSeconds / 1000);
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(
    `${name}.${format}: ${(size / 1e6).toFixed(2)} MB, ${rate} kbit/s, drawn and encoded in ${seconds} s`,
  );
}

// node mocks/camera/scenes/encode.ts [scene…] [--main|--sub]
const words = process.argv.slice(2);
const formats = (Object.keys(clipFormats) as ClipFormat[]).filter(
  (format) => !words.some((word) => word.startsWith('--')) || words.includes(`--${format}`),
);
const asked = words.filter((word) => !word.startsWith('--'));
const sceneNames = Object.keys(views) as SceneName[];
const unknown = asked.filter((word) => !sceneNames.some((name) => name === word));
if (unknown.length > 0) {
  console.error(`No scene is called ${unknown.join(' or ')}. There are: ${sceneNames.join(', ')}.`);
  process.exit(2);
}
try {
  requireFfmpeg();
  for (const name of sceneNames.filter((known) => asked.length === 0 || asked.includes(known))) {
    for (const format of formats) await encodeScene(name, format);
  }
} catch (error) {
  if (!(error instanceof EncodeError)) throw error;
  console.error(error.message);
  process.exit(1);
}
