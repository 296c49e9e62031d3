/**
 * RTSP cameras to try things on, by hand: `node mocks/camera/main.ts --port 8554 --cameras 16`.
 * With `--user NAME` they ask for a digest login; its password comes from PARAPET_CAMERA_PASSWORD.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { siteCameras } from '#mocks/site/cameras.ts';
import { startRtspCameras, type CameraAuth } from './rtsp/server.ts';
import { openPictures } from './synthesis.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8554' },
    cameras: { type: 'string', default: '16' },
    host: { type: 'string', default: '127.0.0.1' },
    user: { type: 'string' },
  },
});

function auth(): CameraAuth {
  const password = process.env['PARAPET_CAMERA_PASSWORD'];
  if (values.user === undefined) return { kind: 'none' };
  if (password === undefined || password === '')
    throw new Error('--user needs PARAPET_CAMERA_PASSWORD as well');
  return { kind: 'digest', username: values.user, password };
}

const subjects = siteCameras.slice(0, Number(values.cameras));
const cameras = await startRtspCameras({
  subjects,
  pictures: await openPictures(),
  host: values.host,
  port: Number(values.port),
  auth: auth(),
});
const say = (line: string) => process.stdout.write(`${line}\n`);
say(
  `${String(subjects.length)} cameras, each as main (1280×720, 25 pictures a second) and sub (640×360, 15):`,
);
for (const { number, name } of subjects) {
  say(`  ${cameras.url(number, 'main')}  ${cameras.url(number, 'sub')}  ${name}`);
}
say(`For example: ffplay -rtsp_transport tcp ${cameras.url(subjects[0]?.number ?? 1, 'sub')}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cameras.close());
