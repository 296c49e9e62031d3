import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const found = spawnSync('ffmpeg', ['-hide_banner', '-encoders'], { encoding: 'utf8' });

/** Whether FFmpeg with these encoders is on the PATH; tests that compare with it are skipped elsewhere. */
export const hasEncoders = found.status === 0 && /libx264 [^]*libx265 /.test(found.stdout);

/** Runs FFmpeg or ffprobe in a folder of its own; throws with its words when it says anything but the output asked for. */
export function inFolder<T>(work: (run: (...words: string[]) => string, folder: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'fmp4-'));
  try {
    return work((program = '', ...words) => {
      const done = spawnSync(program, ['-v', 'warning', ...words], { cwd: folder, encoding: 'utf8' });
      if (done.status !== 0 || done.stderr !== '') throw new Error(`${program}: ${done.stderr}`);
      return done.stdout;
    }, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Two seconds of a moving test picture, 322 × 182 at 25 a second, a keyframe every second, no pictures reordered. */
export function encode(codec: 'H264' | 'H265'): Buffer {
  const name = codec === 'H264' ? 'h264' : 'hevc';
  return inFolder((run, folder) => {
    run(
      'ffmpeg',
      ...['-f', 'lavfi', '-i', 'testsrc2=s=322x182:r=25', '-t', '2', '-pix_fmt', 'yuv420p'],
      ...['-c:v', codec === 'H264' ? 'libx264' : 'libx265', '-bf', '0', '-g', '25'],
      ...(codec === 'H264' ? [] : ['-x265-params', 'log-level=none:bframes=0:keyint=25']),
      ...['-f', name, `out.${name}`],
    );
    return readFileSync(path.join(folder, `out.${name}`));
  });
}

/** Each picture's checksum as FFmpeg decodes it, and when it is shown, in ticks of 1/90,000 s. */
export function decoded(file: Uint8Array, name: string): { time: number; hash: string }[] {
  return inFolder((run, folder) => {
    writeFileSync(path.join(folder, name), file);
    const words = ['-i', name, '-fps_mode', 'passthrough', '-copyts', '-enc_time_base', '1:90000'];
    const lines = run('ffmpeg', ...words, '-f', 'framemd5', '-').split('\n');
    return lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const columns = line.split(',').map((column) => column.trim());
        return { time: Number(columns[2]), hash: columns[5] ?? '' };
      });
  });
}
