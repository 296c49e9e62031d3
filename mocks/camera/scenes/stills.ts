import { spawnSync } from 'node:child_process';
import { renameSync, statSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { EncodeError, requireFfmpeg } from './render/x264.ts';
import { clipFormats, clipUrl, sceneNames, stillsUrl, type SceneName } from './scenes.ts';

/** FFmpeg's scale for JPEG, 2 (best) to 31: some 25 kB a picture. */
const quality = 6;

/** Takes a picture a second out of the scene's small clip and puts them one behind the other. */
function takeStills(name: SceneName): void {
  const { framesPerSecond } = clipFormats.sub;
  const file = fileURLToPath(stillsUrl(name));
  const filter =
    `select='not(mod(n,${framesPerSecond}))',` +
    // JPEG has its own colours: those of television before HD, in the full range.
    'scale=in_color_matrix=bt709:in_range=tv:out_color_matrix=bt601:out_range=pc,format=yuvj420p';
  const { status, error, stderr } = spawnSync('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...['-f', 'h264', '-r', String(framesPerSecond), '-i', fileURLToPath(clipUrl(name, 'sub'))],
    ...['-vf', filter, '-fps_mode', 'passthrough', '-flags', '+bitexact'],
    ...['-q:v', String(quality), '-huffman', 'default', '-f', 'mjpeg', `${file}.part`],
  ]);
  if (status !== 0)
    throw new EncodeError('ffmpeg-failed', `FFmpeg gave up on ${file}: ${stderr.toString().trim()}`, {
      cause: error,
    });
  // Whole or not at all: an interrupted run leaves the old ones.
  renameSync(`${file}.part`, file);
  process.stdout.write(`${name}: ${Math.round(statSync(file).size / 1000)} kB\n`);
}

// node mocks/camera/scenes/stills.ts [scene…]: after encode.ts, from the clips it has made.
const asked = process.argv.slice(2);
try {
  requireFfmpeg();
  for (const name of sceneNames.filter((known) => asked.length === 0 || asked.includes(known)))
    takeStills(name);
} catch (error) {
  if (!(error instanceof EncodeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
