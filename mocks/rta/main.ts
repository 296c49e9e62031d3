/**
 * A server as the requirements describe it, to try things on by hand: `node mocks/rta/main.ts --cameras 16`. API, Mobile
 * Server and RTSP listen on the loopback address; the password comes from PARAPET_RTA_PASSWORD.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { openPictures } from '#mocks/camera/synthesis.ts';
import { siteCameras } from '#mocks/site/cameras.ts';
import { startRta } from './rta.ts';
import { rtaId } from './site.ts';

const { values } = parseArgs({
  options: {
    cameras: { type: 'string', default: '16' },
    user: { type: 'string', default: 'rta-integration' },
    api: { type: 'string', default: '8088' },
    mobile: { type: 'string', default: '8081' },
    rtsp: { type: 'string', default: '8554' },
  },
});
const password = process.env['PARAPET_RTA_PASSWORD'];
if (password === undefined || password === '') throw new Error('PARAPET_RTA_PASSWORD is not set');

const cameras = siteCameras.slice(0, Number(values.cameras));
const rta = await startRta({
  username: values.user,
  password,
  pictures: await openPictures(),
  cameras,
  ports: { api: Number(values.api), mobile: Number(values.mobile), rtsp: Number(values.rtsp) },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
say(`${String(cameras.length)} cameras with 90 days of recordings. Parapet shows them with`);
say(`  MILESTONE_SERVER_URL=${rta.url} MILESTONE_RTSP_URL=${rta.rtspUrl} \\`);
say(`  MILESTONE_USERNAME=${values.user} MILESTONE_PASSWORD=… npm start`);
say(
  `The Mobile Server is on port ${String(rta.mobilePort)} (MILESTONE_METHOD=mobile_server, MILESTONE_API_PORT).`,
);
say(`For example: ffplay -rtsp_transport tcp ${rta.rtspUrl}/camera/${rtaId(cameras[0] ?? siteCameras[0]!)}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void rta.close());
