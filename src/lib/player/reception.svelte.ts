import { announceSignedOut } from '#lib/api/signed-out.ts';
import {
  StreamError,
  type LatencyChoice,
  type MediaSession,
  type StreamErrorCode,
} from '#lib/media/media-source.ts';
import { Attempt, type OpenPicture } from './attempt.ts';
import { Climber } from './climber.ts';
import type { Network } from './network.ts';
import type { Screen } from './screen.ts';
import { Stage } from './stage.svelte.ts';
import type { PlayerEvent, PlayerState } from './state.ts';

/** An event without its moment. */
type Unstamped = PlayerEvent extends infer Each
  ? Each extends PlayerEvent
    ? Omit<Each, 'at'>
    : never
  : never;

/** A session that was agreed on has so long to connect, ms, before not to have says anything of the network. */
const connectMs = 2000;

/** What a reception needs of the player it works for. */
export interface ReceptionParts {
  readonly open: OpenPicture;
  readonly network: Network;
  /** The pulse's ms. */
  readonly now: () => number;
  /** Something has happened that the state machine has to know. */
  readonly send: (event: Unstamped) => void;
  readonly latency: () => LatencyChoice;
  /** A picture of the session in front was shown; `intervalMs`: how long after the one before. */
  readonly sawFrame: (intervalMs: number | undefined) => void;
  /** An attempt came to nothing for this reason. */
  readonly refused: (error: StreamError) => void;
  /** The browser plays nothing before somebody has touched the page. */
  readonly playRefused: () => void;
  /** The element in front loses its picture for a moment, and has it still. */
  readonly blanks: () => void;
  /** The session in front is gone, and the one before it is there again: {@link Reception.tellShown}. */
  readonly fellBack: () => void;
  /** The line does not carry this stream: a smaller one is to be shown. */
  readonly lesser: (fault: 'loss' | 'slow') => void;
}

/**
 * Gets sessions for one player: the own attempt, the one by another way beside it, and what becomes of the session in
 * front. Tells the state machine what happens, and does what the ladder says.
 */
export class Reception {
  readonly stage: Stage;
  readonly climber: Climber;
  readonly #parts: ReceptionParts;
  #attempt: Attempt | undefined;
  /** The attempt by another way. */
  #side: Attempt | undefined;
  readonly #agreedAt = new WeakMap<MediaSession, number>();
  /** Whether the session that another way won against ever had a connection. */
  #hadConnected = true;
  /** Whether an own attempt since the last picture had its time and never connected. */
  #hasMissed = false;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
    this.stage = new Stage(
      parts.now,
      (screen, isFirst, intervalMs) => this.#sawFrame(screen, isFirst, intervalMs),
      parts.playRefused,
      (screen) => screen === this.stage.inFront && parts.blanks(),
    );
    this.climber = new Climber(parts.network, parts.now, {
      begin: (rung) => this.#trySide(rung),
      adopt: () => this.#adoptSide(),
      drop: () => this.#dropSide(),
      lesser: parts.lesser,
    });
  }

  /** Begins an attempt of its own, in place of one that may run. */
  open(): void {
    this.abandon();
    this.#attempt = new Attempt(this.#parts.open, {
      queued: (place) => this.#parts.send({ type: 'queued', place }),
      choose: (offered) => this.climber.choose(offered),
      agreed: (session) => {
        this.#parts.send({ type: 'agreed' });
        this.#take(this.stage.behind, session);
      },
      failed: (cause) => {
        this.#attempt = undefined;
        this.#fail(cause);
      },
    });
  }

  /** Gives the own attempt up. */
  abandon(): void {
    this.#attempt?.abort();
    this.#attempt = undefined;
    this.stage.clearBehind();
  }

  /** What the own attempt has got goes in front. `isKept`: what was there gives pictures, and may be needed again. */
  adopt(isKept: boolean): void {
    this.stage.bringForward(isKept, this.#parts.now());
    this.#attempt = undefined;
  }

  /** The ladder hears what is in front from now on; `isRelapse`: again, for what had taken its place is gone. */
  tellShown(isRelapse = false): void {
    const { session } = this.stage.inFront;
    if (!session) return;
    this.climber.shown(session, this.#hadConnected, isRelapse);
    this.#hadConnected = true;
    this.#hasMissed = false;
  }

  /** What the ladder has to know of a step of the state. */
  tellStep(before: PlayerState, event: PlayerEvent, after: PlayerState): void {
    const isOver = after.status === 'suspended' || after.status === 'refused';
    if (isOver && after.status !== before.status) this.climber.pause();
    if ((before.status === 'live' || before.status === 'delayed') && 'effort' in after)
      this.climber.stalled();
    if (event.type !== 'tick' || !('effort' in before)) return;
    const { session } = this.stage.inFront;
    // The session that had gone silent is back by itself.
    if (after.status === 'live' && session) this.climber.shown(session, true);
    // An attempt that took too long.
    if (!('effort' in after) || before.effort.kind !== 'opening' || after.effort.kind !== 'waiting') return;
    const tried = this.stage.behind.session;
    if (tried && !tried.hasConnected) this.#hasMissed = true;
    this.climber.failed(tried, 'silent', before.effort.isAgreed === true);
  }

  /** Time passes. */
  tick(state: PlayerState, at: number): void {
    const { session, watch, meter } = this.stage.beside;
    // What is played from a buffer may be old although it moves.
    const side = { frameAt: watch.lastFrameAt, lagMs: session?.lagMs, lossRatio: meter.rates.lossRatio };
    this.climber.tick(state, side, at);
    // Its pictures stopped as soon as they had come.
    if (state.status === 'delayed' && this.stage.isWorse(at)) this.#fallBack();
    this.stage.settle(at);
  }

  #fallBack(): boolean {
    const isBack = this.stage.takeBack(this.#parts.now());
    if (isBack) this.#parts.fellBack();
    return isBack;
  }

  #trySide(rung: number): void {
    this.#side = new Attempt(this.#parts.open, {
      queued: () => undefined,
      choose: (offered) => offered[rung],
      agreed: (session) => this.#take(this.stage.beside, session),
      failed: () => this.#sideFailed(),
    });
  }

  #sideFailed(): void {
    this.climber.gaveUp(this.stage.beside.session);
    this.#closeSide();
    this.climber.sideFailed();
  }

  #dropSide(): void {
    this.#judge(this.stage.beside.session);
    this.#closeSide();
  }

  /** A session is given up for something else: what had its time to connect says something of the network. */
  #judge(session: MediaSession | undefined): void {
    if (session && !this.#isYoung(session)) this.climber.gaveUp(session);
  }

  #isYoung(session: MediaSession): boolean {
    return this.#parts.now() - (this.#agreedAt.get(session) ?? -Infinity) < connectMs;
  }

  #closeSide(): void {
    this.#side?.abort();
    this.#side = undefined;
    this.stage.beside.clear();
  }

  /** The attempt by another way takes the place of the own one, and goes in front. */
  #adoptSide(): void {
    const own = this.stage.behind.session;
    this.#judge(own);
    const isUntold = own === undefined || this.#isYoung(own);
    this.#hadConnected = own?.hasConnected === true || (isUntold && !this.#hasMissed);
    this.abandon();
    this.stage.takeBeside();
    this.#attempt = this.#side;
    this.#side = undefined;
    this.#parts.send({ type: 'first-frame' });
  }

  #take(screen: Screen, session: MediaSession): void {
    this.#agreedAt.set(session, this.#parts.now());
    const latency = this.#parts.latency();
    if (latency !== 'balanced') session.setLatency?.(latency);
    screen.show(session);
    const ended = (cause?: unknown): void => this.#ended(session, cause);
    session.ended.then(() => ended(), ended);
  }

  #fail(cause: unknown, isAgreed = false): void {
    const error =
      cause instanceof StreamError ? cause : new StreamError('unreachable', 'No picture', { cause });
    if (error.code === 'signed-out') announceSignedOut();
    // What this way cannot do another may, and at once.
    const goesOn = this.climber.failed(this.stage.behind.session, error.code, isAgreed);
    this.#parts.send({
      type: 'failed',
      code: error.code,
      isTransient: error.isTransient || goesOn,
      retryAfterMs: goesOn ? 0 : error.retryAfterMs,
    });
    this.#parts.refused(error);
  }

  /** A session has ended, whichever screen it is on by now. */
  #ended(session: MediaSession, cause: unknown): void {
    const { behind, beside, inFront } = this.stage;
    const code = cause instanceof StreamError ? cause.code : 'unreachable';
    if (session === behind.session && this.stage.hasKept) {
      this.stage.clearBehind();
    } else if (session === behind.session) {
      this.#fail(cause, true);
      this.abandon();
    } else if (session === beside.session) {
      this.#sideFailed();
    } else if (session === inFront.session) {
      if (!isOfCamera(code) && this.#fallBack()) return;
      if (this.stage.hasKept) this.stage.clearBehind();
      this.#parts.send({ type: 'lost', code, frameAt: inFront.watch.lastFrameAt });
    }
  }

  #sawFrame(screen: Screen, isFirst: boolean, intervalMs: number | undefined): void {
    if (!screen.session) return;
    const { inFront, behind, beside } = this.stage;
    if (screen === inFront) this.#parts.sawFrame(intervalMs);
    else if (isFirst && screen === behind) this.#parts.send({ type: 'first-frame' });
    else if (isFirst && screen === beside) this.climber.sideShown(screen.session);
  }
}

/** Why there is no picture by any way, and none that came before may be shown as if there were. */
const isOfCamera = (code: StreamErrorCode): boolean =>
  code === 'not-permitted' || code === 'signed-out' || code === 'camera-offline';
