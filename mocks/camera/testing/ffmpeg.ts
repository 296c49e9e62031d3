import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';

/** Whether FFmpeg is on the PATH; tests that need it are skipped elsewhere. */
export const hasFfmpeg = spawnSync('ffmpeg', ['-version'], { stdio: 'ignore' }).status === 0;

export interface FfmpegResult {
  readonly exitCode: number | null;
  /** Warnings and errors. */
  readonly words: string;
  readonly output: Buffer;
}

/** Runs FFmpeg on a raw H.264 stream; what the arguments send to `pipe:1` is the output. */
export async function ffmpeg(stream: Uint8Array, ...args: string[]): Promise<FfmpegResult> {
  const child = spawn('ffmpeg', ['-v', 'warning', '-xerror', '-f', 'h264', '-i', 'pipe:0', ...args]);
  // FFmpeg stops reading at the first error with -xerror; its words say which.
  child.stdin.on('error', () => undefined).end(stream);
  const [output, words, [exitCode]] = await Promise.all([
    buffer(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { exitCode, words, output };
}

/** Decodes every picture of a raw H.264 stream and scales it. Pictures are views of one buffer. */
export async function decode(
  stream: Uint8Array,
  width: number,
  height: number,
  pixels: 'rgba' | 'yuv420p' = 'rgba',
  filter = `scale=${width}:${height}`,
): Promise<{ data: Uint8Array; width: number; height: number }[]> {
  const { words, output } = await ffmpeg(
    stream,
    ...['-fps_mode', 'passthrough', '-vf', filter, '-f', 'rawvideo', '-pix_fmt', pixels, 'pipe:1'],
  );
  if (words !== '') throw new Error(words);
  const size = width * height * { rgba: 4, yuv420p: 1.5 }[pixels];
  return Array.from({ length: output.length / size }, (_, i) => ({
    data: output.subarray(i * size, (i + 1) * size),
    width,
    height,
  }));
}

/** Codes a stream afresh at a low quality, as a gateway on a thin line might. */
export async function recode(stream: Uint8Array, crf: number, filter: string): Promise<Uint8Array> {
  const { words, output } = await ffmpeg(
    stream,
    ...['-vf', filter, '-c:v', 'libx264', '-preset', 'veryfast'],
    ...['-crf', String(crf), '-f', 'h264', 'pipe:1'],
  );
  if (words !== '') throw new Error(words);
  return output;
}
