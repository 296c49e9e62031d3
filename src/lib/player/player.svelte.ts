import { untrack } from 'svelte';
import type { Shortage } from '#contract/reservation.ts';
import type { LatencyChoice, MediaSession, Preferred, Vitals, Way } from '#lib/media/media-source.ts';
import type { OpenPicture } from './attempt.ts';
import type { Fallback } from './climber.ts';
import type { RungChange } from './ladder.ts';
import type { CameraStills } from './last-pictures.ts';
import { limitsFor, type Limits } from './limits.ts';
import { Meters } from './meters.svelte.ts';
import { network as pageNetwork, type Network } from './network.ts';
import { followPage } from './page-life.ts';
import { Pace } from './pace.ts';
import { PastPicture } from './past-picture.svelte.ts';
import { pulse as pagePulse, type Pulse } from './pulse.ts';
import { Reception } from './reception.svelte.ts';
import { isJudged } from './score.ts';
import type { Slot } from './screen.ts';
import type { Stage } from './stage.svelte.ts';
import type { StandIn } from './stand-in.svelte.ts';
import { next, type Command, type PlayerEvent, type PlayerState } from './state.ts';

export type { OpenPicture, TellPlace } from './attempt.ts';

/**
 * Moving pictures from far behind are delayed, and said to be; but where they are played from a buffer they are not stalled,
 * for another session would be as late. So much beyond the limit counts, ms.
 */
const mostLagMs = 300;
/** Who was late stays so until it is no more than this share of the limit. */
const caughtUp = 0.7;

export interface PlayerOptions {
  readonly open: OpenPicture;
  /** What is known of how the camera looked last; without it a tile that connects is empty. */
  readonly stills?: CameraStills | undefined;
  /** It will take over from a player that shows the camera already: needs no first picture. */
  readonly isSuccessor?: boolean;
  readonly latency?: LatencyChoice;
  /** What the VMS says of how often the camera sends a picture: a slow one is not late. */
  readonly framesPerSecond?: number | undefined;
  /** Whether there is a smaller stream, to change to before a lesser way ({@link Player.tooMuch}). */
  readonly hasLesser?: boolean;
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
   * while live or suspended, four times a second in any other state.
   */
  frameAgeMs = $state.raw<number | undefined>();
  /** How the picture in front comes here; undefined while there is none. */
  way = $state.raw<Way | undefined>();
  /** Set while the picture in front does not come by the best way there is. */
  fallback = $state.raw<Fallback | undefined>();
  /** Who uses up the quota that the last attempt came to nothing by; undefined where it was for something else. */
  shortage = $state.raw<Shortage | undefined>();
  /** Whether the browser waits for a touch before it plays: {@link play}. */
  isPlayRefused = $state.raw(false);
  /** Why a smaller stream is to be shown in place of this one; whoever made the player changes it. */
  tooMuch = $state.raw<'loss' | 'slow' | undefined>();
  /** Whether there was a live picture, fresh or old. */
  hasPicture = $state.raw(false);
  /** Buffer less or more: {@link setLatency}. */
  latency = $state.raw<LatencyChoice>('balanced');
  /** Counters, rates and the last two minutes of the picture in front. */
  readonly meters: Meters;

  /** The last tick in trouble: what counts down follows it. */
  #now = $state.raw(0);
  readonly #pulse: Pulse;
  readonly #random: () => number;
  readonly #reception: Reception;
  readonly #past: PastPicture;
  readonly #pace: Pace;
  readonly #hasLesser: boolean;
  #arePicturesSingle = false;
  #lastFrameAt: number | undefined;
  /** How far behind its way the last picture was when it was shown: a buffer that runs dry falls behind by itself. */
  #lagMs = 0;
  /** What the player was when the page was left: to be so again when it comes back. */
  #away: 'no' | 'wanted' | 'suspended' = 'no';
  #leave: (() => void) | undefined;

  constructor(options: PlayerOptions) {
    this.#pulse = options.pulse ?? pagePulse;
    this.#random = options.random ?? Math.random;
    this.latency = options.latency ?? 'balanced';
    this.#hasLesser = options.hasLesser ?? false;
    this.#pace = new Pace(options.framesPerSecond);
    this.#past = new PastPicture(options.stills, options.isSuccessor !== true, () =>
      this.#pulse.epochOf(this.#pulse.now()),
    );
    this.#reception = new Reception({
      open: options.open,
      network: options.network ?? pageNetwork,
      now: () => this.#pulse.now(),
      send: (event) => this.#send({ ...event, at: this.#pulse.now() }),
      latency: () => untrack(() => this.latency),
      sawFrame: (intervalMs) => this.#saw(intervalMs),
      refused: ({ code, shortage }) => {
        this.shortage = shortage;
        if (code === 'not-permitted') this.#past.forbid();
      },
      playRefused: () => (this.isPlayRefused = true),
      blanks: () => this.#hold(),
      fellBack: () => this.#take(true),
      lesser: (fault) => (this.tooMuch = fault),
    });
    this.meters = new Meters(this.#stage, this.#pulse);
  }

  /** Wants the picture from now on. After a refusal: asks again. A suspended one stays suspended. */
  start(): void {
    this.#join();
    this.#send({ type: 'start', at: this.#pulse.now() });
  }

  /** Wants it no more: closes what is open and forgets the picture. Safe to call twice. */
  stop(): void {
    this.#leave?.();
    this.#leave = undefined;
    this.#away = 'no';
    const seen = this.#seen;
    if (seen) this.#past.keep(seen.video, seen.takenAt);
    this.#send({ type: 'stop', at: this.#pulse.now() });
    this.#forget();
  }

  /**
   * Nobody can see it: receives nothing until {@link resume}, keeps the last picture, dimmed and with its age, and says in
   * words that it is paused. One that was never started is wanted from now on, but not received. Safe to call twice.
   */
  suspend(): void {
    this.#join();
    if (this.#away !== 'no') this.#away = 'suspended';
    else this.#send({ type: 'suspend', at: this.#pulse.now() });
  }

  /** It can be seen again. Does nothing to one that is not suspended. */
  resume(): void {
    if (this.#away === 'suspended') this.#away = 'wanted';
    else this.#send({ type: 'resume', at: this.#pulse.now() });
  }

  /** Something got better (camera reported up, server back, signed in again): tries soon if it was waiting. */
  hurry(): void {
    this.#send({ type: 'hurry', at: this.#pulse.now() });
  }

  /** The camera sends anew, maybe something else than before: no way is given up for what it sent. */
  begun(): void {
    this.#reception.climber.begun('liveSince' in this.state);
  }

  /** Somebody has touched the page: plays what the browser refused to play before. */
  play(): void {
    this.isPlayRefused = false;
    for (const screen of this.#stage.screens) if (screen.session) screen.play();
    this.hurry();
  }

  /** Somebody wants the best way now: looks for it at once instead of when it is due. */
  climb(): void {
    this.#reception.climber.climb();
  }

  /** Buffers less or more from now on, as far as the way can. */
  setLatency(choice: LatencyChoice): void {
    this.latency = choice;
    for (const { session } of this.#stage.screens) session?.setLatency?.(choice);
  }

  /** Whether the way of the picture in front lets one choose. */
  get canSetLatency(): boolean {
    // Read, so that what draws this is drawn again with another session.
    return this.way !== undefined && this.#stage.inFront.session?.setLatency !== undefined;
  }

  /** Changes of the way, the newest last, at most fifty. */
  get rungChanges(): readonly RungChange[] {
    return this.#reception.climber.history;
  }

  /** Why the picture in front comes by its way and not by the usual one, where somebody has ordered it so. */
  get preferred(): Preferred | undefined {
    return this.way === undefined ? undefined : this.#stage.inFront.session?.preferred;
  }

  /** The ways on offer for this camera, best first; none before they are known. */
  get offered(): readonly Way[] {
    return this.#reception.climber.offered;
  }

  /** A picture of the past that is shown for want of a live one. */
  get standIn(): StandIn {
    return this.#past.standIn;
  }

  /** Which of the video elements is in front. */
  get front(): Slot {
    return this.#stage.front;
  }

  /** Which of them goes on beneath it, for a moment after a hand-over. */
  get kept(): Slot | undefined {
    return this.#stage.kept;
  }

  /** Whether a picture of the past is shown in place of a live one. */
  get isHeld(): boolean {
    return this.standIn.shown !== undefined;
  }

  /** Whether an earlier picture was looked for, and there is none. */
  get hasNoEarlier(): boolean {
    return this.#past.isMissing;
  }

  /** The last reading of the counters of the session in front. */
  get vitals(): Vitals | undefined {
    return this.meters.vitals;
  }

  /** What the last two readings say. */
  get rates(): Meters['rates'] {
    return this.meters.rates;
  }

  /** When the camera took what is in front, epoch ms on the server's clock; undefined where its way does not tell. */
  get capturedAt(): number | undefined {
    const { session, video } = this.#stage.inFront;
    return session && video ? session.captureTimeOf(video) : undefined;
  }

  /** When the last picture was shown, epoch ms on this viewer's clock; undefined before the first. */
  get lastFrameAt(): number | undefined {
    return this.#lastFrameAt === undefined ? undefined : this.#pulse.epochOf(this.#lastFrameAt);
  }

  /** How old the picture of the past is that stands in, ms; undefined without one. Counts by itself where it is drawn. */
  get standInAgeMs(): number | undefined {
    const { shown } = this.standIn;
    return shown && Math.max(0, this.#pulse.epochOf(Math.max(this.#now, this.#pulse.now())) - shown.takenAt);
  }

  /** For how long the picture has not changed though pictures come, ms; undefined while all is well. */
  get standsForMs(): number | undefined {
    const { standsSince, readings } = this.meters;
    return standsSince === undefined || !readings.latest ? undefined : readings.latest.at - standsSince;
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
    return this.#stage.inFront.video;
  }

  /** Attachment for the video elements of Player.svelte. */
  screen(slot: Slot): (video: HTMLVideoElement) => () => void {
    return (video) => this.#stage.screens[slot].mount(video);
  }

  get #stage(): Stage {
    return this.#reception.stage;
  }

  #join(): void {
    if (this.#leave !== undefined) return;
    const member = { tick: (now: number) => this.#tick(now), measure: () => void this.#measure() };
    const life = {
      leave: () => this.#goAway(),
      comeBack: () => this.#comeBack(),
      improve: () => this.hurry(),
      changeNetwork: () => this.#reception.climber.changeNetwork(),
    };
    const lend = this.#past.lend(() => this.#seen);
    const stops = [this.#pulse.join(member), followPage(life), lend];
    this.#leave = () => stops.forEach((stop) => stop());
  }

  #send(event: PlayerEvent): void {
    // Untracked: commands may run inside attachments, which must not subscribe to the state they write.
    const before = untrack(() => this.state);
    const { state, commands } = next(before, event, this.#random);
    if (state !== before) {
      this.state = state;
      this.#now = event.at;
    }
    if (state.status !== 'connecting' && state.status !== 'queued') this.#past.end();
    this.#reception.tellStep(before, event, state);
    for (const command of commands) this.#do(command, before);
  }

  #tellFallback(): void {
    const before = untrack(() => this.fallback);
    const after = this.#reception.climber.fallbackOf(untrack(() => this.way));
    if (before?.way !== after?.way || before?.reason !== after?.reason) this.fallback = after;
  }

  #do(command: Command, before: PlayerState): void {
    switch (command) {
      case 'open':
        if (untrack(() => this.state.status) === 'connecting') this.#past.seek();
        this.#reception.open();
        return;
      case 'abandon':
        this.#reception.abandon();
        return;
      case 'adopt':
        this.#adopt('liveSince' in before);
        return;
      case 'drop':
        this.#drop();
    }
  }

  /**
   * What has its first picture goes in front. What was there is seen beneath it until that is painted: `isLive`, it goes on
   * there for a while; else it is closed at once, for nothing would come of it, and a dimmed copy of its last picture stays.
   */
  #adopt(isLive: boolean): void {
    if (!isLive) this.#hold();
    this.#reception.adopt(isLive);
    this.#take();
  }

  /** Shows what is in front from now on. `isRelapse`: again. */
  #take(isRelapse = false): void {
    const { session } = this.#stage.inFront;
    this.#forgetSession();
    const areSingle = session?.way === 'stills';
    if (areSingle !== this.#arePicturesSingle) this.#pace.clear();
    this.#arePicturesSingle = areSingle;
    this.#saw();
    this.standIn.sink(this.#pulse.now());
    this.shortage = undefined;
    this.hasPicture = true;
    this.way = session?.way;
    this.#tellAge(this.#pulse.now());
    this.#reception.tellShown(isRelapse);
    this.#tellFallback();
  }

  /** Closes the session in front, and keeps a copy of its last picture: Chromium blanks the element with the stream. */
  #drop(): void {
    const { status } = untrack(() => this.state);
    const isWanted = status !== 'idle' && status !== 'refused';
    if (isWanted) this.#hold();
    this.#stage.inFront.clear();
    this.#forgetSession();
    if (!isWanted) this.#forget();
  }

  /** A copy of the last picture in front stands in for it, unless one of the past does already. */
  #hold(): void {
    const { session, video } = this.#stage.inFront;
    const shownAt = this.lastFrameAt;
    if (session && shownAt !== undefined && !untrack(() => this.isHeld)) this.standIn.hold(video, shownAt);
  }

  /** What is in front of somebody, and from now; undefined while there is nothing, or something of the past. */
  get #seen(): { readonly video: HTMLVideoElement; readonly takenAt: number } | undefined {
    const { video } = this.#stage.inFront;
    const takenAt = this.lastFrameAt;
    const isSeen = untrack(() => this.hasPicture && !this.isHeld);
    return isSeen && video && takenAt !== undefined ? { video, takenAt } : undefined;
  }

  /** A picture of the session in front was shown. */
  #saw(intervalMs?: number): void {
    const { session, video, watch } = this.#stage.inFront;
    if (intervalMs !== undefined) this.#pace.take(intervalMs);
    // Elements that do not play show a picture or two all the same.
    if (untrack(() => this.isPlayRefused) && video?.paused === false) this.isPlayRefused = false;
    this.#lastFrameAt = watch.lastFrameAt;
    // What was presented before the element was taken apart may be heard of after.
    if (video && video.readyState >= video.HAVE_CURRENT_DATA && !video.error)
      this.standIn.sink(this.#pulse.now());
    this.#lagMs = session?.lagMs ?? 0;
  }

  #forgetSession(): void {
    this.meters.forgetSession();
    this.way = undefined;
    this.#tellFallback();
  }

  #forget(): void {
    this.#reception.climber.reset();
    this.#stage.inFront.clear();
    this.#forgetSession();
    this.#past.end();
    this.standIn.clear();
    this.shortage = undefined;
    this.meters.clear();
    this.#lastFrameAt = undefined;
    this.#lagMs = 0;
    this.hasPicture = false;
    this.isPlayRefused = false;
    this.frameAgeMs = undefined;
  }

  #tick(now: number): void {
    const { session, watch } = this.#stage.inFront;
    const best = this.meters.readings.nominalFramesPerSecond;
    const limits = limitsFor(this.#arePicturesSingle ? this.#pace.singleMs : this.#pace.usualMs(best));
    const lagMs = this.#countedLag(session, limits);
    const frameAt = session && watch.lastFrameAt !== undefined ? watch.lastFrameAt - lagMs : undefined;
    this.#send({ type: 'tick', at: now, frameAt, limits });
    this.#reception.tick(
      untrack(() => this.state),
      now,
    );
    this.standIn.settle(now);
    this.#tellFallback();
    const { status } = untrack(() => this.state);
    this.meters.look(status === 'live' || status === 'delayed');
    if (status === 'live' || status === 'suspended') return;
    this.#now = now;
    this.#tellAge(now);
  }

  /** What the lag of the picture in front adds to its age. */
  #countedLag(session: MediaSession | undefined, { delayedMs }: Limits): number {
    const state = untrack(() => this.state);
    // Whether it is caught up with shows as time passes.
    if (session?.way === 'whep') this.#lagMs = session.lagMs ?? 0;
    const lagMs = this.#lagMs;
    const isLate = state.status === 'delayed' && lagMs > caughtUp * delayedMs;
    const counted = isLate ? Math.max(lagMs, delayedMs) : lagMs;
    // What queues up on the way is mended by another session, or by another way.
    if (session?.way === 'whep') return counted;
    // Any picture that moves ends trouble; how late it is is judged once it is there.
    return 'effort' in state ? 0 : Math.min(counted, delayedMs + mostLagMs);
  }

  #tellAge(now: number): void {
    const at = this.#lastFrameAt;
    this.frameAgeMs = at === undefined ? undefined : Math.round(Math.max(0, now - at) + this.#lagMs);
  }

  async #measure(): Promise<void> {
    const { status } = untrack(() => this.state);
    const now = this.#pulse.now();
    if (status === 'live' || status === 'suspended') this.#tellAge(now);
    if (status === 'suspended') this.#now = now;
    if (status === 'suspended' || status === 'idle') return;
    const isLive = status === 'live' || status === 'delayed';
    const sample = await this.meters.read(
      () => untrack(() => this.frameAgeMs),
      isLive,
      () =>
        isJudged(
          untrack(() => this.state),
          this.#pulse.now(),
        ),
    );
    if (!sample || !isLive) return;
    const nominal = this.meters.readings.nominalFramesPerSecond;
    this.#reception.climber.judge(sample, nominal, this.#hasLesser);
  }

  #goAway(): void {
    const { status } = untrack(() => this.state);
    if (status !== 'idle') this.#away = status === 'suspended' ? 'suspended' : 'wanted';
    this.#send({ type: 'stop', at: this.#pulse.now() });
    this.#forget();
  }

  #comeBack(): void {
    const before = this.#away;
    this.#away = 'no';
    if (before === 'suspended') this.suspend();
    else if (before === 'wanted') this.#send({ type: 'start', at: this.#pulse.now() });
  }
}
