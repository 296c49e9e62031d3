import type { StreamErrorCode } from '#lib/media/media-source.ts';
import type { Limits } from './limits.ts';
import { retryDelay } from './retry-delay.ts';

/** Why there is no picture: a failure with a code, or a session that stands and shows nothing. */
export type Reason = StreamErrorCode | 'silent';

/**
 * What is being done to get a picture.
 * `opening`: an attempt runs, since then (`isAgreed`: the far end has agreed to send); `queued`: an attempt waits for its turn; `waiting`: the next one is due then.
 */
export type Effort =
  | { readonly kind: 'opening'; readonly since: number; readonly isAgreed?: true }
  | { readonly kind: 'queued'; readonly place: number }
  | { readonly kind: 'waiting'; readonly until: number };

/** While there is no picture to trust. `failures`: attempts that failed in a row. `reason`: the last failure. */
interface Trouble {
  /** When the last picture was shown, or when the wish for one began. */
  readonly since: number;
  readonly failures: number;
  readonly effort: Effort;
  readonly reason: Reason;
}

/** While pictures come, or did until a moment ago. `failures` is forgotten after {@link calmMs} without trouble. */
interface Running {
  readonly liveSince: number;
  readonly failures: number;
}

/** What a tile is doing. All times are monotonic milliseconds of the pulse's clock. `status` is what `data-state` says. */
export type PlayerState =
  | { readonly status: 'idle' }
  | ({ readonly status: 'queued'; readonly place: number } & Trouble)
  | ({ readonly status: 'connecting' } & Trouble)
  | ({ readonly status: 'live' } & Running)
  | ({ readonly status: 'delayed' } & Running)
  | ({ readonly status: 'stalled' } & Trouble)
  | ({ readonly status: 'reconnecting' } & Trouble)
  | ({ readonly status: 'offline' } & Trouble)
  /** Wanted, but nobody can see it now: nothing is received until it is resumed. */
  | { readonly status: 'suspended'; readonly since: number }
  | { readonly status: 'refused'; readonly since: number; readonly code: StreamErrorCode };

export type PlayerStatus = PlayerState['status'];

export type PlayerEvent = { readonly at: number } & (
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  /** Nobody can see it: it is let go of until `resume`. Comes before `start` where a tile begins out of sight. */
  | { readonly type: 'suspend' }
  | { readonly type: 'resume' }
  /** The running attempt waits behind `place - 1` others; 0: its turn has come. */
  | { readonly type: 'queued'; readonly place: number }
  /** The far end has agreed to send; pictures should follow. */
  | { readonly type: 'agreed' }
  /** The running attempt has shown its first picture. */
  | { readonly type: 'first-frame' }
  /** The running attempt came to nothing. */
  | {
      readonly type: 'failed';
      readonly code: StreamErrorCode;
      readonly isTransient: boolean;
      readonly retryAfterMs?: number | undefined;
    }
  /** The session whose picture is shown has ended or broken; `frameAt`: when its last picture was shown. */
  | { readonly type: 'lost'; readonly code: StreamErrorCode; readonly frameAt: number | undefined }
  /** Time passes. `frameAt`: when the session in front last showed a picture, undefined without a session. */
  | { readonly type: 'tick'; readonly frameAt: number | undefined; readonly limits: Limits }
  /** Something got better (network, page, camera, sign-in): try soon instead of later. */
  | { readonly type: 'hurry' }
);

/**
 * What has to be done about it. `open`: begin an attempt; `abandon`: give the running attempt up; `adopt`: the attempt's
 * picture goes in front and the one before it is closed; `drop`: close what is in front.
 */
export type Command = 'open' | 'abandon' | 'adopt' | 'drop';

export interface Step {
  readonly state: PlayerState;
  readonly commands: readonly Command[];
}

/** How long an attempt may take until its first picture. */
export const firstFrameMs = 10_000;
/** After this long without a picture, trying again is no longer the news: "No picture since 12:04" is. */
export const offlineAfterMs = 15_000;
/** Pictures for this long: earlier failures are forgotten. */
export const calmMs = 10_000;
/** Within this time an attempt follows an event that promises something. */
const hurryMs = 400;

/** The whole player in one pure function: no timers, no DOM, no transport. `random` gives 0…1 for the jitter. */
export function next(state: PlayerState, event: PlayerEvent, random: () => number = Math.random): Step {
  switch (event.type) {
    case 'start':
      return start(state, event.at);
    case 'stop':
      return state.status === 'idle' ? stay(state) : to({ status: 'idle' }, 'abandon', 'drop');
    case 'suspend':
      return suspend(state, event.at);
    case 'resume':
      return state.status === 'suspended' ? to(connecting(event.at), 'open') : stay(state);
    case 'queued':
      return isTrouble(state) ? stay(wait(state, event.place, event.at)) : stay(state);
    case 'agreed':
      return isTrouble(state) && state.effort.kind === 'opening'
        ? stay({ ...state, effort: { ...state.effort, isAgreed: true } })
        : stay(state);
    case 'first-frame':
      // The state may have recovered by itself in the same moment; the newer session is the better one.
      if (state.status === 'idle' || state.status === 'suspended') return to(state, 'abandon');
      return to({ status: 'live', liveSince: event.at, failures: failuresOf(state) }, 'adopt');
    case 'failed':
      return isTrouble(state) ? failed(state, event, random) : stay(state);
    case 'lost':
      return lost(state, event, random);
    case 'tick':
      return tick(state, event, random);
    case 'hurry':
      return stay(hurried(state, event.at, random));
  }
}

const stay = (state: PlayerState): Step => ({ state, commands: [] });
const to = (state: PlayerState, ...commands: Command[]): Step => ({ state, commands });

type TroubledState = Extract<PlayerState, Trouble>;

function isTrouble(state: PlayerState): state is TroubledState {
  return 'effort' in state;
}

function failuresOf(state: PlayerState): number {
  return 'failures' in state ? state.failures : 0;
}

function start(state: PlayerState, at: number): Step {
  if (state.status !== 'idle' && state.status !== 'refused') return stay(state);
  return to(connecting(at), 'open');
}

const connecting = (at: number): PlayerState => ({
  status: 'connecting',
  since: at,
  failures: 0,
  reason: 'unreachable',
  effort: { kind: 'opening', since: at },
});

function suspend(state: PlayerState, at: number): Step {
  // What was refused would be refused again, and says why.
  if (state.status === 'suspended' || state.status === 'refused') return stay(state);
  const suspended: PlayerState = { status: 'suspended', since: at };
  return state.status === 'idle' ? stay(suspended) : to(suspended, 'abandon', 'drop');
}

function wait(state: TroubledState, place: number, at: number): PlayerState {
  const { since, failures, reason } = state;
  const effort: Effort = place > 0 ? { kind: 'queued', place } : { kind: 'opening', since: at };
  // Only a tile without any picture yet says that it is queued; for the others the missing picture is the news.
  if (state.status !== 'queued' && state.status !== 'connecting') return { ...state, effort };
  return place > 0
    ? { status: 'queued', place, since, failures, reason, effort }
    : { status: 'connecting', since, failures, reason, effort };
}

function failed(
  state: TroubledState,
  { at, code, isTransient, retryAfterMs }: Extract<PlayerEvent, { type: 'failed' }>,
  random: () => number,
): Step {
  if (isTransient) return stay(retryLater(state, at, code, retryAfterMs, random));
  // What may not be seen goes at once; otherwise the silent session stays and may yet come back by itself.
  const gone: Command[] = code === 'not-permitted' ? ['drop'] : [];
  return to({ status: 'refused', since: state.since, code }, ...gone);
}

function retryLater(
  state: TroubledState,
  at: number,
  reason: Reason,
  retryAfterMs: number | undefined,
  random: () => number,
): PlayerState {
  const failures = state.failures + 1;
  const effort: Effort = { kind: 'waiting', until: at + retryDelay(failures, retryAfterMs, random) };
  // Why there is no picture is known: saying so at once is more use than to be seen trying.
  const isKnown = reason === 'camera-offline' || reason === 'quota-exceeded';
  const isOffline = state.status === 'offline' || isKnown;
  const status = isOffline ? 'offline' : state.status === 'queued' ? 'connecting' : state.status;
  return { status, since: state.since, failures, effort, reason };
}

function lost(state: PlayerState, event: Extract<PlayerEvent, { type: 'lost' }>, random: () => number): Step {
  // In trouble already: the attempt that runs or waits is the answer to this as well.
  if (!('liveSince' in state)) return to(state, 'drop');
  const step = reconnect(state, 'reconnecting', event.at, event.frameAt ?? event.at, event.code, random);
  return to(step.state, 'drop', ...step.commands);
}

/**
 * From pictures to none. The first attempt starts at once, while the tile still says that it is stalled: it costs
 * nothing when the camera is known to be gone, and brings the picture back two seconds earlier when the engine was.
 * After earlier failures it waits its time.
 */
function reconnect(
  state: Running,
  status: 'stalled' | 'reconnecting',
  at: number,
  frameAt: number,
  reason: Reason,
  random: () => number,
): Step {
  const failures = at - state.liveSince >= calmMs ? 0 : state.failures;
  const effort: Effort =
    failures === 0
      ? { kind: 'opening', since: at }
      : { kind: 'waiting', until: at + retryDelay(failures, undefined, random) };
  return to(
    { status, since: frameAt, failures, reason, effort },
    ...(failures === 0 ? (['open'] as const) : []),
  );
}

function tick(
  state: PlayerState,
  { at, frameAt, limits }: Extract<PlayerEvent, { type: 'tick' }>,
  random: () => number,
): Step {
  const ageMs = frameAt === undefined ? Infinity : at - frameAt;
  if (state.status === 'live' || state.status === 'delayed') {
    if (ageMs >= limits.stalledMs) {
      const status = ageMs >= limits.reconnectMs ? 'reconnecting' : 'stalled';
      return reconnect(state, status, at, frameAt ?? at, 'silent', random);
    }
    const status = ageMs >= limits.delayedMs ? 'delayed' : 'live';
    if (status === state.status) return stay(state);
    const { liveSince, failures } = state;
    return stay({ status, liveSince, failures: at - liveSince < calmMs ? failures : 0 });
  }
  if (state.status === 'idle' || state.status === 'suspended') return stay(state);
  // Pictures again from the session that had gone silent: no need for another.
  if (ageMs < limits.delayedMs) {
    return to({ status: 'live', liveSince: at, failures: failuresOf(state) }, 'abandon');
  }
  return isTrouble(state) ? pursue(state, at, limits, random) : stay(state);
}

/** Time passes in trouble: attempts become due, take too long, and the tile says how bad it is. */
function pursue(state: TroubledState, at: number, limits: Limits, random: () => number): Step {
  const { effort, since, failures, reason } = state;
  if (effort.kind === 'opening' && at - effort.since >= firstFrameMs) {
    const why = effort.isAgreed ? 'silent' : 'unreachable';
    return to(retryLater(state, at, why, undefined, random), 'abandon');
  }
  if (state.status === 'queued') return stay(state);
  const status = statusAfter(state.status, effort, at - since, limits);
  if (effort.kind === 'waiting' && at >= effort.until) {
    return to({ status, since, failures, reason, effort: { kind: 'opening', since: at } }, 'open');
  }
  return stay(status === state.status ? state : { status, since, failures, reason, effort });
}

type Named = Exclude<TroubledState['status'], 'queued'>;

/** What a tile says after this long without a picture. */
function statusAfter(status: Named, effort: Effort, sinceMs: number, limits: Limits): Named {
  // Who waits for a turn is not known to fail.
  if (sinceMs >= Math.max(offlineAfterMs, limits.reconnectMs) && effort.kind !== 'queued') return 'offline';
  return status === 'stalled' && sinceMs >= limits.reconnectMs ? 'reconnecting' : status;
}

function hurried(state: PlayerState, at: number, random: () => number): PlayerState {
  if (!isTrouble(state) || state.effort.kind !== 'waiting') return state;
  const until = Math.min(state.effort.until, at + Math.round(random() * hurryMs));
  return { ...state, effort: { kind: 'waiting', until } };
}
