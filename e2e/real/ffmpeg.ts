/** FFmpeg as the camera of somebody else: an encoder we did not write publishes what it draws itself. */
import { spawn, spawnSync } from 'node:child_process';
import process from 'node:process';

export interface TestPicture {
  /** Default baseline. */
  readonly profile?: 'baseline' | 'main' | 'high';
  /** Pictures between two that do not depend on each other. Default 0. */
  readonly bFrames?: number;
  readonly codec?: 'libx264' | 'libx265';
}

export const width = 640;
export const height = 360;
export const framesPerSecond = 25;
/** A keyframe every two seconds. */
const groupLength = 50;

/** Why FFmpeg cannot encode here, or undefined where it can. It is optional: apt-get install ffmpeg. */
export function missingFfmpeg({ codec = 'libx264' }: TestPicture = {}): string | undefined {
  const found = spawnSync('ffmpeg', ['-hide_banner', '-encoders'], { encoding: 'utf8' });
  if (found.status !== 0) return 'FFmpeg is not on this machine';
  return found.stdout.includes(codec) ? undefined : `this FFmpeg has no ${codec}`;
}

export interface Publishing {
  /** Stops FFmpeg. Safe to call twice. */
  close(): Promise<void>;
}

/** Publishes a test picture (640×360, 25 a second, in real time) to an RTSP server, over TCP, until closed. */
export function publish(
  url: string,
  { profile = 'baseline', bFrames = 0, codec = 'libx264' }: TestPicture = {},
): Publishing {
  const picture = `testsrc2=size=${String(width)}x${String(height)}:rate=${String(framesPerSecond)}`;
  const encoding = [
    ...['-c:v', codec, '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-b:v', '800k'],
    ...['-g', String(groupLength), '-bf', String(bFrames)],
    ...(codec === 'libx264' ? ['-profile:v', profile] : ['-x265-params', 'log-level=error:repeat-headers=1']),
  ];
  const child = spawn(
    'ffmpeg',
    [
      ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', picture],
      ...encoding,
      ...['-f', 'rtsp', '-rtsp_transport', 'tcp', url],
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => {
      resolve();
    });
    child.once('close', () => {
      resolve();
    });
  });
  const reap = () => child.kill('SIGKILL');
  process.once('exit', reap);
  return {
    async close() {
      child.kill('SIGKILL');
      await ended;
      process.off('exit', reap);
    },
  };
}
