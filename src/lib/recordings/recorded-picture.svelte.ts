import type { StreamName } from '#contract/camera.ts';
import { ExactFrames } from './exact-frames.ts';
import { Film } from './film.svelte.ts';
import { ForwardRun } from './forward-run.ts';
import type { Gop } from './frame-source.ts';
import { GopDecoder, hasWebCodecs, needCodec, timeOfFrame } from './gop-decoder.ts';
import { Lateness } from './lateness.ts';
import { LatestWins } from './latest-wins.ts';
import { neighbourFrame } from './neighbour-frame.ts';
import { Outlook } from './outlook.ts';
import { pastErrorOf } from './past-problem.ts';
import { fastest, type Mode, modeOf, type PastMoment, type PastStatus } from './past-moment.ts';
import type { RecordedPictureOptions } from './recorded-picture-options.ts';
import { ReverseRun } from './reverse-run.ts';
import { Setback } from './setback.ts';
import { TileScreen } from './tile-screen.ts';

/** How far ahead of the playhead the next group is fetched, ms of playing. */
const aheadMs = 1500;
const reverseBytes = 48 * 1024 * 1024;
/** So long only keyframes are shown where the machine cannot keep up, ms. */
const economyMs = 10_000;
/** A group that comes next and could not be had is asked for again after this, ms. */
const aheadAgainMs = 1_000;
/** A hand that has not moved for so long rests: now the keyframe of the very moment is worth a request, ms. */
const handRestMs = 150;
/** A keyframe that takes longer is given up for another one that is wanted, ms. */
export const stuckMs = 3_000;

/** One camera's picture of the past: shows on its canvas what was recorded at the moment it is told. */
export class RecordedPicture {
  readonly cameraId: string;
  readonly #options: RecordedPictureOptions;
  readonly #now: () => number;
  readonly #end = new AbortController();
  readonly #decoder = new GopDecoder();
  readonly #screen = new TileScreen();
  readonly #frames: ExactFrames;
  readonly #lateness = new Lateness();
  readonly #exact: LatestWins<number>;
  readonly #keys: LatestWins<number>;
  readonly #setback: Setback;
  readonly #outlook: Outlook;
  #forward: ForwardRun | undefined;
  #reverse: ReverseRun | undefined;
  /** The group that is on its way. A turn ends it: what was wanted before must not be taken for what is wanted now. */
  #flight: AbortController | undefined;
  #fetchAgainAt = 0;
  #moment: PastMoment | undefined;
  #mode: Mode | undefined;
  #exactOf: number | undefined;
  #keyOf: number | undefined;
  /** The keyframe that came last while a hand moves. */
  #keyHad: number | undefined;
  #isSharp = false;
  #movedAt = 0;
  #caughtUpAt = -Infinity;
  #economyUntil = -Infinity;

  status: PastStatus = $state.raw({ kind: 'loading' });
  /** What plays instead where single frames cannot be decoded: then nothing is exact, and there are no steps. */
  film: Film | undefined = $state.raw();
  /** Whether a preview lies over the film: a hand moves time, or the film has not come to where it let go. */
  isPreview = $state(false);
  /** Whether the picture has been far from the moment for a while: it is catching up. */
  isLate = $state(false);
  /** When the picture that is seen was taken, epoch ms. */
  shownTime: number | undefined = $state.raw();
  /** Which recorded stream is played; previews always use the small one. */
  stream: StreamName = 'main';

  constructor(options: RecordedPictureOptions) {
    this.cameraId = options.cameraId;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#setback = new Setback({ now: this.#now, random: options.random });
    this.#outlook = new Outlook({
      now: this.#now,
      findNext: (time) => options.findNext(time, this.#end.signal),
      onKnown: (next) => (this.status = { kind: 'gap', next }),
    });
    this.#frames = new ExactFrames(this.#decoder, options.handBytes ?? (() => 0));
    this.#exact = new LatestWins((time, signal) => this.#showExact(time, signal));
    this.#keys = new LatestWins((time, signal) => this.#showKey(time, signal));
    if (!hasWebCodecs()) this.#fallBack();
  }

  /** Draws on this canvas. An attachment. */
  readonly screen = (canvas: HTMLCanvasElement): (() => void) => {
    this.#exactOf = undefined;
    this.shownTime = undefined;
    return this.#screen.attach(canvas);
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

  /** Whether the keyframe of where the hand is has not come yet, and may. */
  get isFollowing(): boolean {
    const mayCome = !this.film && this.status.kind !== 'gap' && this.status.kind !== 'failed';
    return mayCome && this.#mode === 'scrub' && this.#keyHad !== this.#keyOf;
  }

  /** How much older than the moment the picture is, ms, negative if it is younger; undefined where none is shown. */
  get lagMs(): number | undefined {
    if (this.status.kind !== 'shown' || this.shownTime === undefined || !this.#moment) return undefined;
    return this.#moment.time - this.shownTime;
  }

  /** See {@link neighbourFrame}. Throws a PastError, or the signal's reason. */
  async neighbour(time: number, direction: 1 | -1, signal: AbortSignal): Promise<number | undefined> {
    const isInGap = this.#options.isRecorded(time) === false;
    return neighbourFrame(time, direction, isInGap, (moment) => this.#gopOf(moment, signal));
  }

  /** Shows what was recorded at that moment, as far as it can now, and gets what is missing. Cheap: call it for each picture of the screen. */
  present(moment: PastMoment): void {
    const before = this.#moment;
    this.#moment = moment;
    const now = this.#now();
    if (before?.time !== moment.time) this.#movedAt = now;
    const wanted = modeOf(moment);
    const mode = wanted === 'forward' && now < this.#economyUntil ? 'keys' : wanted;
    if (mode !== this.#mode || before?.seeks !== moment.seeks) this.#turn(mode);
    if (this.film) this.#presentFilm(this.film, moment);
    else if (!this.#isInGap(moment.time) && !this.#isBackedOff(moment)) this.#follow(mode, moment);
    // Not where this camera has no nearer one.
    const mayBeNearer = !moment.isScrubbing && (mode === 'keys' || !this.isReady);
    this.isLate = this.#lateness.judge(mayBeNearer ? Math.abs(this.lagMs ?? 0) : 0, moment.speed, now);
  }

  #follow(mode: Mode, moment: PastMoment): void {
    if (mode === 'forward') this.#playForward(moment);
    else if (mode === 'reverse') this.#playBack(moment);
    else if (mode !== 'still') {
      this.#showBest(moment);
      this.#wantKey(mode, moment);
    } else if (this.#exactOf !== moment.time && !this.#showHeld(moment.time)) {
      this.#showBest(moment);
      this.#exact.want(moment.time);
    }
  }

  /** While a hand moves, previews lie over the film: it could not follow, and would be asked to at every move. */
  #presentFilm(film: Film, moment: PastMoment): void {
    if (this.#mode === 'scrub') {
      if (this.#isInGap(moment.time)) {
        this.isPreview = false;
        return;
      }
      this.isPreview = this.#showBest(moment) || this.isPreview;
      this.#wantKey('scrub', moment);
      if (this.isPreview) return;
    }
    film.present(moment);
    if (this.isPreview && film.status.kind === 'shown' && !film.isReady) return;
    this.isPreview = false;
    this.status = film.status;
    this.shownTime = film.shownTime;
  }

  get #isHandResting(): boolean {
    return this.#now() - this.#movedAt >= handRestMs;
  }

  /** Asks for a keyframe near the moment: of the moment itself only where that is not one request for each move. */
  #wantKey(mode: Mode, { time, speed }: PastMoment): void {
    if (mode !== 'scrub') {
      // Slow enough to ask for each keyframe once: a keyframe answers only for as far as was asked.
      this.#keyOf = Math.abs(speed) <= fastest ? Math.floor(time / 1000) * 1000 : time;
      this.#keys.want(this.#keyOf);
      return;
    }
    const isResting = this.#isHandResting;
    const moment = Math.floor(time);
    this.#keyOf = isResting ? moment : (this.#options.previewAt?.(time) ?? moment);
    if (this.#keyHad === this.#keyOf) {
      if (isResting && !this.#isSharp) void this.#sharpen(moment);
      return;
    }
    // One that nobody answers for must not stand in the way of all that a hand passes meanwhile.
    this.#keys.want(this.#keyOf, stuckMs);
    // What comes after it is asked for in the next picture of the screen, by one request with what other tiles ask for then.
    this.#keys.forget();
  }

  /** Whether nothing may be asked for yet, because it failed. What is here already is shown all the same. */
  #isBackedOff(moment: PastMoment): boolean {
    if (this.#setback.cameTo(moment.time)) this.#begin();
    const { error, isResting } = this.#setback;
    if (!error || !isResting) return false;
    const isPreviewed = this.#mode !== 'forward' && this.#showBest(moment);
    if (!isPreviewed && this.status.kind !== 'failed') this.status = { kind: 'failed', code: error.code };
    return true;
  }

  /** What failed is asked for again. */
  #begin(): void {
    if (this.status.kind === 'failed') this.status = { kind: 'loading' };
  }

  /** Playing forwards it has fallen behind: leaves out what is between, and goes on where the others are. */
  catchUp(): void {
    if (this.#mode !== 'forward' || this.status.kind === 'failed') return;
    const now = this.#now();
    // Again so soon: this machine cannot decode them all. Keyframes alone cost it a fiftieth.
    if (now - this.#caughtUpAt < economyMs) this.#economyUntil = now + economyMs;
    this.#caughtUpAt = now;
    // What is on its way is let through: where everything is slow nothing would ever come.
    this.#forward?.close();
    this.#forward = undefined;
  }

  /** Asks again at once for what failed. */
  hurry(): void {
    this.#setback.forgive();
    this.film?.hurry();
  }

  /** Gives back decoders and pictures. Safe to call twice. */
  close(): void {
    this.#end.abort();
    this.film?.close();
    this.#exact.close();
    this.#keys.close();
    this.#decoder.close();
    this.#frames.clear();
    this.#leave();
    this.#reverse?.close();
    this.#reverse = undefined;
  }

  /** Another mode, or another place: runs begin anew, and what is on its way for the old one is not waited for. */
  #turn(mode: Mode): void {
    // While a hand moves each move is a turn: the keyframe under way is near enough, and would never come otherwise.
    if (mode === 'scrub' && mode === this.#mode) this.#keys.forget();
    else this.#keys.drop();
    if (mode !== this.#mode) this.#keyHad = undefined;
    this.#mode = mode;
    this.#exactOf = undefined;
    this.#exact.drop();
    this.#leave();
    this.#fetchAgainAt = 0;
    if (mode !== 'reverse') {
      this.#reverse?.close();
      this.#reverse = undefined;
    }
    if (mode !== 'still') this.#frames.clear();
    if (this.#setback.chose(mode === 'scrub')) this.#begin();
  }

  /** Ends playing forwards, and the group that is on its way. */
  #leave(): void {
    this.#flight?.abort();
    this.#flight = undefined;
    this.#forward?.close();
    this.#forward = undefined;
  }

  #isInGap(time: number): boolean {
    if (this.#options.isRecorded(time) !== false) {
      if (this.#outlook.isInGap) {
        this.#outlook.leave();
        this.status = { kind: 'loading' };
        this.#turn(this.#mode ?? 'still');
      }
      return false;
    }
    const passes = this.#moment?.isScrubbing === true && !this.#isHandResting;
    const next = this.#outlook.from(time, passes);
    if (this.status.kind !== 'gap' || this.status.next !== next) this.status = { kind: 'gap', next };
    return true;
  }

  #playForward(moment: PastMoment): void {
    const run = this.#forward;
    if (!run) {
      this.#fetch(moment.time, (gop) => {
        // The clock was set back meanwhile: it would show nothing until time had come to it.
        if (gop.start > (this.#moment?.time ?? moment.time)) return;
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
      this.#fail(run.failure, moment.time);
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
      width: () => this.#screen.width,
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

  /** Gets the group of `time` and does something with it; one at a time. Not once a turn has been taken meanwhile. */
  #fetch(time: number, use: (gop: Gop) => void | Promise<void>): void {
    if (this.#flight || this.#now() < this.#fetchAgainAt) return;
    const flight = (this.#flight = new AbortController());
    this.#gopOf(time, flight.signal)
      .then(async (gop) => {
        if (this.#flight !== flight) return;
        await use(gop);
        this.#setback.succeeded();
      })
      .catch((cause: unknown) => {
        if (this.#flight !== flight) return;
        // What comes next is not missed yet.
        if (this.#hasNow && pastErrorOf(cause).code !== 'codec')
          this.#fetchAgainAt = this.#now() + aheadAgainMs;
        else this.#fail(cause, time);
      })
      .finally(() => {
        if (this.#flight === flight) this.#flight = undefined;
      });
  }

  /** Whether the run that plays holds the group of the moment. */
  get #hasNow(): boolean {
    const time = this.#moment?.time ?? 0;
    if (this.#mode === 'reverse') return this.#reverse?.has(time) ?? false;
    const last = this.#forward?.last;
    return last !== undefined && time < (last.end ?? Infinity);
  }

  async #gopOf(time: number, signal: AbortSignal): Promise<Gop> {
    const gop = await this.#options.source.get(this.cameraId, this.stream, 'gop', time, signal);
    await needCodec(gop);
    return gop;
  }

  async #showExact(time: number, signal: AbortSignal): Promise<void> {
    try {
      const gop = await this.#gopOf(time, signal);
      // What is being decoded is let through: a key held down would else never show anything.
      const show = (frame: VideoFrame): void => this.#showFrame(frame, time);
      await this.#frames.decode(gop, time, this.shownTime, show, this.#end.signal);
    } catch (cause) {
      if (this.#mode === 'still' && this.#moment?.time === time && !signal.aborted) this.#fail(cause, time);
    }
  }

  /** Shows the frame that was decoded for `time`, where it is wanted still, or is nearer than what is seen. Closes it. */
  #showFrame(frame: VideoFrame, time: number): void {
    const taken = timeOfFrame(frame);
    const wanted = this.#mode === 'still' ? this.#moment?.time : undefined;
    const isNearer =
      wanted !== undefined && Math.abs(wanted - taken) < Math.abs(wanted - (this.shownTime ?? Infinity));
    if (this.#outlook.isInGap || (wanted !== time && !isNearer)) {
      frame.close();
      return;
    }
    this.#setback.succeeded();
    this.#draw(frame, taken, wanted === time);
    if (wanted === time) this.#exactOf = time;
  }

  /** Shows the frame of `time` at once where it is in hand. */
  #showHeld(time: number): boolean {
    const gop = this.#options.source.kept(this.cameraId, this.stream, 'gop', time);
    const frame = gop && this.#frames.held(gop, time);
    if (!frame) return false;
    const way = time < (this.shownTime ?? time) ? -1 : 1;
    this.#showFrame(frame, time);
    // What fails will be said when it is wanted.
    this.#frames.refill(gop, time, way, this.#end.signal).catch(() => undefined);
    return true;
  }

  async #showKey(time: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.shelf.load(this.cameraId, time, signal);
      this.#keyHad = time;
      this.#isSharp = false;
      // It is drawn with the next picture of the screen, all tiles at once: each for itself, as they come, would cost a frame.
      if (!this.film && (this.#mode === 'scrub' || this.#mode === 'keys')) this.#setback.succeeded();
    } catch (cause) {
      // Without a preview there is still the film.
      if (this.#keyOf === time && !signal.aborted && !this.film) this.#fail(cause, time);
    }
  }

  /** Where a hand rests: its keyframe as large as it was coded. */
  async #sharpen(time: number): Promise<void> {
    this.#isSharp = true;
    // Without it the small one stays.
    const large = await this.#options.shelf.large(this.cameraId, time).catch(() => undefined);
    if (large && this.#mode === 'scrub' && this.#keyOf === time && !this.film && !this.#outlook.isInGap)
      this.#draw(large.frame, large.time, false);
    else large?.frame.close();
  }

  /** The nearest keyframe that is here already, if one is; not in place of a nearer picture where time rests. */
  #showBest({ time, toleranceMs }: PastMoment): boolean {
    const still = this.#options.shelf.best(this.cameraId, time, toleranceMs);
    const isNearer =
      this.#mode === 'still' &&
      this.status.kind === 'shown' &&
      still !== undefined &&
      Math.abs(time - (this.shownTime ?? -Infinity)) <= Math.abs(time - still.time);
    if (isNearer) return true;
    if (still && (still.time !== this.shownTime || this.status.kind !== 'shown'))
      this.#draw(still.bitmap, still.time, false);
    return still !== undefined;
  }

  #draw(picture: VideoFrame | ImageBitmap, time: number, isExact: boolean): void {
    this.#screen.draw(picture);
    this.shownTime = time;
    if (this.status.kind !== 'shown' || this.status.isExact !== isExact)
      this.status = { kind: 'shown', isExact };
  }

  /** What was asked for `time` came to nothing. */
  #fail(cause: unknown, time: number): void {
    if (this.#end.signal.aborted || (cause instanceof DOMException && cause.name === 'AbortError')) return;
    if (pastErrorOf(cause).code === 'codec') {
      this.#fallBack();
      return;
    }
    const { code } = this.#setback.failed(cause, time);
    this.status = { kind: 'failed', code };
    this.#forward?.close();
    this.#forward = undefined;
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
