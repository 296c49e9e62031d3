import type { MediaSession, StreamErrorCode, Way } from '#lib/media/media-source.ts';
import {
  cleanMs,
  climb,
  ground,
  hasFallen,
  needsUdp,
  patience,
  provenCleanMs,
  type FallReason,
  type LadderEvent,
  type LadderState,
  type RungChange,
} from './ladder.ts';
import type { Network } from './network.ts';
import type { Rates } from './rates.ts';
import type { PlayerState } from './state.ts';

/** What is told of a picture that does not come by the best way. */
export interface Fallback {
  readonly way: Way;
  readonly reason: FallReason;
}

/** What the ladder asks of the player. */
export interface Rungs {
  /** Begins an attempt beside the own one, on that rung. */
  readonly begin: (rung: number) => void;
  /** Puts it in front. */
  readonly adopt: () => void;
  /** Gives it up. */
  readonly drop: () => void;
  /** A smaller stream of the camera is to be shown. */
  readonly lesser: (fault: 'loss' | 'slow') => void;
}

/** More packets lost than this, after repair, are too many. */
const mostLoss = 0.05;
/** Fewer pictures than this, of what the camera sends, are too few … */
const fewest = 0.6;
/** … where packets are lost on the way, or mended: a camera that sends fewer at night loses none. */
const someLoss = 0.005;

/** A page is busy with itself for so long after it was opened, ms. */
const youngPageMs = 10_000;

/** How long an attempt goes alone in this state, ms. */
function patienceFor({ status }: PlayerState): number {
  if (performance.now() < youngPageMs) return patience.youngPageMs;
  return status === 'stalled' || status === 'reconnecting' ? patience.againMs : patience.usualMs;
}

/** Runs the ladder of one player, on a network that all players of the page share. */
export class Climber {
  readonly #network: Network;
  readonly #now: () => number;
  readonly #rungs: Rungs;
  #state: LadderState = ground;

  constructor(network: Network, now: () => number, rungs: Rungs) {
    this.#network = network;
    this.#now = now;
    this.#rungs = rungs;
  }

  /** What to say of a picture that comes by this way. */
  fallbackOf(way: Way | undefined): Fallback | undefined {
    const { reason, rung, offered } = this.#state;
    return reason !== undefined && way !== undefined && offered[rung] === way ? { way, reason } : undefined;
  }

  /** Changes of the way, the newest last, at most fifty. */
  get history(): readonly RungChange[] {
    return this.#state.history;
  }

  /** The ways on offer, best first, as they were last heard of; none before that. */
  get offered(): readonly Way[] {
    return this.#state.offered;
  }

  /** By which of the ways on offer the own attempt goes. */
  choose(offered: readonly Way[]): Way | undefined {
    this.#send({ type: 'offered', ways: offered, isBlocked: this.#network.isBlocked, at: this.#now() });
    return offered[this.#state.rung];
  }

  /** The pictures in front stopped. */
  stalled(): void {
    this.#send({ type: 'stalled', at: this.#now() });
  }

  /**
   * This session is in front from now on. `hadConnected`: whether the one it won against ever was connected; `isRelapse`: it
   * was in front before, and the better way is gone again.
   */
  shown({ way }: MediaSession, hadConnected: boolean, isRelapse = false): void {
    this.#network.passed(way);
    this.#send({ type: 'shown', way, hadConnected, isRelapse, at: this.#now() });
  }

  /**
   * The own attempt came to nothing: refused, or (`isAgreed`) after the far end had agreed to send. Gives whether another
   * way is tried next.
   */
  failed(session: MediaSession | undefined, code: StreamErrorCode | 'silent', isAgreed: boolean): boolean {
    const before = this.#state;
    this.gaveUp(session);
    const hadConnected = session?.hasConnected ?? true;
    this.#send({ type: 'failed', at: this.#now(), code, isAgreed, hadConnected });
    return hasFallen(before, this.#state);
  }

  /** A session is closed before it was in front: what that says of the network is remembered. */
  gaveUp(session: MediaSession | undefined): void {
    if (session) this.#network.gaveUp(session.way, session.hasConnected);
  }

  /** The attempt at the side has its first picture: WebRTC passes, whatever becomes of it. */
  sideShown({ way }: MediaSession): void {
    this.#network.passed(way);
  }

  /**
   * A second of the live pictures in front; `nominal`: what the camera sends at its best, pictures a second; `hasLesser`:
   * there is a smaller stream.
   */
  judge(rates: Rates, nominal: number | undefined, hasLesser: boolean): void {
    const { lossRatio = 0, repairedRatio = 0, framesPerSecond } = rates;
    const isFew =
      framesPerSecond !== undefined && nominal !== undefined && framesPerSecond < fewest * nominal;
    const isLossy = lossRatio > someLoss || repairedRatio > someLoss;
    const fault = lossRatio > mostLoss ? 'loss' : isFew && isLossy ? 'slow' : undefined;
    this.#send({ type: 'second', fault, hasLesser, at: this.#now() });
  }

  /** The tile is suspended, or was refused its picture. */
  pause(): void {
    this.#send({ type: 'paused', at: this.#now() });
  }

  /** The attempt at the side came to nothing. */
  sideFailed(): void {
    this.#send({ type: 'side-failed', at: this.#now() });
  }

  /** Somebody wants the best way now. */
  climb(): void {
    this.#network.hurry();
    this.#send({ type: 'climb', at: this.#now() });
  }

  /** The camera sends anew. `isShown`: there is a picture, by whatever way. */
  begun(isShown: boolean): void {
    this.#send({ type: 'begun', isShown, at: this.#now() });
  }

  /** It may be another network. */
  changeNetwork(): void {
    this.#network.forget();
    this.climb();
  }

  reset(): void {
    this.#send({ type: 'reset', at: this.#now() });
  }

  /** Time passes. `side`: when the attempt at the side last showed a picture, how far behind it is, and what it loses. */
  tick(
    state: PlayerState,
    side: {
      readonly frameAt: number | undefined;
      readonly lagMs: number | undefined;
      readonly lossRatio: number | undefined;
    },
    at: number,
  ): void {
    if (this.#state.offered.length < 2 || !('effort' in state || 'liveSince' in state)) return;
    const isOpening = 'effort' in state && state.effort.kind === 'opening';
    this.#send({
      type: 'tick',
      at,
      attemptSince: isOpening ? state.effort.since : undefined,
      isLive: state.status === 'live' || state.status === 'delayed',
      sideFrameAt: side.frameAt,
      sideLagMs: side.lagMs,
      sideLossRatio: side.lossRatio,
      proofs: this.#network.proofs,
      cleanMs: this.#network.isProven ? provenCleanMs : cleanMs,
      isBlocked: this.#network.isBlocked,
      mayProbe: document.visibilityState === 'visible' && this.#network.mayProbe(this, at),
      patienceMs: patienceFor(state),
    });
  }

  #send(event: LadderEvent): void {
    const { offered, side, rung } = this.#state;
    const { state, command } = climb(this.#state, event);
    this.#state = state;
    if (state.rung > rung && needsUdp(offered[rung])) this.#network.doubt();
    // Over, by whatever way: the next tile may try.
    if (side?.kind === 'probe' && !state.side) {
      const isGood = event.type === 'shown' && event.way === offered[side.rung];
      const isJudged = isGood || event.type === 'tick' || event.type === 'side-failed';
      this.#network.endProbe(this, event.at, isJudged ? isGood : undefined);
    }
    if (command === 'probe') this.#network.beginProbe(this);
    if (command === 'probe' || command === 'rescue') this.#rungs.begin(state.side?.rung ?? 0);
    else if (command === 'lesser')
      this.#rungs.lesser(event.type === 'second' ? (event.fault ?? 'loss') : 'loss');
    else if (command !== undefined) this.#rungs[command]();
  }
}
