import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { formats, type Format } from '../pictures.ts';
import { clipUrl } from '../scenes/scenes.ts';
import { hevcScene, hevcSeconds, hevcUrl } from './hevc.ts';

/**
 * Makes the H.265 clips of one scene from its H.264 ones, with FFmpeg and its x265: `node mocks/camera/hevc/encode.ts`.
 * Where other cameras have caption, clock and strip there is a plain bar: nothing here writes those in H.265.
 */
const gopSeconds = 2;
for (const format of Object.keys(formats) as Format[]) {
  const { width, height, framesPerSecond } = formats[format];
  const gop = framesPerSecond * gopSeconds;
  const x265 = `keyint=${gop}:min-keyint=${gop}:scenecut=0:open-gop=0:bframes=0:repeat-headers=1:aud=0:info=0:pools=none:log-level=error`;
  const { status } = spawnSync(
    'ffmpeg',
    [
      ...['-hide_banner', '-loglevel', 'error', '-y', '-r', String(framesPerSecond)],
      ...[
        '-i',
        fileURLToPath(clipUrl(hevcScene, format)),
        '-frames:v',
        String(hevcSeconds * framesPerSecond),
      ],
      ...['-vf', `pad=${width}:${height}:0:0:color=0x1c1c1c`, '-an', '-c:v', 'libx265', '-preset', 'slow'],
      ...['-profile:v', 'main', '-crf', '31', '-x265-params', x265, '-f', 'hevc'],
      fileURLToPath(hevcUrl(format)),
    ],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exit(1);
}
