import type { StreamName } from '#contract/camera.ts';
import { Film } from './film.svelte.ts';
import { ForwardRun } from './forward-run.ts';
import { frameAt, type FrameSource, type Gop, nextFrameTime, previousFrameTime } from './frame-source.ts';
import { GopDecoder, hasWebCodecs, needCodec, timeOfFrame } from './gop-decoder.ts';
import { LatestWins } from './latest-wins.ts';
import { pastErrorOf } from './past-error.ts';
import type { PastMoment, PastStatus } from './past-moment.ts';
import { ReverseRun } from './reverse-run.ts';
import type { StillShelf } from './still-shelf.ts';

export interface RecordedPictureOptions {
  readonly cameraId: string;
  readonly source: FrameSource;
  readonly shelf: StillShelf;
  /** Whether something is recorded at `time`; undefined while that is not known. */
  readonly isRecorded: (time: number) => boolean | undefined;
  /** Where recording goes on after `time`. */
  readonly findNext: (time: number, signal: AbortSignal) => Promise<number | undefined>;
  /** Monotonic, ms. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/** Faster than this only keyframes are shown: decoding all the rest would be for nothing. */
const fastest = 4;
/** How far ahead of the playhead the next group is fetched, ms of playing. */
const aheadMs = 1500;
const reverseBytes = 48 * 1024 * 1024;
/** So long only keyframes are shown where the machine cannot keep up, ms. */
const economyMs = 10_000;
const retryMs = { first: 1_000, most: 15_000 };

type Mode = 'forward' | 'reverse' | 'keys' | 'scrub' | 'still';

function modeOf({ isPlaying, isScrubbing, speed }: PastMoment): Mode {
  if (isScrubbing) return 'scrub';
  if (!isPlaying) return 'still';
  if (Math.abs(speed) > fastest) return 'keys';
  return speed < 0 ? 'reverse' : 'forward';
}

/** One camera's picture of the past: shows on its canvas what was recorded at the moment it is told. */
export class RecordedPicture {
  readonly cameraId: string;
  readonly #options: RecordedPictureOptions;
  readonly #now: () => number;
  readonly #end = new AbortController();
  readonly #decoder = new GopDecoder();
  readonly #exact: LatestWins<number>;
  readonly #keys: LatestWins<number>;
  #forward: ForwardRun | undefined;
  #reverse: ReverseRun | undefined;
  #isFetching = false;
  #fetchAgainAt = 0;
  #brush: CanvasRenderingContext2D | undefined;
  #moment: PastMoment | undefined;
  #mode: Mode | undefined;
  #exactOf: number | undefined;
  #failures = 0;
  #retryAt = 0;
  #caughtUpAt = -Infinity;
  #economyUntil = -Infinity;
  #gap: { readonly time: number } | undefined;

  status: PastStatus = $state.raw({ kind: 'loading' });
  /** What plays instead where single frames cannot be decoded: then nothing is exact, and there are no steps. */
  film: Film | undefined = $state.raw();
  /** When the picture that is seen was taken, epoch ms. */
  shownTime: number | undefined = $state.raw();
  /** Which recorded stream is played; previews always use the small one. */
  stream: StreamName = 'main';

  constructor(options: RecordedPictureOptions) {
    this.cameraId = options.cameraId;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#exact = new LatestWins((time, signal) => this.#showExact(time, signal));
    this.#keys = new LatestWins((time, signal) => this.#showKey(time, signal));
    if (!hasWebCodecs()) this.#fallBack();
  }

  /** Draws on this canvas. An attachment. */
  readonly screen = (canvas: HTMLCanvasElement): (() => void) => {
    this.#brush = canvas.getContext('2d', { alpha: false }) ?? undefined;
    this.#exactOf = undefined;
    this.shownTime = undefined;
    return () => (this.#brush = undefined);
  };

  /** Whether it shows what it should, or cannot: the clock need not wait for it. */
  get isReady(): boolean {
    const time = this.#moment?.time ?? 0;
    if (this.film) return this.film.isReady;
    if (this.status.kind === 'gap' || this.status.kind === 'failed') return true;
    switch (this.#mode) {
      case 'forward':
        return this.#forward?.isUpTo(time) ?? false;
      case 'reverse':
        return this.#reverse?.has(time) ?? false;
      case 'still':
        return this.#exactOf === time;
      default:
        return true;
    }
  }

  /** How much older than the moment the picture is, ms; undefined where there is none to speak of. */
  get lagMs(): number | undefined {
    if (this.status.kind !== 'shown' || this.shownTime === undefined || !this.#moment) return undefined;
    return Math.max(0, this.#moment.time - this.shownTime);
  }

  /** The moment of the frame before or after the one of `time`; undefined when there is none. Throws a PastError. */
  async neighbour(time: number, direction: 1 | -1, signal: AbortSignal): Promise<number | undefined> {
    const gop = await this.#gopOf(time, signal);
    const here = frameAt(gop, time).time;
    if (direction > 0) return nextFrameTime(gop, here);
    const before = previousFrameTime(gop, here);
    if (before !== undefined) return before;
    try {
      return frameAt(await this.#gopOf(gop.start - 1, signal), gop.start - 1).time;
    } catch (cause) {
      if (pastErrorOf(cause).code === 'no-recording') return undefined;
      throw cause;
    }
  }

  /** Shows what was recorded at that moment, as far as it can now, and gets what is missing. Cheap: call it for each picture of the screen. */
  present(moment: PastMoment): void {
    const before = this.#moment;
    this.#moment = moment;
    if (this.film) {
      this.film.present(moment);
      this.status = this.film.status;
      this.shownTime = this.film.shownTime;
      return;
    }
    const wanted = modeOf(moment);
    const mode = wanted === 'forward' && this.#now() < this.#economyUntil ? 'keys' : wanted;
    if (mode !== this.#mode || before?.seeks !== moment.seeks) this.#turn(mode);
    if (this.#isInGap(moment.time)) return;
    if (this.status.kind === 'failed' && this.#now() < this.#retryAt) return;
    switch (mode) {
      case 'forward': {
        this.#playForward(moment);
        return;
      }
      case 'reverse': {
        this.#playBack(moment);
        return;
      }
      case 'still':
        if (this.#exactOf === moment.time) return;
        this.#showBest(moment);
        {
          this.#exact.want(moment.time);
          return;
        }
      case 'keys':
      case 'scrub':
        this.#showBest(moment);
        {
          // Slow enough to ask for each keyframe once: a keyframe answers only for as far as was asked.
          const isSlow = mode === 'keys' && Math.abs(moment.speed) <= fastest;
          this.#keys.want(isSlow ? Math.floor(moment.time / 1000) * 1000 : moment.time);
          return;
        }
    }
  }

  /** Playing forwards it has fallen behind: leaves out what is between, and goes on where the others are. */
  catchUp(): void {
    if (this.#mode !== 'forward' || this.status.kind === 'failed') return;
    const now = this.#now();
    // Again so soon: this machine cannot decode them all. Keyframes alone cost it a fiftieth.
    if (now - this.#caughtUpAt < economyMs) this.#economyUntil = now + economyMs;
    this.#caughtUpAt = now;
    this.#forward?.close();
    this.#forward = undefined;
  }

  /** Asks again at once for what failed. */
  hurry(): void {
    this.#retryAt = 0;
    this.#failures = 0;
    this.film?.hurry();
  }

  /** Gives back decoders and pictures. Safe to call twice. */
  close(): void {
    this.#end.abort();
    this.film?.close();
    this.#exact.close();
    this.#keys.close();
    this.#decoder.close();
    this.#forward?.close();
    this.#reverse?.close();
    this.#forward = this.#reverse = undefined;
  }

  /** Another mode, or another place: runs begin anew. */
  #turn(mode: Mode): void {
    this.#mode = mode;
    this.#exactOf = undefined;
    this.#exact.forget();
    this.#keys.forget();
    this.#forward?.close();
    this.#forward = undefined;
    if (mode !== 'reverse') {
      this.#reverse?.close();
      this.#reverse = undefined;
    }
  }

  #isInGap(time: number): boolean {
    if (this.#options.isRecorded(time) !== false) {
      if (this.#gap) {
        this.#gap = undefined;
        this.status = { kind: 'loading' };
        this.#turn(this.#mode ?? 'still');
      }
      return false;
    }
    if (this.#gap) return true;
    const gap = (this.#gap = { time });
    this.status = { kind: 'gap', next: undefined };
    this.#options.findNext(time, this.#end.signal).then(
      (next) => {
        if (this.#gap === gap) this.status = { kind: 'gap', next: next ?? 'never' };
      },
      () => undefined,
    );
    return true;
  }

  #playForward(moment: PastMoment): void {
    const run = this.#forward;
    if (!run) {
      this.#fetch(moment.time, (gop) => {
        this.#forward = new ForwardRun();
        this.#forward.add(gop);
        this.#forward.pump(this.#moment?.time ?? moment.time);
      });
      return;
    }
    run.pump(moment.time);
    const frame = run.take(moment.time);
    if (frame) this.#draw(frame, timeOfFrame(frame), true);
    if (run.failure) {
      this.#fail(run.failure);
      return;
    }
    const last = run.last;
    const lastTime = last?.frames.at(-1)?.time ?? moment.time;
    const next = last?.end ?? lastTime + 1;
    if (moment.time + aheadMs * Math.max(1, moment.speed) > next) {
      this.#fetch(next, (gop) => {
        if (this.#forward !== run) return;
        // The same group again: nothing new has been recorded yet.
        if (gop.start === last?.start && gop.frames.length === last.frames.length)
          this.#fetchAgainAt = this.#now() + 500;
        else run.add(gop);
      });
    }
  }

  #playBack(moment: PastMoment): void {
    const run = (this.#reverse ??= new ReverseRun({
      decoder: this.#decoder,
      limitBytes: reverseBytes,
      width: () => (this.#brush?.canvas.clientWidth ?? 640) * devicePixelRatio,
    }));
    const picture = run.at(moment.time);
    if (picture) {
      if (picture.time !== this.shownTime) this.#draw(picture.bitmap, picture.time, true);
    } else this.#showBest(moment);
    if (run.isBusy) return;
    const here = this.#options.source.kept(this.cameraId, this.stream, 'gop', moment.time);
    const wanted = run.has(moment.time) ? here && here.start - 1 : moment.time;
    if (wanted === undefined || run.has(wanted) || this.#options.isRecorded(wanted) === false) return;
    this.#fetch(wanted, async (gop) => {
      if (this.#reverse === run) await run.unroll(gop, moment.speed);
    });
  }

  /** Gets the group of `time` and does something with it; one at a time. */
  #fetch(time: number, use: (gop: Gop) => void | Promise<void>): void {
    if (this.#isFetching || this.#now() < this.#fetchAgainAt) return;
    this.#isFetching = true;
    const mode = this.#mode;
    this.#gopOf(time, this.#end.signal)
      .then(async (gop) => {
        if (this.#mode === mode) await use(gop);
        this.#failures = 0;
      })
      .catch((cause: unknown) => this.#fail(cause))
      .finally(() => (this.#isFetching = false));
  }

  async #gopOf(time: number, signal: AbortSignal): Promise<Gop> {
    const gop = await this.#options.source.get(this.cameraId, this.stream, 'gop', time, signal);
    await needCodec(gop);
    return gop;
  }

  async #showExact(time: number, signal: AbortSignal): Promise<void> {
    try {
      const gop = await this.#gopOf(time, signal);
      const { time: taken } = frameAt(gop, time);
      const frame = await this.#decoder.frameAt(gop, taken, signal);
      this.#failures = 0;
      if (this.#mode !== 'still' || this.#moment?.time !== time) {
        frame.close();
        return;
      }
      this.#draw(frame, taken, true);
      this.#exactOf = time;
    } catch (cause) {
      this.#fail(cause);
    }
  }

  async #showKey(time: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.shelf.load(this.cameraId, time, signal);
      this.#failures = 0;
      const moment = this.#moment;
      if (moment && (this.#mode === 'scrub' || this.#mode === 'keys')) this.#showBest(moment);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  /** The nearest keyframe that is here already. */
  #showBest({ time, toleranceMs }: PastMoment): void {
    const still = this.#options.shelf.best(this.cameraId, time, toleranceMs);
    if (still && still.time !== this.shownTime) this.#draw(still.bitmap, still.time, false);
  }

  #draw(picture: VideoFrame | ImageBitmap, time: number, isExact: boolean): void {
    const isFrame = picture instanceof VideoFrame;
    const width = isFrame ? picture.displayWidth : picture.width;
    const height = isFrame ? picture.displayHeight : picture.height;
    const canvas = this.#brush?.canvas;
    if (this.#brush && canvas) {
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      this.#brush.drawImage(picture, 0, 0, width, height);
    }
    if (isFrame) picture.close();
    this.shownTime = time;
    if (this.status.kind !== 'shown' || this.status.isExact !== isExact)
      this.status = { kind: 'shown', isExact };
  }

  #fail(cause: unknown): void {
    if (this.#end.signal.aborted || (cause instanceof DOMException && cause.name === 'AbortError')) return;
    const error = pastErrorOf(cause);
    if (error.code === 'codec') {
      this.#fallBack();
      return;
    }
    this.status = { kind: 'failed', code: error.code };
    this.#forward?.close();
    this.#forward = undefined;
    const ceiling = error.isTransient
      ? Math.min(retryMs.most, retryMs.first * 2 ** this.#failures++)
      : Infinity;
    const random = this.#options.random ?? Math.random;
    this.#retryAt = this.#now() + (0.5 + random() / 2) * ceiling;
  }
  /** This browser cannot decode frames of it: hls.js may, by the browser's own player. */
  #fallBack(): void {
    if (this.film) return;
    const { cameraId, findNext } = this.#options;
    this.#turn('still');
    this.status = { kind: 'loading' };
    this.film = new Film({
      cameraId,
      stream: () => this.stream,
      findNext: (time) => findNext(time, this.#end.signal),
    });
  }
}
