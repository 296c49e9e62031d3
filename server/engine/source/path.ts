import { EventEmitter, once } from 'node:events';
import { EngineError, type EngineErrorCode } from '../error.ts';
import type { CodecName, PictureFormat } from '../h26x/codec.ts';
import { codecs } from '../h26x/codecs.ts';
import { causeOf, type Log } from '../log.ts';
import { Intake } from '../rtp/intake.ts';
import { Reel } from '../rtp/reel.ts';
import { Timeline } from '../rtp/timeline.ts';
import { imageServerInput } from './image-server-input.ts';
import type { Input, InputEvents } from './input.ts';
import { pause, retryDelay } from './retry.ts';
import { rtspInput } from './rtsp-input.ts';
import { isSameSource, type SourceRequest } from './source.ts';

/** Where a path stands. `running` means that complete pictures arrive. */
export type PathState = 'connecting' | 'running' | 'error';

/** One viewer, as its path sees it. */
export interface Reader {
  /** New packets are on the reel. */
  pump(): void;
  /** The source broke: go on with its next keyframe. */
  hold(): void;
  /** This path can no longer serve the viewer: gone, or of another codec now. */
  end(): void;
}

export interface PathTimes {
  /** No complete picture for this long: connect anew. */
  readonly stallMs: number;
  /** Time for the first complete picture of a run: cameras with a long GOP need it. */
  readonly firstMs: number;
  /** So long after its newest picture a path still is what a new viewer may be shown as live. */
  readonly freshMs: number;
}

export const defaultTimes: PathTimes = { stallMs: 5000, firstMs: 12_000, freshMs: 1000 };

export interface PathOptions {
  readonly name: string;
  readonly source: SourceRequest;
  readonly mtu: number;
  readonly log: Log;
  readonly times?: PathTimes;
  /** Tests bring their own. */
  readonly makeInput?: (source: SourceRequest) => Input;
  readonly random?: () => number;
}

/** A recorder tells of its camera again within this time; then the connection itself is in doubt. */
const outageMs = 60_000;

/** One camera stream: a single connection to its source however many viewers there are, kept up until the path is closed. */
export class Path {
  readonly name: string;
  readonly reel: Reel;
  readonly #options: PathOptions;
  readonly #times: PathTimes;
  readonly #timeline = new Timeline();
  readonly #readers = new Set<Reader>();
  readonly #changes = new EventEmitter();
  #source: SourceRequest;
  #input: Input | undefined;
  #run = new AbortController();
  #isClosed = false;
  #state: PathState = 'connecting';
  #since = Date.now();
  #error: EngineError | undefined;
  #codec: CodecName | undefined;
  /** The codec viewers were promised, kept over restarts. */
  #lastCodec: CodecName | undefined;
  #intake: Intake | undefined;
  #pictureAt = 0;
  #counters = { bytes: 0, packets: 0, pictures: 0, restarts: 0 };
  #clockOffsetMs: number | undefined;

  constructor(options: PathOptions) {
    this.name = options.name;
    this.#options = options;
    this.#times = options.times ?? defaultTimes;
    this.reel = new Reel(this.#times.freshMs);
    this.#source = options.source;
    this.#changes.setMaxListeners(0);
    void this.#keepUp();
  }

  get state(): PathState {
    return this.#state;
  }

  /** Since when it is in this state, epoch ms. */
  get since(): number {
    return this.#since;
  }

  /** Why the last attempt failed, while in `error`. */
  get errorCode(): EngineErrorCode | undefined {
    return this.#error?.code;
  }

  /** The codec of the run under way, once the source has told it. */
  get codec(): CodecName | undefined {
    return this.#codec;
  }

  get format(): PictureFormat | undefined {
    return this.#intake?.format;
  }

  get readers(): number {
    return this.#readers.size;
  }

  get counters(): Readonly<{
    bytes: number;
    packets: number;
    pictures: number;
    restarts: number;
    lost: number;
  }> {
    return { ...this.#counters, lost: this.#intake?.lost ?? 0 };
  }

  /** The source's wall clock minus ours, ms, where it tells. */
  get clockOffsetMs(): number | undefined {
    return this.#clockOffsetMs;
  }

  /** Another source starts anew; the same one with a fresh token goes on undisturbed. */
  change(source: SourceRequest): void {
    const isSame = isSameSource(source, this.#source);
    this.#source = source;
    if (isSame) {
      if (source.type === 'image-server') this.#input?.renew(source.token);
      // A recorder that refused the old token may take this one: do not wait for the pause to end.
      if (this.#state === 'error' && source.type === 'image-server') this.#run.abort();
      return;
    }
    this.#options.log.info({ path: this.name }, 'source changed');
    this.#run.abort();
  }

  /**
   * Resolves with the codec as soon as the source has told it. Rejects with the source's error when an attempt fails, and
   * with `camera-offline` when nothing is known after `patienceMs`.
   */
  async ready(patienceMs: number, signal: AbortSignal): Promise<CodecName> {
    const patience = new AbortController();
    const timer = setTimeout(() => {
      patience.abort();
    }, patienceMs);
    const deadline = AbortSignal.any([signal, patience.signal]);
    try {
      for (;;) {
        if (this.#isClosed) throw new EngineError('not-found', 'The path has been closed.');
        if (this.#state === 'error' && this.#error !== undefined) throw this.#error;
        if (this.#codec !== undefined) return this.#codec;
        await once(this.#changes, 'change', { signal: deadline });
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof EngineError) throw error;
      throw new EngineError('camera-offline', 'The camera gives no picture yet.');
    } finally {
      clearTimeout(timer);
    }
  }

  attach(reader: Reader): void {
    this.#readers.add(reader);
  }

  detach(reader: Reader): void {
    this.#readers.delete(reader);
  }

  /** Ends the source and every viewer. Safe to call twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#run.abort();
    this.#endReaders();
    this.#changes.emit('change');
  }

  async #keepUp(): Promise<void> {
    let failures = 0;
    const isOver = (): boolean => this.#isClosed;
    while (!isOver()) {
      this.#run = new AbortController();
      const { signal } = this.#run;
      const pictures = this.#counters.pictures;
      try {
        await this.#runOnce(signal);
      } catch (error) {
        if (isOver()) break;
        const reason =
          error instanceof EngineError
            ? error
            : new EngineError('camera-offline', 'Receiving failed.', { cause: error });
        failures = this.#counters.pictures > pictures + 25 ? 1 : failures + 1;
        this.#fail(reason, failures);
        await pause(retryDelay(failures, reason.code, this.#options.random), signal);
      }
      if (signal.aborted) {
        // Another source, or a fresh token: what went wrong before says nothing any more.
        failures = 0;
        this.#error = undefined;
        this.#setState('connecting');
      }
      this.#counters.restarts++;
    }
  }

  async #runOnce(signal: AbortSignal): Promise<void> {
    // While attempts fail the reason stays; it goes when pictures flow.
    if (this.#error === undefined) this.#setState('connecting');
    this.#codec = undefined;
    const watchdog = new AbortController();
    const both = AbortSignal.any([signal, watchdog.signal]);
    const stalled = Promise.withResolvers<never>();
    stalled.promise.catch(() => undefined);
    this.#pictureAt = performance.now() + this.#times.firstMs - this.#times.stallMs;
    const timer = setInterval(() => {
      if (performance.now() - this.#pictureAt > this.#times.stallMs)
        stalled.reject(new EngineError('camera-offline', 'The camera stopped sending pictures.'));
    }, this.#times.stallMs / 5);
    timer.unref();
    const input = this.#makeInput();
    this.#input = input;
    const running = input.run(this.#events(stalled.reject), both);
    try {
      await Promise.race([stalled.promise, running]);
      if (!signal.aborted) throw new EngineError('camera-offline', 'The source has ended.');
    } finally {
      clearInterval(timer);
      watchdog.abort();
      this.#input = undefined;
      this.#intake = undefined;
      this.#break();
      // Cameras allow few sessions: the old one has to be torn down before the next begins.
      await running.catch(() => undefined);
    }
  }

  #events(fail: (error: EngineError) => void): InputEvents {
    let intake: Intake | undefined;
    return {
      described: (codec, sets) => {
        intake = this.#describe(codec, sets, fail);
      },
      rtp: (packet, payloadType, clockRate) => {
        // What a run sends while it is being ended must not reach the next one.
        if (intake !== this.#intake) return;
        this.#counters.bytes += packet.length;
        this.#counters.packets++;
        intake?.rtp(packet, payloadType, clockRate, performance.now());
      },
      accessUnit: (units, timestamp) => {
        if (intake !== this.#intake) return;
        for (const unit of units) this.#counters.bytes += unit.length;
        this.#counters.packets++;
        intake?.accessUnit(units, timestamp, performance.now());
      },
      outage: () => {
        // Worth waiting for: connecting anew would not bring the camera back.
        this.#pictureAt = performance.now() + outageMs - this.#times.stallMs;
        this.#break();
        this.#fail(new EngineError('camera-offline', 'The recorder has lost the camera.'), 1);
      },
      clock: (timeMs) => {
        this.#clockOffsetMs = Math.round(timeMs - Date.now());
      },
    };
  }

  #makeInput(): Input {
    const source = this.#source;
    if (this.#options.makeInput !== undefined) return this.#options.makeInput(source);
    if (source.type === 'image-server') return imageServerInput(source.source, source.token, source.ca);
    const { username, password } = source;
    return rtspInput(
      source.source,
      username === undefined ? undefined : { username, password: password ?? '' },
    );
  }

  #describe(codec: CodecName, sets: readonly Uint8Array[], fail: (error: EngineError) => void): Intake {
    // Viewers have been promised another codec: they have to ask again.
    if (this.#lastCodec !== undefined && this.#lastCodec !== codec) this.#endReaders();
    this.#codec = codec;
    this.#lastCodec = codec;
    const intake = new Intake(codecs[codec], this.#timeline, this.#options.mtu, {
      packet: (packet, beginsKeyframe, arrivalMs) => {
        this.reel.push(packet, beginsKeyframe, arrivalMs);
        for (const reader of this.#readers) reader.pump();
      },
      picture: (_isKeyframe, arrivalMs) => {
        this.#pictureAt = arrivalMs;
        this.#counters.pictures++;
        if (this.#state !== 'running') this.#setState('running');
      },
      bidirectional: () => {
        fail(new EngineError('b-frames', 'The camera sends B-frames, which WebRTC cannot carry.'));
      },
    });
    intake.announce(sets);
    this.#intake = intake;
    this.#changes.emit('change');
    return intake;
  }

  #fail(error: EngineError, failures: number): void {
    // A camera that is off for days says so once, not every fifteen seconds.
    const level = failures === 1 || error.code !== this.#error?.code ? 'warn' : 'debug';
    this.#options.log[level](
      { path: this.name, code: error.code, reason: error.message, cause: causeOf(error), failures },
      'source failed',
    );
    this.#error = error;
    this.#setState('error');
    if (error.code === 'b-frames' || error.code === 'codec-unsupported') {
      this.#endReaders();
    }
  }

  /** What is on the reel is no longer live; viewers go on with the next keyframe. */
  #break(): void {
    this.reel.forgetKeyframe();
    for (const reader of this.#readers) reader.hold();
  }

  #endReaders(): void {
    for (const reader of this.#readers) reader.end();
  }

  #setState(state: PathState): void {
    if (state === 'running') {
      this.#error = undefined;
      this.#options.log.info({ path: this.name, codec: this.#codec, ...this.format }, 'pictures flow');
    }
    if (state !== this.#state) this.#since = Date.now();
    this.#state = state;
    this.#changes.emit('change');
  }
}
