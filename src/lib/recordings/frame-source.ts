import type { StreamName } from '#contract/camera.ts';
import { frameHeaders, type FramesQuery } from '#contract/recording.ts';
import { recordingMediaRoutes } from '#contract/recording-routes.ts';
import { urlOf } from '#lib/api/call.ts';
import { NetworkError, ProblemError, readProblem } from '#lib/api/errors.ts';
import { announceSignedOut } from '#lib/api/signed-out.ts';
import { ByteLru } from './byte-lru.ts';
import { type CodedFrame, readFragment } from './demux.ts';
import { PastError } from './past-error.ts';
import { pastErrorOf } from './past-problem.ts';
import { type FetchPreviews, fetchPreviews, type Preview, readPreviews } from './preview-track.ts';
import type { Wanted } from './scrub.ts';
import { Together } from './together.ts';

/** A group of pictures as it was recorded, or the keyframe of one. */
export interface Gop {
  readonly cameraId: string;
  readonly stream: StreamName;
  /** The keyframe's moment, epoch ms. */
  readonly start: number;
  /** When the frame after the last one here begins; it may lie across a gap. Undefined at the end of what is recorded. */
  readonly end: number | undefined;
  /** RFC 6381. */
  readonly codec: string;
  readonly description: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  /** In the order of decoding. */
  readonly frames: readonly CodedFrame[];
}

/** Asks the BFF for frames. */
export type FetchFrames = (cameraId: string, query: FramesQuery, signal: AbortSignal) => Promise<Response>;

/** Lets a request wait for others before it. */
export type InTurn = <Result>(request: () => Promise<Result>, signal: AbortSignal) => Promise<Result>;

export interface FrameSourceOptions {
  readonly fetchFrames?: FetchFrames;
  readonly fetchPreviews?: FetchPreviews;
  /** Runs a request when it is its turn. Throws what the request throws, or the signal's reason. At once when left out. */
  readonly inTurn?: InTurn;
  /** A signal that ends when an answer has taken too long; asked for when the request is sent. */
  readonly patience?: () => AbortSignal;
  /** How many bytes of coded pictures are kept. */
  readonly limitBytes?: number;
  readonly now?: () => number;
}

interface Shelf {
  readonly gop: Gop;
  readonly only: FramesQuery['only'];
  /** The group is known to answer for every moment from its start to here, end excluded. */
  until: number;
  /** What was still being recorded is asked for again after this, monotonic ms. */
  readonly staleAt: number;
}

interface Flight {
  readonly promise: Promise<Gop>;
  readonly abort: AbortController;
  waiting: number;
}

const patienceMs = 10_000;
/** A keyframe that comes with others is waited for no longer than this before it is asked for alone, ms. */
const comingMs = 1_000;
/** The end of what is recorded moves: what was last then is asked for again, ms. */
const growingMs = 1_000;

/** Asks the BFF. */
export const fetchFrames: FetchFrames = (cameraId, query, signal) =>
  fetch(urlOf(recordingMediaRoutes.recordedFrames, { params: { cameraId }, query }), {
    headers: { accept: 'video/mp4, application/problem+json' },
    credentials: 'same-origin',
    signal,
  });

/** Coded pictures of the past, fetched by group and kept while there is room. For one page. */
export class FrameSource {
  readonly #fetch: FetchFrames;
  readonly #fetchPreviews: FetchPreviews;
  readonly #inTurn: InTurn;
  readonly #patience: () => AbortSignal;
  readonly #now: () => number;
  readonly #kept: ByteLru<string, Shelf>;
  /** By camera, stream and kind: the starts of the groups that are kept, ascending. */
  readonly #starts = new Map<string, number[]>();
  readonly #flights = new Map<string, Flight>();
  /** Keyframes that are being filled in: each resolves when it is here, or when it is known not to come. */
  readonly #coming = new Map<string, Promise<undefined>>();
  readonly #together: Together;

  constructor(options: FrameSourceOptions = {}) {
    this.#fetch = options.fetchFrames ?? fetchFrames;
    this.#fetchPreviews = options.fetchPreviews ?? fetchPreviews;
    this.#inTurn = options.inTurn ?? ((request) => request());
    this.#patience = options.patience ?? (() => AbortSignal.timeout(patienceMs));
    this.#now = options.now ?? (() => performance.now());
    this.#kept = new ByteLru(options.limitBytes ?? 96 * 1024 * 1024, ({ gop, only }) => {
      const starts = this.#starts.get(shelfKey(gop.cameraId, gop.stream, only));
      const at = starts?.indexOf(gop.start) ?? -1;
      if (at >= 0) starts?.splice(at, 1);
    });
    this.#together = new Together((wanted, stream, signal, each) =>
      this.#inTurn(async () => {
        const patience = this.#patience();
        const ending = AbortSignal.any([signal, patience]);
        const wish = { wanted, stream, form: 'keyframe' } as const;
        try {
          for await (const one of readPreviews(wish, ending, this.#fetchPreviews)) each(one);
        } catch (cause) {
          signal.throwIfAborted();
          throw patience.aborted
            ? new PastError('unreachable', 'No answer with keyframes', { cause })
            : cause;
        }
      }, signal),
    );
  }

  /** The group that answers for `time`, if it is here. */
  kept(cameraId: string, stream: StreamName, only: FramesQuery['only'], time: number): Gop | undefined {
    const gop = this.#find(cameraId, stream, only, time);
    // Where there is a whole group, its first frame is the keyframe.
    return gop ?? (only === 'keyframe' ? this.#find(cameraId, stream, 'gop', time) : undefined);
  }

  /**
   * The group of pictures, or the keyframe alone, that answers for `time`: it begins at or before it. Throws a
   * {@link PastError}, or the signal's reason.
   */
  async get(
    cameraId: string,
    stream: StreamName,
    only: FramesQuery['only'],
    time: number,
    signal: AbortSignal,
  ): Promise<Gop> {
    signal.throwIfAborted();
    const at = Math.floor(time);
    const kept = this.kept(cameraId, stream, only, at);
    if (kept) return kept;
    const key = `${shelfKey(cameraId, stream, only)} ${at}`;
    const coming = this.#coming.get(key);
    if (coming) {
      await settled(coming, AbortSignal.any([signal, AbortSignal.timeout(comingMs)]));
      signal.throwIfAborted();
      const came = this.kept(cameraId, stream, only, at);
      if (came) return came;
    }
    let flight = this.#flights.get(key);
    if (!flight || flight.abort.signal.aborted) {
      const abort = new AbortController();
      const promise = this.#load(cameraId, stream, only, at, abort.signal).finally(() => {
        if (this.#flights.get(key) === begun) this.#flights.delete(key);
      });
      // Whoever waits hears of a failure by the promise itself.
      promise.catch(() => undefined);
      const begun: Flight = { promise, abort, waiting: 0 };
      this.#flights.set(key, (flight = begun));
    }
    return this.#join(flight, signal);
  }

  /**
   * Fetches the keyframes of many cameras and moments by one request, the most wanted first; those that are here are not
   * asked for. `each` hears of every one once it is here. Throws a {@link PastError}, or the signal's reason.
   */
  async fill(
    wanted: readonly Wanted[],
    stream: StreamName,
    signal: AbortSignal,
    each: (one: Wanted) => void,
  ): Promise<void> {
    const lacking = wanted.filter(({ cameraId, at }) => !this.kept(cameraId, stream, 'keyframe', at));
    const nameOf = ({ cameraId, at }: Wanted): string =>
      `${shelfKey(cameraId, stream, 'keyframe')} ${Math.floor(at)}`;
    const arrivals = new Map(lacking.map((one) => [nameOf(one), Promise.withResolvers<undefined>()]));
    for (const [name, { promise }] of arrivals) this.#coming.set(name, promise);
    const arrived = (name: string): void => {
      const arrival = arrivals.get(name);
      if (arrival && this.#coming.get(name) === arrival.promise) this.#coming.delete(name);
      arrival?.resolve(undefined);
    };
    const wish = { wanted: lacking, stream, form: 'keyframe' } as const;
    try {
      for await (const one of readPreviews(wish, signal, this.#fetchPreviews)) {
        if (!('error' in one)) this.#take(one, stream);
        arrived(nameOf(one));
        if (!('error' in one)) each(one);
      }
    } finally {
      for (const name of arrivals.keys()) arrived(name);
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#kept.clear();
  }

  /** Waits with others for one request; it ends when the last of them has gone. */
  async #join(flight: Flight, signal: AbortSignal): Promise<Gop> {
    flight.waiting++;
    const gone = Promise.withResolvers<never>();
    const leave = (): void => gone.reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([flight.promise, gone.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      if (--flight.waiting === 0) flight.abort.abort();
    }
  }

  async #load(
    cameraId: string,
    stream: StreamName,
    only: FramesQuery['only'],
    at: number,
    signal: AbortSignal,
  ): Promise<Gop> {
    try {
      if (only === 'keyframe') {
        const preview = await this.#together.ask({ cameraId, at }, stream, signal);
        if (preview !== 'alone') return this.#take(preview, stream);
      }
      const { response, file } = await this.#inTurn(async () => {
        // Not before: who waits for a turn has not been kept waiting by the recorder.
        const patience = AbortSignal.any([signal, this.#patience()]);
        try {
          const answer = await this.#fetch(cameraId, { at, stream, only }, patience);
          return {
            response: answer,
            file: answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined,
          };
        } catch (cause) {
          signal.throwIfAborted();
          throw new NetworkError('unreachable', 'No answer with frames', { cause });
        }
      }, signal);
      if (!file) throw await readProblem(response);
      signal.throwIfAborted();
      const end = response.headers.get(frameHeaders.end);
      const codec = response.headers.get(frameHeaders.codec);
      if (codec === null) throw new PastError('damaged', 'The frames do not say what they are');
      const about = { cameraId, stream, end: end === null ? undefined : Date.parse(end), codec };
      const gop = asGop(about, file, at);
      const last = gop.frames.at(-1)?.time ?? gop.start;
      // A keyframe answers for as far as was asked: until then there is no other one.
      const until = only === 'keyframe' ? at + 1 : (gop.end ?? Math.max(at, last) + 1);
      this.#keep(gop, only, until, file.byteLength);
      return gop;
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof ProblemError && cause.code === 'signed-out') announceSignedOut();
      throw pastErrorOf(cause);
    }
  }

  /** Keeps the keyframe of an answer with many. */
  #take({ cameraId, at, until, codec, file }: Preview, stream: StreamName): Gop {
    if (codec === undefined) throw new PastError('damaged', 'The previews do not say what they are');
    const gop = asGop({ cameraId, stream, end: undefined, codec }, file, at);
    // Where nobody says until when it holds, another may come yet.
    this.#keep(gop, 'keyframe', until ?? at + 1, file.byteLength, until === undefined);
    return gop;
  }

  #keep(
    gop: Gop,
    only: FramesQuery['only'],
    until: number,
    bytes: number,
    isGrowing = gop.end === undefined,
  ): void {
    const key = shelfKey(gop.cameraId, gop.stream, only);
    const known = this.#kept.get(`${key} ${gop.start}`);
    const shelf: Shelf = {
      gop,
      only,
      until: Math.max(until, known?.until ?? 0),
      staleAt: isGrowing ? this.#now() + growingMs : Infinity,
    };
    this.#kept.set(`${key} ${gop.start}`, shelf, bytes + 200 + gop.frames.length * 80);
    const starts = this.#starts.get(key) ?? [];
    this.#starts.set(key, starts);
    starts.splice(lastAtOrBefore(starts, gop.start) + 1, 0, gop.start);
  }

  #find(cameraId: string, stream: StreamName, only: FramesQuery['only'], time: number): Gop | undefined {
    const key = shelfKey(cameraId, stream, only);
    const starts = this.#starts.get(key);
    const start = starts?.[lastAtOrBefore(starts, time)];
    if (start === undefined) return undefined;
    const shelf = this.#kept.get(`${key} ${start}`);
    return shelf && time < shelf.until && this.#now() < shelf.staleAt ? shelf.gop : undefined;
  }
}

/** What a file holds, which has to answer for `at`. Throws a {@link PastError} where it does not. */
function asGop(
  about: Pick<Gop, 'cameraId' | 'stream' | 'end' | 'codec'>,
  file: Uint8Array<ArrayBuffer>,
  at: number,
): Gop {
  const { frames, description, width, height } = readFragment(file);
  const [first] = frames;
  if (!first || first.time > at) throw new PastError('damaged', 'The frames are not those asked for');
  return { ...about, start: first.time, description, width, height, frames };
}

/** Waits for that, or until the signal ends. Never throws. */
async function settled(promise: Promise<undefined>, signal: AbortSignal): Promise<void> {
  const left = Promise.withResolvers<undefined>();
  const leave = (): void => left.resolve(undefined);
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  await Promise.race([promise, left.promise]);
  signal.removeEventListener('abort', leave);
}

function shelfKey(cameraId: string, stream: StreamName, only: FramesQuery['only']): string {
  return `${cameraId} ${stream} ${only}`;
}

function lastAtOrBefore(starts: readonly number[], time: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The frame that is seen at `time`: the last one taken at or before it. The first where all are later. */
export function frameAt(gop: Gop, time: number): CodedFrame {
  let found: CodedFrame | undefined;
  for (const frame of gop.frames)
    if (frame.time <= time && frame.time >= (found?.time ?? -Infinity)) found = frame;
  const [first] = gop.frames;
  if (!found && !first) throw new PastError('damaged', 'A group without pictures');
  return found ?? (first as CodedFrame);
}

/** When the frame after `time` was taken, in the order of showing; the group's end for its last, if it has one. */
export function nextFrameTime({ frames, end }: Gop, time: number): number | undefined {
  const later = frames.filter((frame) => frame.time > time).map((frame) => frame.time);
  return later.length > 0 ? Math.min(...later) : end;
}

/** When the frame before `time` was taken; undefined for the group's first: it is in the group before. */
export function previousFrameTime({ frames }: Gop, time: number): number | undefined {
  const earlier = frames.filter((frame) => frame.time < time).map((frame) => frame.time);
  return earlier.length > 0 ? Math.max(...earlier) : undefined;
}
