import { untrack } from 'svelte';
import { announceSignedOut } from '#lib/api/signed-out.ts';
import { StreamError, type MediaSession, type Vitals, type Way } from '#lib/media/media-source.ts';
import { limitsFor } from './limits.ts';
import { followPage } from './page-life.ts';
import { pulse as pagePulse, type Pulse } from './pulse.ts';
import { ratesBetween, type Rates } from './rates.ts';
import { next, type Command, type PlayerEvent, type PlayerState } from './state.ts';
import { FrameWatch } from './watchdog.ts';

/** How an attempt tells that it waits: its place in the queue, 1 being next, 0 when its turn has come. */
export type TellPlace = (place: number) => void;

/**
 * Gets one reception: reserves where needed, waits for its turn where there is one, opens a source. Called anew for each
 * attempt. Throws a {@link StreamError}, or the signal's reason when aborted.
 */
export type OpenPicture = (signal: AbortSignal, queued: TellPlace) => Promise<MediaSession>;

export interface PlayerOptions {
  readonly open: OpenPicture;
  /** For tests. */
  readonly pulse?: Pulse;
  readonly random?: () => number;
}

/** Which of the two video elements. The other one gets the next session ready. */
type Slot = 0 | 1;

/** One video element and the reception it shows. */
interface Screen {
  video: HTMLVideoElement | undefined;
  isInView: boolean;
  session: MediaSession | undefined;
  /** Takes the session off the element. */
  detach: (() => void) | undefined;
  watch: FrameWatch;
}

/**
 * One picture that is kept alive: runs the state machine of state.ts over a way of getting sessions. Nothing happens
 * before {@link start}; {@link stop} lets go of everything and may be followed by another `start`.
 */
export class Player {
  /** What the tile is doing. */
  state = $state.raw<PlayerState>({ status: 'idle' });
  /**
   * Age of the last picture in ms, undefined before the first: what `data-frame-age-ms` says. Written once a second
   * while live, four times a second in any other state.
   */
  frameAgeMs = $state.raw<number | undefined>();
  /** How the picture in front comes here; undefined while there is none. */
  way = $state.raw<Way | undefined>();
  /** The last reading of the counters of the session in front. */
  vitals = $state.raw<Vitals | undefined>();
  /** What the last two readings say. */
  rates = $state.raw<Rates>({});
  /** Which of the two video elements is in front. */
  front = $state.raw<Slot>(0);
  /** Whether there is a picture to see, fresh or old. */
  hasPicture = $state.raw(false);
  /** Whether what is seen is the copy of a last picture whose session is gone. */
  isHeld = $state.raw(false);

  /** The last tick in trouble: what counts down follows it. */
  #now = $state.raw(0);
  readonly #open: OpenPicture;
  readonly #pulse: Pulse;
  readonly #random: () => number;
  readonly #screens: readonly [Screen, Screen];
  #still: HTMLCanvasElement | undefined;
  #attempt: AbortController | undefined;
  #lastFrameAt: number | undefined;
  #lastReading: { readonly vitals: Vitals; readonly at: number } | undefined;
  #isMeasuring = false;
  #isAway = false;
  #leave: (() => void) | undefined;

  constructor(options: PlayerOptions) {
    this.#open = options.open;
    this.#pulse = options.pulse ?? pagePulse;
    this.#random = options.random ?? Math.random;
    this.#screens = [this.#emptyScreen(0), this.#emptyScreen(1)];
  }

  /** Wants the picture from now on. After a refusal: asks again. */
  start(): void {
    if (this.#leave === undefined) {
      const member = { tick: (now: number) => this.#tick(now), measure: () => void this.#measure() };
      const life = { leave: () => this.#away(), comeBack: () => this.#back(), improve: () => this.hurry() };
      const stops = [this.#pulse.join(member), followPage(life)];
      this.#leave = () => stops.forEach((stop) => stop());
    }
    this.#send({ type: 'start', at: this.#pulse.now() });
  }

  /** Wants it no more: closes what is open and forgets the picture. Safe to call twice. */
  stop(): void {
    this.#leave?.();
    this.#leave = undefined;
    this.#isAway = false;
    this.#send({ type: 'stop', at: this.#pulse.now() });
    this.#forget();
  }

  /** Something got better (camera reported up, server back, signed in again): tries soon if it was waiting. */
  hurry(): void {
    this.#send({ type: 'hurry', at: this.#pulse.now() });
  }

  /** When the last picture was shown, epoch ms on this viewer's clock; undefined before the first. */
  get lastFrameAt(): number | undefined {
    return this.#lastFrameAt === undefined ? undefined : this.#pulse.epochOf(this.#lastFrameAt);
  }

  /** Epoch ms, on this viewer's clock, of a moment in {@link state}. */
  epochOf(moment: number): number {
    return this.#pulse.epochOf(moment);
  }

  /** Ms until a moment in {@link state}, never negative. Counts down by itself where it is drawn. */
  untilMs(moment: number): number {
    return Math.max(0, moment - this.#now);
  }

  /** The picture in front, for snapshots and digital zoom; undefined while no element shows it. */
  get video(): HTMLVideoElement | undefined {
    return this.#front.video;
  }

  /** Attachment for the two video elements of Player.svelte. */
  screen(slot: Slot): (video: HTMLVideoElement) => () => void {
    return (video) => {
      const screen = this.#screens[slot];
      screen.video = video;
      const sight = new IntersectionObserver((entries) => {
        screen.isInView = entries.at(-1)?.isIntersecting ?? true;
      });
      sight.observe(video);
      if (screen.session) this.#show(screen, screen.session);
      return () => {
        sight.disconnect();
        screen.watch.unwatch();
        // Chromium counts media players that still hold a stream against the page: let go before the element goes.
        this.#takeOff(screen);
        screen.video = undefined;
        screen.isInView = true;
      };
    };
  }

  /** Attachment for the canvas that holds a last picture. */
  readonly still = (canvas: HTMLCanvasElement): (() => void) => {
    this.#still = canvas;
    return () => (this.#still = undefined);
  };

  get #front(): Screen {
    return this.#screens[untrack(() => this.front)];
  }

  get #behind(): Screen {
    return this.#screens[untrack(() => this.front) === 0 ? 1 : 0];
  }

  #emptyScreen(slot: Slot): Screen {
    return {
      video: undefined,
      isInView: true,
      session: undefined,
      detach: undefined,
      watch: this.#newWatch(slot),
    };
  }

  #newWatch(slot: Slot): FrameWatch {
    return new FrameWatch(
      () => this.#pulse.now(),
      (isFirst) => this.#sawFrame(slot, isFirst),
    );
  }

  #send(event: PlayerEvent): void {
    // Untracked: commands may run inside attachments, which must not subscribe to the state they write.
    const before = untrack(() => this.state);
    const { state, commands } = next(before, event, this.#random);
    if (state !== before) {
      this.state = state;
      this.#now = event.at;
    }
    for (const command of commands) this.#do(command);
  }

  #do(command: Command): void {
    switch (command) {
      case 'open':
        void this.#tryOpen();
        return;
      case 'abandon':
        this.#attempt?.abort();
        this.#attempt = undefined;
        this.#clear(this.#behind);
        return;
      case 'adopt':
        this.#adopt();
        return;
      case 'drop':
        this.#drop();
    }
  }

  async #tryOpen(): Promise<void> {
    this.#do('abandon');
    const attempt = new AbortController();
    this.#attempt = attempt;
    const { signal } = attempt;
    try {
      const session = await this.#open(signal, (place) => {
        if (!signal.aborted) this.#send({ type: 'queued', place, at: this.#pulse.now() });
      });
      if (signal.aborted) {
        session.close();
        return;
      }
      const screen = this.#behind;
      screen.session = session;
      this.#send({ type: 'agreed', at: this.#pulse.now() });
      this.#show(screen, session);
      this.#follow(session);
    } catch (cause) {
      if (signal.aborted) return;
      this.#attempt = undefined;
      this.#fail(cause);
    }
  }

  #fail(cause: unknown): void {
    const error =
      cause instanceof StreamError ? cause : new StreamError('unreachable', 'No picture', { cause });
    if (error.code === 'signed-out') announceSignedOut();
    this.#send({
      type: 'failed',
      at: this.#pulse.now(),
      code: error.code,
      isTransient: error.isTransient,
      retryAfterMs: error.retryAfterMs,
    });
  }

  /** Waits for the end of a session, whichever screen it is on by then. */
  #follow(session: MediaSession): void {
    const ended = (cause?: unknown): void => {
      if (session === this.#behind.session) {
        this.#do('abandon');
        this.#fail(cause);
      } else if (session === this.#front.session) {
        const code = cause instanceof StreamError ? cause.code : 'unreachable';
        this.#send({ type: 'lost', code, at: this.#pulse.now(), frameAt: this.#front.watch.lastFrameAt });
      }
    };
    session.ended.then(() => ended(), ended);
  }

  #show(screen: Screen, session: MediaSession): void {
    const { video } = screen;
    if (!video) return;
    screen.detach?.();
    screen.detach = session.attach(video);
    screen.watch.watch(video);
    // Muted pictures may always play; a refusal shows as a picture that does not come, and is judged as that.
    video.play().catch(() => undefined);
  }

  #sawFrame(slot: Slot, isFirst: boolean): void {
    const screen = this.#screens[slot];
    if (!screen.session) return;
    if (screen !== this.#front) {
      if (isFirst) this.#send({ type: 'first-frame', at: this.#pulse.now() });
      return;
    }
    this.#lastFrameAt = screen.watch.lastFrameAt;
  }

  #adopt(): void {
    const [before, after] = [this.#front, this.#behind];
    this.front = untrack(() => this.front) === 0 ? 1 : 0;
    this.#attempt = undefined;
    this.#clear(before);
    this.#lastFrameAt = after.watch.lastFrameAt;
    this.#forgetSession();
    this.#letGoOfStill();
    this.hasPicture = true;
    this.way = after.session?.way;
    this.#tellAge(this.#pulse.now());
  }

  /** Closes the session in front, and keeps a copy of its last picture: Chromium blanks the element with the stream. */
  #drop(): void {
    const { status } = untrack(() => this.state);
    const isWanted = status !== 'idle' && status !== 'refused';
    if (isWanted && this.#front.session) this.#hold();
    this.#clear(this.#front);
    this.#forgetSession();
    if (!isWanted) this.#forget();
  }

  #hold(): void {
    const { video } = this.#front;
    const still = this.#still;
    if (!still || !video || video.videoWidth === 0) return;
    [still.width, still.height] = [video.videoWidth, video.videoHeight];
    still.getContext('2d', { alpha: false })?.drawImage(video, 0, 0);
    this.isHeld = true;
  }

  #letGoOfStill(): void {
    this.isHeld = false;
    // Gives the memory back, and leaves nothing of a picture that may no longer be seen.
    if (this.#still) [this.#still.width, this.#still.height] = [0, 0];
  }

  #forgetSession(): void {
    this.#lastReading = undefined;
    this.vitals = undefined;
    this.rates = {};
    this.way = undefined;
  }

  #forget(): void {
    this.#clear(this.#front);
    this.#forgetSession();
    this.#letGoOfStill();
    this.#lastFrameAt = undefined;
    this.hasPicture = false;
    this.frameAgeMs = undefined;
  }

  #clear(screen: Screen): void {
    const { session, watch } = screen;
    watch.unwatch();
    screen.session = undefined;
    screen.watch = this.#newWatch(screen === this.#screens[0] ? 0 : 1);
    this.#takeOff(screen);
    session?.close();
  }

  #takeOff(screen: Screen): void {
    screen.detach?.();
    screen.detach = undefined;
  }

  #tick(now: number): void {
    const { session, watch } = this.#front;
    const frameAt = session ? watch.lastFrameAt : undefined;
    this.#send({ type: 'tick', at: now, frameAt, limits: limitsFor(watch.intervalMs) });
    if (untrack(() => this.state.status) === 'live') return;
    this.#now = now;
    this.#tellAge(now);
  }

  #tellAge(now: number): void {
    this.frameAgeMs =
      this.#lastFrameAt === undefined ? undefined : Math.round(Math.max(0, now - this.#lastFrameAt));
  }

  async #measure(): Promise<void> {
    if (untrack(() => this.state.status) === 'live') this.#tellAge(this.#pulse.now());
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    try {
      await Promise.all(this.#screens.map((screen) => this.#read(screen)));
    } finally {
      this.#isMeasuring = false;
    }
  }

  async #read(screen: Screen): Promise<void> {
    const { session } = screen;
    const vitals = await session?.vitals().catch(() => undefined);
    if (!session || screen.session !== session || !vitals) return;
    const isPainted = screen.video !== undefined && screen.isInView && document.visibilityState === 'visible';
    const counted = vitals.arrivals ?? vitals.framesDecoded;
    if (counted !== undefined) screen.watch.count(counted, isPainted);
    if (screen !== this.#front) return;
    const at = this.#pulse.now();
    if (this.#lastReading)
      this.rates = ratesBetween(this.#lastReading.vitals, vitals, at - this.#lastReading.at);
    this.#lastReading = { vitals, at };
    this.vitals = vitals;
  }

  #away(): void {
    const { status } = untrack(() => this.state);
    this.#isAway = status !== 'idle';
    this.#send({ type: 'stop', at: this.#pulse.now() });
    this.#forget();
  }

  #back(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#send({ type: 'start', at: this.#pulse.now() });
  }
}
