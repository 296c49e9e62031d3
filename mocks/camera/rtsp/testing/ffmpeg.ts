import { spawn, spawnSync } from 'node:child_process';

/** Whether FFmpeg is on this machine: tests that judge by it are skipped where it is not. */
export const hasFfmpeg = spawnSync('ffmpeg', ['-version'], { stdio: 'ignore' }).status === 0;

export interface Decoded {
  /** Everything FFmpeg had to complain about, warnings included. */
  readonly complaints: string;
  /** One checksum for each picture shown. */
  readonly pictures: readonly string[];
}

/** Decodes `seconds` of an RTSP stream and says what was seen. */
export async function decode(url: string, transport: 'tcp' | 'udp', seconds: number): Promise<Decoded> {
  const child = spawn(
    'ffmpeg',
    `-hide_banner -nostdin -loglevel warning -rtsp_transport ${transport} -i ${url} -t ${String(seconds)} -an -f framemd5 -`.split(
      ' ',
    ),
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let [output, complaints] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  await new Promise((resolve) => child.once('close', resolve));
  const pictures = output
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)?.trim() ?? '');
  return { complaints, pictures };
}

/** Kind and time of the first `count` pictures, in the order in which they are shown. */
export async function probe(url: string, count: number): Promise<{ type: string; timeS: number }[]> {
  const child = spawn(
    'ffprobe',
    `-loglevel error -rtsp_transport tcp -select_streams v -read_intervals %+#${String(count)} -show_entries frame=pict_type,pts_time -of json ${url}`.split(
      ' ',
    ),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await new Promise((resolve) => child.once('close', resolve));
  const { frames = [] } = JSON.parse(output) as { frames?: { pict_type: string; pts_time?: string }[] };
  return frames.map((frame) => ({ type: frame.pict_type, timeS: Number(frame.pts_time ?? '0') }));
}
