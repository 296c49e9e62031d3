import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import path from 'node:path';

/*
 * FFmpeg, where there is one on this machine, for copies that show who made them. It is asked to do what it is needed for
 * before it is relied on: builds differ in encoders, fonts and filters.
 */

/** Encoders to try, the best first. */
const encoders: readonly (readonly string[])[] = [
  ['libx264', '-preset', 'veryfast', '-crf', '20'],
  ['libopenh264', '-b:v', '4M'],
];
/** Trying one out takes a moment, on a machine with much else to do a few seconds, ms. */
const probeMs = 15_000;
/** Recording goes first, and so do pictures for people. */
const niceness = 10;

export interface Transcoder {
  /** What the manifest says a copy was made with, such as `FFmpeg 5.1.9, libx264`. */
  readonly name: string;
  /**
   * Copies a film with words burned into every picture, each at its time. Both names are within `directory`; `words` is
   * the name of a text file there. `onProgress` hears about twice a second how many bytes are written, and throws to stop.
   * Rejects with what it threw, the signal's reason, or a {@link TranscodeError}; then the copy is not to be used.
   */
  copy(
    files: { readonly directory: string; readonly from: string; readonly to: string; readonly words: string },
    onProgress: (bytes: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

export class TranscodeError extends Error {
  override readonly name = 'TranscodeError';
}

/** A transcoder that has just shown that it can burn words in; undefined where there is none. Aborts with the signal. */
export async function findTranscoder(
  signal: AbortSignal,
  program = 'ffmpeg',
): Promise<Transcoder | undefined> {
  const version = await run(program, ['-hide_banner', '-version'], { signal }).catch(() => undefined);
  if (version?.status !== 0) return undefined;
  const number = /^ffmpeg version ([\w.]+)/.exec(version.output)?.[1] ?? '';
  for (const [encoder = '', ...quality] of encoders) {
    const trial = [
      ...['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', 'color=size=320x180:duration=0.2:rate=10'],
      ...['-vf', 'drawtext=text=x:fontsize=20', '-c:v', encoder, ...quality, '-f', 'null', '-'],
    ];
    const tried = await run(program, trial, { signal }).catch(() => undefined);
    if (tried?.status === 0)
      return new Ffmpeg(program, `FFmpeg ${number}, ${encoder}`, [encoder, ...quality]);
  }
  signal.throwIfAborted();
  return undefined;
}

class Ffmpeg implements Transcoder {
  readonly name: string;
  readonly #program: string;
  readonly #encoder: readonly string[];

  constructor(program: string, name: string, encoder: readonly string[]) {
    this.#program = program;
    this.name = name;
    this.#encoder = encoder;
  }

  async copy(
    { directory, from, to, words }: Parameters<Transcoder['copy']>[0],
    onProgress: (bytes: number) => Promise<void>,
    caller: AbortSignal,
  ): Promise<void> {
    const stopping = new AbortController();
    const signal = AbortSignal.any([caller, stopping.signal]);
    let trouble: unknown;
    const hear = (text: string): void => {
      const bytes = [...text.matchAll(/^total_size=(\d+)$/gm)].at(-1)?.[1];
      if (bytes === undefined || stopping.signal.aborted) return;
      onProgress(Number(bytes)).catch((cause: unknown) => {
        trouble ??= cause;
        stopping.abort();
      });
    };
    const { status, errors } = await run(
      this.#program,
      [
        ...['-nostdin', '-v', 'error', '-progress', 'pipe:1', '-protocol_whitelist', 'file,pipe'],
        ...['-i', path.basename(from), '-an', '-vf', filterFor(path.basename(words))],
        ...['-c:v', ...this.#encoder, '-pix_fmt', 'yuv420p'],
        // Every picture keeps its time: gaps in the recording are where they were.
        ...['-fps_mode', 'passthrough', '-enc_time_base', '1:1000', '-video_track_timescale', '1000'],
        ...['-movflags', '+faststart', '-f', 'mp4', '-y', path.basename(to)],
      ],
      { cwd: directory, signal, onOutput: hear, forMs: Infinity },
    ).catch((cause: unknown) => {
      caller.throwIfAborted();
      throw trouble ?? cause;
    });
    if (status !== 0) throw new TranscodeError(`FFmpeg gave up: ${errors.slice(-500)}`);
  }
}

/**
 * The words twice: across the middle, faint, where they cannot be cut off, and at the foot, readable. They come from a file
 * and are taken as they are, so that nothing in them means anything to FFmpeg.
 */
function filterFor(words: string): string {
  const shared = `textfile=${words}:expansion=none:fontcolor=white`;
  return [
    `drawtext=${shared}@0.30:fontsize=h/16:x=(w-text_w)/2:y=(h-text_h)/2`,
    `drawtext=${shared}@0.95:fontsize=h/36:x=w/60:y=h-text_h-h/40:box=1:boxcolor=black@0.55:boxborderw=6`,
  ].join(',');
}

interface Ran {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

async function run(
  program: string,
  words: readonly string[],
  {
    cwd,
    signal: caller,
    onOutput,
    forMs = probeMs,
  }: {
    readonly cwd?: string;
    readonly signal: AbortSignal;
    readonly onOutput?: (text: string) => void;
    readonly forMs?: number;
  },
): Promise<Ran> {
  const signal = forMs === Infinity ? caller : AbortSignal.any([caller, AbortSignal.timeout(forMs)]);
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Ran>();
  const child = spawn(program, words, {
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing of ours is its business.
    env: { PATH: process.env['PATH'] },
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (onOutput === undefined) output += text;
    else onOutput(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  child.once('error', reject);
  child.once('close', (status) => resolve({ status, output, errors }));
  if (child.pid !== undefined)
    try {
      setPriority(child.pid, niceness);
    } catch {
      // Gone already, or not ours to slow down.
    }
  const end = (): void => {
    child.kill('SIGKILL');
  };
  signal.addEventListener('abort', end, { once: true });
  try {
    const ran = await promise;
    signal.throwIfAborted();
    return ran;
  } finally {
    signal.removeEventListener('abort', end);
  }
}
