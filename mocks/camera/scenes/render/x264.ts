import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { clipFormats, keyframeSeconds, type ClipFormat } from '../scenes.ts';

/** Constant quality, and the ceiling over two seconds that keeps a busy scene within a camera's usual rate. */
const rates = {
  main: { crf: 25, maxrate: 960_000, level: '3.1' },
  sub: { crf: 24, maxrate: 355_000, level: '3.0' },
} as const;

/**
 * A faint line along the lower edge, and finer quantisation for its macroblock row. Below a flat row, every motion
 * vector that points out of the picture would cost x264 nothing, but in the camera's taller picture it would fetch parts
 * of caption and clock. With the line, coded well, such vectors never pay. Vectors from further up would have to be
 * longer than `mvrange` allows.
 */
const lowerEdge =
  'drawbox=x=0:y=ih-2:w=iw:h=2:color=0x343434:t=fill,addroi=x=0:y=ih-16:w=iw:h=16:qoffset=-0.6';

export class EncodeError extends Error {
  override readonly name = 'EncodeError';
  readonly code: 'ffmpeg-missing' | 'ffmpeg-failed';

  constructor(code: EncodeError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const missing =
  'FFmpeg is not on the PATH; scenes are encoded with it, and with its x264 (Debian: apt install ffmpeg).';

/** Throws an {@link EncodeError} when there is no FFmpeg, before anybody has waited for a drawing. */
export function requireFfmpeg(): void {
  const { error } = spawnSync('ffmpeg', ['-hide_banner', '-version'], { stdio: 'ignore' });
  if (error) throw new EncodeError('ffmpeg-missing', missing, { cause: error });
}

/**
 * Encodes pictures (RGBA, sRGB, at the format's size and rate) into a raw H.264 file.
 *
 * What the camera that plays the clip relies on: Constrained Baseline, CAVLC, one slice a picture, one reference, no
 * B-frames, a keyframe exactly every two seconds with parameter sets before it and no SEI. BT.709, limited range.
 * Throws {@link EncodeError} when FFmpeg is missing or fails.
 */
export async function encodeClip(
  format: ClipFormat,
  pictures: Iterable<Uint8Array | Uint8ClampedArray> | AsyncIterable<Uint8Array | Uint8ClampedArray>,
  file: string,
): Promise<void> {
  const { width, height, framesPerSecond } = clipFormats[format];
  const { crf, maxrate, level } = rates[format];
  const gop = framesPerSecond * keyframeSeconds;
  const x264 = `keyint=${gop}:min-keyint=${gop}:scenecut=0:open-gop=0:bframes=0:ref=1:weightp=0:cabac=0:slices=1:threads=1:sliced-threads=0:lookahead-threads=1:8x8dct=0:repeat-headers=1:aud=0:nal-hrd=none:aq-mode=1:aq-strength=0.9:rc-lookahead=40:mvrange=32`;
  const args = [
    ...['-hide_banner', '-loglevel', 'warning', '-y'],
    ...[
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgba',
      '-s',
      `${width}x${height}`,
      '-r',
      String(framesPerSecond),
      '-i',
      'pipe:0',
    ],
    ...[
      '-vf',
      `scale=flags=accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv,format=yuv420p,${lowerEdge}`,
    ],
    ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'slow',
      '-profile:v',
      'baseline',
      '-level',
      level,
      '-x264-params',
      x264,
    ],
    ...['-crf', String(crf), '-maxrate', String(maxrate), '-bufsize', String(maxrate * 2)],
    ...['-bsf:v', 'filter_units=remove_types=6', '-f', 'h264', file],
  ];
  const ffmpeg = spawn('ffmpeg', args, { stdio: ['pipe', 'ignore', 'pipe'] });
  let words = '';
  ffmpeg.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  // A dying FFmpeg shows as EPIPE here; what it said and its exit code tell more.
  ffmpeg.stdin.on('error', () => undefined);
  const closed = new Promise<number | null>((resolve, reject) => {
    ffmpeg.once('close', resolve);
    ffmpeg.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'ENOENT'
          ? new EncodeError('ffmpeg-missing', missing, { cause })
          : new EncodeError('ffmpeg-failed', 'FFmpeg could not be started', { cause }),
      );
    });
  });
  closed.catch(() => undefined);
  for await (const picture of pictures) {
    if (ffmpeg.exitCode !== null) break;
    // The same buffer comes again with the next picture in it, so what the pipe has not taken must be a copy.
    if (!ffmpeg.stdin.write(Buffer.from(picture))) await Promise.race([once(ffmpeg.stdin, 'drain'), closed]);
  }
  ffmpeg.stdin.end();
  const code = await closed;
  if (code !== 0) throw new EncodeError('ffmpeg-failed', `FFmpeg gave up on ${file}: ${words.trim()}`);
}
