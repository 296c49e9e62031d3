import { untrack } from 'svelte';
import { announceSignedOut } from '#lib/api/signed-out.ts';
import {
  StreamError,
  type ChooseWay,
  type MediaSession,
  type Vitals,
  type Way,
} from '#lib/media/media-source.ts';
import { Climber, type Fallback } from './climber.ts';
import { limitsFor } from './limits.ts';
import { network as pageNetwork, type Network } from './network.ts';
import { followPage } from './page-life.ts';
import { pulse as pagePulse, type Pulse } from './pulse.ts';
import { ratesBetween, type Rates } from './rates.ts';
import { Screen, type Slot } from './screen.ts';
import { next, type Command, type PlayerEvent, type PlayerState } from './state.ts';

/** How an attempt tells that it waits: its place in the queue, 1 being next, 0 when its turn has come. */
export type TellPlace = (place: number) => void;

/**
 * Gets one reception: reserves where needed, waits for its turn where there is one, opens a source. Called anew for each
 * attempt. `choose` says by which of the ways on offer; whoever has but one need not ask. Throws a {@link StreamError}, or
 * the signal's reason when aborted.
 */
export type OpenPicture = (
  signal: AbortSignal,
  queued: TellPlace,
  choose: ChooseWay,
) => Promise<MediaSession>;

/**
 * Moving pictures from far behind are delayed, and said to be; but not stalled, for another session would be as late. So
 * much beyond the limit counts, ms.
 */
const mostLagMs = 300;

export interface PlayerOptions {
  readonly open: OpenPicture;
  /** For tests. */
  readonly pulse?: Pulse;
  readonly network?: Network;
  readonly random?: () => number;
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
  /** Set while the picture in front does not come by the best way there is. */
  fallback = $state.raw<Fallback | undefined>();
  /** Which of the video elements is in front. */
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
  readonly #climber: Climber;
  readonly #screens: readonly [Screen, Screen, Screen];
  #nextSlot: Slot = 1;
  #sideSlot: Slot = 2;
  /** The attempt by another way. */
  #side: AbortController | undefined;
  /** Whether the session that another way won against ever had a connection. */
  #hadConnected = true;
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
    const screen = (slot: Slot): Screen =>
      new Screen(
        slot,
        () => this.#pulse.now(),
        (one, isFirst) => this.#sawFrame(one, isFirst),
      );
    this.#screens = [screen(0), screen(1), screen(2)];
    this.#climber = new Climber(options.network ?? pageNetwork, () => this.#pulse.now(), {
      begin: (rung) => void this.#trySide(rung),
      adopt: () => this.#adoptSide(),
      drop: () => this.#dropSide(),
    });
  }

  /** Wants the picture from now on. After a refusal: asks again. */
  start(): void {
    if (this.#leave === undefined) {
      const member = { tick: (now: number) => this.#tick(now), measure: () => void this.#measure() };
      const life = {
        leave: () => this.#away(),
        comeBack: () => this.#back(),
        improve: () => this.hurry(),
        changeNetwork: () => this.#climber.changeNetwork(),
      };
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

  /** Somebody wants the best way now: looks for it at once instead of when it is due. */
  climb(): void {
    this.#climber.climb();
  }

  /** When the camera took what is in front, epoch ms on the server's clock; undefined where its way does not tell. */
  get capturedAt(): number | undefined {
    const { session, video } = this.#front;
    return session && video ? session.captureTimeOf(video) : undefined;
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

  /** Attachment for the video elements of Player.svelte. */
  screen(slot: Slot): (video: HTMLVideoElement) => () => void {
    return (video) => this.#screens[slot].mount(video);
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
    return this.#screens[this.#nextSlot];
  }

  get #beside(): Screen {
    return this.#screens[this.#sideSlot];
  }

  #send(event: PlayerEvent): void {
    // Untracked: commands may run inside attachments, which must not subscribe to the state they write.
    const before = untrack(() => this.state);
    const { state, commands } = next(before, event, this.#random);
    if (state !== before) {
      this.state = state;
      this.#now = event.at;
    }
    this.#tellLadder(before, event, state);
    for (const command of commands) this.#do(command);
  }

  /** What the ladder has to know of a step of the state. */
  #tellLadder(before: PlayerState, event: PlayerEvent, after: PlayerState): void {
    if ((before.status === 'live' || before.status === 'delayed') && 'effort' in after)
      this.#climber.stalled();
    if (event.type !== 'tick' || !('effort' in before)) return;
    const { session } = this.#front;
    // The session that had gone silent is back by itself.
    if (after.status === 'live' && session) this.#climber.shown(session, true);
    // An attempt that took too long.
    if (!('effort' in after) || before.effort.kind !== 'opening' || after.effort.kind !== 'waiting') return;
    this.#climber.failed(this.#behind.session, 'silent', before.effort.isAgreed === true);
  }

  #tellFallback(): void {
    const before = untrack(() => this.fallback);
    const after = this.#climber.fallbackOf(untrack(() => this.way));
    if (before?.way !== after?.way || before?.reason !== after?.reason) this.fallback = after;
  }

  async #trySide(rung: number): Promise<void> {
    const attempt = new AbortController();
    const { signal } = attempt;
    this.#side = attempt;
    try {
      const session = await this.#open(
        signal,
        () => undefined,
        (offered) => offered[rung],
      );
      if (signal.aborted) {
        session.close();
        return;
      }
      this.#beside.show(session);
      this.#follow(session);
    } catch {
      if (!signal.aborted) this.#sideFailed();
    }
  }

  #sideFailed(): void {
    this.#dropSide();
    this.#climber.sideFailed();
  }

  #dropSide(): void {
    this.#climber.gaveUp(this.#beside.session);
    this.#side?.abort();
    this.#side = undefined;
    this.#beside.clear();
  }

  /** The attempt by another way takes the place of the own one, and goes in front. */
  #adoptSide(): void {
    const own = this.#behind.session;
    this.#climber.gaveUp(own);
    this.#hadConnected = own?.hasConnected ?? true;
    this.#do('abandon');
    [this.#nextSlot, this.#sideSlot] = [this.#sideSlot, this.#nextSlot];
    this.#attempt = this.#side;
    this.#side = undefined;
    this.#send({ type: 'first-frame', at: this.#pulse.now() });
  }

  #do(command: Command): void {
    switch (command) {
      case 'open':
        void this.#tryOpen();
        return;
      case 'abandon':
        this.#attempt?.abort();
        this.#attempt = undefined;
        this.#behind.clear();
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
      const queued: TellPlace = (place) => {
        if (!signal.aborted) this.#send({ type: 'queued', place, at: this.#pulse.now() });
      };
      const session = await this.#open(signal, queued, (offered) => this.#climber.choose(offered));
      if (signal.aborted) {
        session.close();
        return;
      }
      this.#send({ type: 'agreed', at: this.#pulse.now() });
      this.#behind.show(session);
      this.#follow(session);
    } catch (cause) {
      if (signal.aborted) return;
      this.#attempt = undefined;
      this.#fail(cause);
    }
  }

  #fail(cause: unknown, isAgreed = false): void {
    const error =
      cause instanceof StreamError ? cause : new StreamError('unreachable', 'No picture', { cause });
    if (error.code === 'signed-out') announceSignedOut();
    // What this way cannot do another may.
    const goesOn = this.#climber.failed(this.#behind.session, error.code, isAgreed) && !error.isTransient;
    this.#send({
      type: 'failed',
      at: this.#pulse.now(),
      code: error.code,
      isTransient: error.isTransient || goesOn,
      retryAfterMs: goesOn ? 0 : error.retryAfterMs,
    });
  }

  /** Waits for the end of a session, whichever screen it is on by then. */
  #follow(session: MediaSession): void {
    const ended = (cause?: unknown): void => {
      if (session === this.#behind.session) {
        this.#fail(cause, true);
        this.#do('abandon');
      } else if (session === this.#beside.session) {
        this.#sideFailed();
      } else if (session === this.#front.session) {
        const code = cause instanceof StreamError ? cause.code : 'unreachable';
        this.#send({ type: 'lost', code, at: this.#pulse.now(), frameAt: this.#front.watch.lastFrameAt });
      }
    };
    session.ended.then(() => ended(), ended);
  }

  #sawFrame(screen: Screen, isFirst: boolean): void {
    if (!screen.session) return;
    if (screen !== this.#front) {
      if (isFirst && screen === this.#behind) this.#send({ type: 'first-frame', at: this.#pulse.now() });
      return;
    }
    this.#lastFrameAt = screen.watch.lastFrameAt;
  }

  #adopt(): void {
    const [before, after] = [this.#front, this.#behind];
    this.front = after.slot;
    this.#nextSlot = before.slot;
    this.#attempt = undefined;
    before.clear();
    this.#lastFrameAt = after.watch.lastFrameAt;
    this.#forgetSession();
    this.#letGoOfStill();
    this.hasPicture = true;
    this.way = after.session?.way;
    this.#tellAge(this.#pulse.now());
    if (!after.session) return;
    this.#climber.shown(after.session, this.#hadConnected);
    this.#hadConnected = true;
    this.#tellFallback();
  }

  /** Closes the session in front, and keeps a copy of its last picture: Chromium blanks the element with the stream. */
  #drop(): void {
    const { status } = untrack(() => this.state);
    const isWanted = status !== 'idle' && status !== 'refused';
    if (isWanted && this.#front.session) this.#hold();
    this.#front.clear();
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
    this.#tellFallback();
  }

  #forget(): void {
    this.#climber.reset();
    this.#front.clear();
    this.#forgetSession();
    this.#letGoOfStill();
    this.#lastFrameAt = undefined;
    this.hasPicture = false;
    this.frameAgeMs = undefined;
  }

  #tick(now: number): void {
    const { session, watch } = this.#front;
    const limits = limitsFor(watch.intervalMs);
    const frameAt =
      session && watch.lastFrameAt !== undefined
        ? watch.lastFrameAt - Math.min(session.lagMs ?? 0, limits.delayedMs + mostLagMs)
        : undefined;
    this.#send({ type: 'tick', at: now, frameAt, limits });
    this.#climber.tick(
      untrack(() => this.state),
      this.#beside.watch.lastFrameAt,
      now,
    );
    this.#tellFallback();
    if (untrack(() => this.state.status) === 'live') return;
    this.#now = now;
    this.#tellAge(now);
  }

  #tellAge(now: number): void {
    const lagMs = this.#front.session?.lagMs ?? 0;
    this.frameAgeMs =
      this.#lastFrameAt === undefined ? undefined : Math.round(Math.max(0, now - this.#lastFrameAt) + lagMs);
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
    const counted = vitals.arrivals ?? vitals.framesDecoded;
    if (counted !== undefined) screen.watch.count(counted, screen.isPainted);
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
