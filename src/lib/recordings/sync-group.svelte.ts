import { SvelteMap } from 'svelte/reactivity';
import { FrameSource, type FrameSourceOptions } from './frame-source.ts';
import { type AskJpeg, askJpeg } from './jpeg-still.ts';
import { LatestWins } from './latest-wins.ts';
import { type GapConduct, Playhead, type PlayEnd, type Speed } from './playhead.ts';
import { RecordedPicture, stuckMs } from './recorded-picture.svelte.ts';
import { DragDirection, previewMoment, previewsFor, type Wanted } from './scrub.ts';
import { Skew } from './skew.ts';
import type { SpanStore } from './span-store.svelte.ts';
import type { Span } from './spans.ts';
import { StillShelf, widthFor } from './still-shelf.ts';

export interface SyncGroupOptions {
  readonly spans: SpanStore;
  /** Where to begin, epoch ms. */
  readonly at: number;
  readonly source?: FrameSourceOptions;
  readonly askJpeg?: AskJpeg;
  /** Monotonic, ms. */
  readonly now?: () => number;
  readonly onEnd?: (end: PlayEnd) => void;
  /** How long all wait for a picture that is not there yet, ms. 0: time goes on, and each comes when it can. */
  readonly longestHoldMs?: number;
  /** Pictures this much older than the moment are not shown where this is used, and not compared with the others, ms. */
  readonly mostLagMs?: number;
  /** Whether a camera has a recording at a moment, where somebody knows better than the spans do. */
  readonly isRecorded?: (cameraId: string, time: number) => boolean | undefined;
}

/** A look-up of where recording goes on, under way or done. */
interface Search {
  readonly from: number;
  readonly direction: 1 | -1;
  found: number | 'unknown' | undefined;
  /** It failed: not again before, monotonic ms. */
  againAt: number;
}

/** Finds another moment, from where the playhead is; undefined when there is none. */
export type FindMoment = (time: number, signal: AbortSignal) => Promise<number | undefined>;

/** What is fetched while a hand is at that moment, because it may go there next. */
interface LookAhead {
  readonly from: number;
  readonly wanted: readonly Wanted[];
}

/** A picture that is not there: how long it has been waited for, or been left behind. */
interface Wait {
  readonly since: number;
  readonly isGivenUp: boolean;
}

/** All wait for one this long; then time goes on without it, ms. */
const usualHoldMs = 2_000;
/** So long a picture may be missing before anything is done about it, ms. */
const leastWaitMs = 1_500;
/** A picture this far behind will not come back by itself, ms. */
const leftBehindMs = 1_000;
/** A look-up that failed is tried again after this, ms. */
const searchAgainMs = 1_000;
const scrubAhead = 4;
/** Decoded frames that all pictures together keep for steps: some ten of each of nine at 720p. */
const handBytes = 128 * 1024 * 1024;
const nearMs = 600_000;

/** Up to nine pictures of the past on one clock. */
export class SyncGroup {
  readonly #spans: SpanStore;
  readonly #now: () => number;
  readonly #onEnd: (end: PlayEnd) => void;
  readonly #longestHoldMs: number;
  readonly #mostLagMs: number;
  readonly #isRecorded: NonNullable<SyncGroupOptions['isRecorded']>;
  readonly #playhead: Playhead;
  readonly #shelf: StillShelf;
  readonly #source: FrameSource;
  readonly #skew = new Skew();
  readonly #pictures = new SvelteMap<string, RecordedPicture>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing is drawn from it
  readonly #waits = new Map<RecordedPicture, Wait>();
  readonly #drag = new DragDirection();
  readonly #prefetch: LatestWins<LookAhead>;
  #ahead: LookAhead | undefined;
  readonly #end = new AbortController();
  #search: Search | undefined;
  #frame = 0;
  #lastLookAt = 0;
  /** Where the playhead was then, epoch ms. */
  #lookedAt = 0;
  /** Ends when somebody chooses another moment: what is still looking for one comes too late. */
  #intent = new AbortController();
  #errands: Promise<unknown> = Promise.resolve();

  /** The recorded moment that is shown, epoch ms. */
  time: number = $state(0);
  isPlaying = $state(false);
  /** Playing, but somebody's picture is not there yet. */
  isHeld = $state(false);
  isScrubbing = $state(false);
  speed: Speed = $state(1);
  loop: Span | undefined = $state.raw();
  /** See {@link Skew}. */
  skewMs: number | undefined = $state();
  /** How much time a pixel of the timeline is: what previews have to be good for. */
  msPerPx = 1000;

  constructor(options: SyncGroupOptions) {
    const { spans, at, source = {}, askJpeg: ask = askJpeg, now, onEnd } = options;
    const { longestHoldMs, mostLagMs, isRecorded } = options;
    this.#spans = spans;
    this.#longestHoldMs = longestHoldMs ?? usualHoldMs;
    this.#mostLagMs = mostLagMs ?? Infinity;
    this.#isRecorded = isRecorded ?? ((id, time) => spans.isRecorded(id, time));
    this.#now = now ?? (() => performance.now());
    this.#onEnd = onEnd ?? (() => undefined);
    this.#source = new FrameSource(source);
    this.#shelf = new StillShelf(this.#source, { ask });
    this.#playhead = new Playhead({
      now: this.#now,
      at,
      find: (time, direction) => this.#findRecorded(time, direction),
    });
    this.time = at;
    // Step by step: a hand that goes elsewhere has then cost the recorders no more than the next one.
    this.#prefetch = new LatestWins(async ({ wanted }, signal) => {
      const each = Math.max(1, this.#pictures.size);
      for (let i = 0; i < wanted.length && !signal.aborted; i += each)
        await this.#shelf.fill(wanted.slice(i, i + each), signal);
    });
  }

  get cameraIds(): readonly string[] {
    return [...this.#pictures.keys()];
  }
  get gaps(): GapConduct {
    return this.#playhead.gaps;
  }
  set gaps(gaps: GapConduct) {
    this.#playhead.gaps = gaps;
  }
  get shelf(): StillShelf {
    return this.#shelf;
  }
  set limits(limits: Span) {
    this.#playhead.limits = limits;
  }

  pictureOf(cameraId: string): RecordedPicture | undefined {
    return this.#pictures.get(cameraId);
  }

  /** Shows these cameras: pictures of others are given back, those that stay go on. */
  show(cameraIds: readonly string[]): void {
    for (const [id, picture] of this.#pictures)
      if (!cameraIds.includes(id)) {
        this.#playhead.release(picture);
        this.#waits.delete(picture);
        picture.close();
        this.#pictures.delete(id);
      }
    for (const id of cameraIds)
      if (!this.#pictures.has(id))
        this.#pictures.set(
          id,
          new RecordedPicture({
            cameraId: id,
            source: this.#source,
            shelf: this.#shelf,
            isRecorded: (time) => this.#isRecorded(id, time),
            previewAt: (time) => this.#previewAt(id, time),
            findNext: (time, signal) => this.#spans.findRecorded([id], time, 1, signal),
            handBytes: () => handBytes / this.#pictures.size,
            now: this.#now,
          }),
        );
    this.#shelf.keyframeWidth = widthFor(cameraIds.length);
  }

  /** Lets time pass, picture by picture of the screen, until the given way to stop is called. */
  run(): () => void {
    const beat = (): void => {
      this.#frame = requestAnimationFrame(beat);
      this.tick();
    };
    this.#frame = requestAnimationFrame(beat);
    return () => cancelAnimationFrame(this.#frame);
  }

  /** One picture of the screen. */
  tick(): void {
    const ended = this.#playhead.tick();
    this.#take();
    const moment = {
      time: this.time,
      speed: this.speed,
      isPlaying: this.isPlaying,
      isScrubbing: this.isScrubbing,
      seeks: this.#playhead.seeks,
      toleranceMs: Math.max(10_000, this.msPerPx * 30),
    };
    const now = this.#now();
    const lags: number[] = [];
    for (const picture of this.#pictures.values()) {
      picture.present(moment);
      this.#holdFor(picture, now);
      const lag = picture.lagMs;
      if (lag !== undefined && lag < this.#mostLagMs) lags.push(lag);
    }
    // Not before: what is under the pointer must not wait behind what may come.
    if (this.isScrubbing && [...this.#pictures.values()].every(({ isFollowing }) => !isFollowing))
      this.#lookAhead();
    if (this.isPlaying && !this.#playhead.isHeld && Math.abs(this.speed) <= 4) this.#skew.saw(lags);
    if (now - this.#lastLookAt > 500) {
      this.#lastLookAt = now;
      this.skewMs = this.#skew.p95;
      // To the millisecond around the playhead: gaps are told from recordings there. Not of what a hand only passes.
      const isPassing = this.isScrubbing && Math.abs(this.time - this.#lookedAt) > nearMs;
      this.#lookedAt = this.time;
      const window = { start: this.time - nearMs, end: this.time + nearMs * 3 };
      if (!isPassing) this.#spans.want('playhead', this.cameraIds, window, 1);
    }
    if (ended) this.#onEnd(ended);
  }

  play(speed: Speed = this.speed): void {
    this.#overtake();
    this.#prefetch.drop();
    this.#skew.clear();
    this.#playhead.play(speed);
    this.#take();
  }
  /** Chooses a speed without playing. */
  prepare(speed: Speed): void {
    this.#playhead.speed = speed;
    this.#take();
  }
  pause(): void {
    this.#playhead.pause();
    this.#take();
  }
  toggle(): void {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  /** Goes to that moment; the exact pictures follow. */
  seek(time: number): void {
    this.#overtake();
    this.#prefetch.drop();
    this.#playhead.seek(time);
    this.#take();
  }

  /** See {@link Playhead.nudge}. */
  nudge(time: number): void {
    this.#playhead.nudge(time);
    this.#take();
  }

  /** A hand moves time: pauses and shows previews until `seek`. */
  scrub(time: number): void {
    this.#overtake();
    this.isScrubbing = true;
    this.#playhead.pause();
    this.#playhead.seek(time);
    this.#take();
    this.#drag.moved(time, this.msPerPx);
    // Where the hand went elsewhere, what was to come stands in the way of what it wants now.
    const isForeseen = this.cameraIds.some((id) => {
      const here = this.#previewAt(id, time);
      return this.#ahead?.wanted.some(({ cameraId, at }) => cameraId === id && at === here);
    });
    if (!isForeseen) this.#prefetch.drop();
  }

  /** Repeats [a, b), or ends repeating. */
  repeat(loop: Span | undefined): void {
    if (loop) {
      this.#overtake();
      this.#playhead.repeat(loop.start, loop.end);
    } else this.#playhead.endLoop();
    this.#take();
  }

  /**
   * Goes to the next or previous frame of that camera; the others follow to the same moment. Steps queue, so that a key
   * held down loses none. Resolves with false where there is no such frame. Throws a PastError.
   */
  step(cameraId: string, direction: 1 | -1): Promise<boolean> {
    this.#playhead.pause();
    this.#take();
    return this.#send(
      async (time, signal) => this.#pictures.get(cameraId)?.neighbour(time, direction, signal),
      (to) => this.#playhead.step(to),
    );
  }

  /**
   * Goes where `find` leads, after those that were asked before it and from where they led. Who plays, seeks or drags
   * meanwhile overtakes it: then nothing moves. Resolves with false only where it found nothing. Throws what `find` throws.
   */
  goWhere(find: FindMoment): Promise<boolean> {
    return this.#send(find, (to) => this.#playhead.seek(to));
  }

  /** Asks again at once for what failed. */
  hurry(): void {
    for (const picture of this.#pictures.values()) picture.hurry();
    this.#spans.hurry();
  }

  /** Gives back everything. Safe to call twice. */
  close(): void {
    cancelAnimationFrame(this.#frame);
    this.#end.abort();
    this.#intent.abort();
    this.#prefetch.close();
    for (const picture of this.#pictures.values()) picture.close();
    this.#pictures.clear();
    this.#shelf.close();
    this.#source.clear();
  }

  #send(find: FindMoment, arrive: (to: number) => void): Promise<boolean> {
    const { signal } = this.#intent;
    const errand = this.#errands.then(async () => {
      try {
        signal.throwIfAborted();
        const to = await find(this.time, signal);
        signal.throwIfAborted();
        if (to === undefined) return false;
        this.isScrubbing = false;
        arrive(to);
        this.#take();
      } catch (cause) {
        if (!signal.aborted) throw cause;
      }
      return true;
    });
    this.#errands = errand.catch(() => undefined);
    return errand;
  }

  /** Somebody chose another moment, or to play: what was still looking for one is too late. */
  #overtake(): void {
    this.isScrubbing = false;
    this.#intent.abort();
    this.#intent = new AbortController();
  }

  /** Which moment's keyframe stands for `time` while a hand moves. */
  #previewAt(cameraId: string, time: number): number {
    return previewMoment(time, this.msPerPx, this.#knownSpans(cameraId, time));
  }

  /** Fetches what a hand that moves time comes to next, once for each place it is at. */
  #lookAhead(): void {
    const { time, msPerPx } = this;
    if (this.#ahead?.from === time) return;
    const cameras = this.cameraIds.map((cameraId) => ({
      cameraId,
      spans: this.#knownSpans(cameraId, time),
    }));
    const { direction, strideMs } = this.#drag;
    const wanted = previewsFor({ cameras, time, msPerPx, direction, strideMs, ahead: scrubAhead });
    this.#ahead = { from: time, wanted };
    this.#prefetch.want(this.#ahead, stuckMs);
  }

  /** What is recorded around `time`, as far as the timeline shows it; undefined while that is not known. */
  #knownSpans(cameraId: string, time: number): readonly Span[] | undefined {
    const { recorded, unknown } = this.#spans.past(
      cameraId,
      { start: time, end: time + 1 },
      Math.max(1, this.msPerPx),
    );
    return unknown.length > 0 ? undefined : recorded;
  }

  #take(): void {
    const { time, isPlaying, isHeld, speed, loop } = this.#playhead;
    this.time = time;
    this.isPlaying = isPlaying;
    this.isHeld = isHeld;
    this.speed = speed;
    if (this.loop !== loop) this.loop = loop;
  }

  /** Lets all wait for a picture that is not there yet, but not for ever. */
  #holdFor(picture: RecordedPicture, now: number): void {
    if (!this.isPlaying || picture.isReady) {
      this.#waits.delete(picture);
      this.#playhead.release(picture);
      return;
    }
    let wait = this.#waits.get(picture);
    if (!wait) this.#waits.set(picture, (wait = { since: now, isGivenUp: false }));
    if (now - wait.since >= Math.max(this.#longestHoldMs, leastWaitMs)) {
      // One that cannot keep up begins anew where the others are, and they wait for it again after a while.
      if (!wait.isGivenUp && Math.abs(picture.lagMs ?? 0) > leftBehindMs) picture.catchUp();
      this.#waits.set(picture, (wait = { since: now, isGivenUp: !wait.isGivenUp }));
    }
    if (wait.isGivenUp || this.#longestHoldMs === 0) this.#playhead.release(picture);
    else this.#playhead.hold(picture);
  }

  /** Where one of the cameras has a recording: from what is known, or from what was looked up since. */
  #findRecorded(time: number, direction: 1 | -1): number | 'unknown' | undefined {
    const ids = this.cameraIds;
    if (ids.length === 0) return time;
    const known = this.#spans.knownRecorded(ids, time, direction);
    if (known !== 'unknown') return known;
    const search = this.#search;
    const isSame =
      search?.direction === direction && Math.abs(search.from - time) < 5_000 && search.found !== 'unknown';
    if (isSame) return search.found;
    if (search?.direction === direction && search.found === 'unknown' && this.#now() < search.againAt)
      return 'unknown';
    const begun: Search = { from: time, direction, found: 'unknown', againAt: Infinity };
    this.#search = begun;
    this.#spans.findRecorded(ids, time, direction, this.#end.signal).then(
      (found) => (begun.found = found),
      // Not known is not "nothing": time waits, and it is asked again.
      () => (begun.againAt = this.#now() + searchAgainMs),
    );
    return 'unknown';
  }
}
