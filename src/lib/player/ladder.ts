import type { StreamErrorCode, Way } from '#lib/media/media-source.ts';

/** Why a picture does not come by the best way there is. */
export type FallReason =
  /** The network lets no UDP through: WebRTC was agreed on and never connected. */
  | 'udp-blocked'
  /** Agreed on and connected, and no picture came. */
  | 'no-picture'
  /** LiveKit cannot be entered, or nobody publishes there. */
  | 'livekit-away'
  /** Pictures stopped again and again. */
  | 'stalls'
  /** Too many packets were lost, or too few pictures came through because of it, for too long. */
  | 'loss'
  | 'slow'
  | 'codec-unsupported'
  | 'b-frames'
  | 'exhausted'
  /** The better way came and went so often that it is left alone for a while. */
  | 'flapping';

/** A change of the way. `recovered`: up, for the better way gives clean pictures. */
export interface RungChange {
  /** The pulse's ms. */
  readonly at: number;
  readonly from: Way;
  readonly to: Way;
  readonly reason: FallReason | 'recovered';
}

/** An attempt beside the player's own: `rescue` by another way while the own one gives no picture, `probe` of a better way. */
export interface Side {
  readonly kind: 'rescue' | 'probe';
  readonly rung: number;
  readonly since: number;
  /** Since when its pictures have come without a gap. */
  readonly cleanSince: number | undefined;
}

/** Where a tile stands among the ways it is offered, the best being rung 0. All times are the pulse's, ms. */
export interface LadderState {
  /** Not known before the first reservation. */
  readonly offered: readonly Way[];
  readonly rung: number;
  /** Why it is not on rung 0. */
  readonly reason: FallReason | undefined;
  /** When this rung was taken. */
  readonly since: number;
  /** Moments at which pictures stopped on this rung. */
  readonly stalls: readonly number[];
  /** Attempts in a row on this rung that were agreed on and gave no picture. */
  readonly failures: number;
  /** Moments at which the rung changed. */
  readonly changes: readonly number[];
  /** No climbing before. */
  readonly pinnedUntil: number;
  /** Probes that failed in a row. */
  readonly probes: number;
  readonly probeAt: number | undefined;
  readonly side: Side | undefined;
  /** The attempt that was given a rescue: one is enough. */
  readonly rescued: number | undefined;
  readonly knewBlocked: boolean;
  /** Since when the pictures have been too poor for this rung. */
  readonly poorSince: number | undefined;
  /** Whether pictures ever came by a way that needs UDP: then a block is new, and may pass. */
  readonly hadUdp: boolean;
  /** How often WebRTC had been proven to pass, by any tile of the page, when this rung was taken. */
  readonly knewProofs: number;
  /** The newest last. */
  readonly history: readonly RungChange[];
}

export type LadderEvent = { readonly at: number } &
  /** An attempt learns by which ways the picture is offered, best first. `isBlocked`: UDP is known not to pass. */
  (
    | { readonly type: 'offered'; readonly ways: readonly Way[]; readonly isBlocked: boolean }
    /**
     * A picture by this way is in front from now on. `hadConnected`: whether the attempt that lost to it ever was;
     * `isRelapse`: it was in front before, and what came instead died at once.
     */
    | {
        readonly type: 'shown';
        readonly way: Way;
        readonly hadConnected: boolean;
        readonly isRelapse?: boolean;
      }
    /** The pictures in front stopped. */
    | { readonly type: 'stalled' }
    /** The player's own attempt came to nothing. `isAgreed`: not by a refusal, but after the far end had agreed to send. */
    | {
        readonly type: 'failed';
        readonly code: StreamErrorCode | 'silent';
        readonly isAgreed: boolean;
        readonly hadConnected: boolean;
      }
    | { readonly type: 'side-failed' }
    /** A second of the pictures in front. `fault`: what was too poor about it; `hasLesser`: there is a smaller stream. */
    | {
        readonly type: 'second';
        readonly fault: 'loss' | 'slow' | undefined;
        readonly hasLesser?: boolean;
      }
    /** The tile is suspended: whatever runs at the side is not wanted. */
    | { readonly type: 'paused' }
    | ({ readonly type: 'tick' } & Moment)
    /** Another network, or somebody asks for the best way now. */
    | { readonly type: 'climb' }
    /** The camera sends anew, maybe something else than before. `isShown`: there is a picture, by whatever way. */
    | { readonly type: 'begun'; readonly isShown: boolean }
    /** Everything begins anew. */
    | { readonly type: 'reset' }
  );

/** What the player knows at a tick. */
export interface Moment {
  /** Since when the player's own attempt runs; undefined while there is none. */
  readonly attemptSince: number | undefined;
  /** Whether the picture in front is live. */
  readonly isLive: boolean;
  /** When the attempt at the side last showed a picture. */
  readonly sideFrameAt: number | undefined;
  /** How much older than its way is used to that picture was, ms: one that is to stay must not be far behind. */
  readonly sideLagMs?: number | undefined;
  /** Of what the attempt at the side should have received, 0…1. */
  readonly sideLossRatio?: number | undefined;
  /** How often pictures have come by WebRTC, for any tile of the page. */
  readonly proofs?: number;
  /** How long a probe must have clean pictures, ms; {@link cleanMs} unless it is known that WebRTC passes. */
  readonly cleanMs?: number;
  /** UDP is known not to pass. */
  readonly isBlocked: boolean;
  /** This tile may probe: nobody else of the page does. */
  readonly mayProbe: boolean;
  /** How long an attempt goes alone, ms: {@link patience}. */
  readonly patienceMs: number;
}

/**
 * `rescue`, `probe`: begin that attempt at the side; `adopt`: it goes in front; `drop`: it is given up; `lesser`: a smaller
 * stream by the same way is the next rung, and whoever chooses streams is to change to it.
 */
export type LadderCommand = 'rescue' | 'probe' | 'adopt' | 'drop' | 'lesser';

export interface LadderStep {
  readonly state: LadderState;
  readonly command?: LadderCommand;
}

/**
 * How long an attempt goes alone before another way is tried beside it, ms. A page that has just been opened is slow; one
 * that `again` wants the picture it has just had knows how fast it comes, and somebody is looking at an old one meanwhile.
 */
export const patience = { usualMs: 5000, youngPageMs: 8000, againMs: 2000 } as const;
/** How long an attempt at the side has for its first picture, and a probe until its pictures are clean. */
const sideFirstFrameMs = 10_000;
const probeMs = 20_000;
/** Pictures of a probe without a gap for so long are worth changing for. */
export const cleanMs = 5000;
/** Where another tile has just proven the way, ms. */
export const provenCleanMs = 1500;
/** A probe that loses more than this is not clean. */
const mostSideLoss = 0.02;
/** Poor for so long is the way's fault, ms. */
const poorMs = 10_000;
/** Changes remembered. */
const mostHistory = 50;
/** A gap is longer than this. */
const gapMs = 1000;
/** So many stalls within so long, or attempts in a row without a picture, are the way's fault. */
const mostStalls = 2;
const stallWindowMs = 60_000;
const mostFailures = 2;
/** On a rung for so long before a change that is no emergency. */
const dwellMs = 15_000;
/** More changes than this in so long are worse than the lower rung. */
const mostChanges = 3;
const changeWindowMs = 5 * 60_000;
const pinMs = 10 * 60_000;
/** When to look for the better way, ms after the fall and after each failed look. */
const probeAfterMs = [30_000, 60_000, 120_000, 300_000] as const;
/** What passes by itself is looked for sooner at first. */
const soonAfterMs = [5000, 5000, 5000, 10_000, ...probeAfterMs] as const;

const forGood: ReadonlySet<FallReason> = new Set(['codec-unsupported', 'b-frames', 'exhausted']);
/**
 * Whether looking for the better way can be of use: not where a way cannot carry what the camera sends, or the page has no
 * connections left. {@link climb} does nothing then.
 */
export const canClimb = (reason: FallReason): boolean => !forGood.has(reason);

const passing: ReadonlySet<FallReason> = new Set(['stalls', 'no-picture', 'livekit-away', 'loss', 'slow']);

/** What an attempt that was agreed on dies of when it is the way's fault. */
const wayFaults: ReadonlySet<StreamErrorCode | 'silent'> = new Set(['silent', 'unreachable', 'protocol']);

/** Ways that need UDP where nothing else is arranged. */
export const needsUdp = (way: Way | undefined): boolean => way === 'whep';

export const ground: LadderState = {
  offered: [],
  rung: 0,
  reason: undefined,
  since: 0,
  stalls: [],
  failures: 0,
  changes: [],
  pinnedUntil: 0,
  probes: 0,
  probeAt: undefined,
  side: undefined,
  rescued: undefined,
  knewBlocked: false,
  poorSince: undefined,
  hadUdp: false,
  knewProofs: 0,
  history: [],
};

/** The whole ladder in one pure function, beside `next` of state.ts, which knows nothing of ways. */
export function climb(state: LadderState, event: LadderEvent): LadderStep {
  const { at } = event;
  switch (event.type) {
    case 'reset':
      return { state: ground, ...dropOf(state) };
    case 'offered':
      return offered(state, event.ways, event.isBlocked, at);
    case 'shown':
      return shown(state, event);
    case 'stalled': {
      const stalls = [...state.stalls.filter((then) => at - then < stallWindowMs), at];
      const next = { ...state, stalls };
      return { state: stalls.length >= mostStalls ? fallen(next, 'stalls', at) : next };
    }
    case 'failed':
      return { state: failed(state, event) };
    case 'side-failed':
      return { state: sideFailed(state, at) };
    case 'second':
      return judged(state, event.fault, event.hasLesser === true, at);
    case 'paused':
      return {
        state: { ...state, side: undefined, rescued: undefined, poorSince: undefined },
        ...dropOf(state),
      };
    case 'climb':
      if (state.reason === undefined || !canClimb(state.reason)) return { state };
      // What had come and gone too often is tried all the same, and counted anew.
      return { state: { ...state, probes: 0, probeAt: at, pinnedUntil: 0, changes: [] } };
    case 'begun':
      return { state: begun(state, event.isShown, at) };
    case 'tick':
      return tick(state, event, at);
  }
}

/** What a way could not carry says nothing of what the camera sends now. */
function begun(state: LadderState, isShown: boolean, at: number): LadderState {
  if (state.reason !== 'codec-unsupported' && state.reason !== 'b-frames') return state;
  if (isShown) return { ...state, probes: 0, probeAt: at };
  return { ...state, rung: 0, reason: undefined, since: at, stalls: [], failures: 0, probeAt: undefined };
}

/** Whether the attempt that just failed was the way's fault and another way is tried next. */
export const hasFallen = (before: LadderState, after: LadderState): boolean => after.rung > before.rung;

function offered(state: LadderState, ways: readonly Way[], isBlocked: boolean, at: number): LadderStep {
  const isSame = ways.length === state.offered.length && ways.every((way, i) => way === state.offered[i]);
  if (isSame) return { state };
  const above = ways.findIndex((way) => !needsUdp(way));
  const rung = isBlocked && above > 0 ? above : 0;
  const reason = rung > 0 ? 'udp-blocked' : undefined;
  const anew: LadderState = {
    ...ground,
    offered: ways,
    rung,
    reason,
    since: at,
    knewBlocked: isBlocked,
    history: state.history,
    probeAt: dueAfter(reason, 0, at),
  };
  return { state: anew, ...dropOf(state) };
}

function shown(state: LadderState, event: Extract<LadderEvent, { type: 'shown' }>): LadderStep {
  const { way, hadConnected, isRelapse, at } = event;
  const rung = state.offered.indexOf(way);
  const drop = dropOf(state);
  const hadUdp = state.hadUdp || needsUdp(way);
  const calm = { ...state, failures: 0, side: undefined, rescued: undefined, poorSince: undefined, hadUdp };
  if (rung < 0 || rung === state.rung) return { state: calm, ...drop };
  if (rung > state.rung) {
    if (isRelapse) return { state: taken(calm, rung, 'stalls', at), ...drop };
    const isBlocked = needsUdp(state.offered[state.rung]) && !hadConnected;
    return { state: taken(calm, rung, isBlocked ? 'udp-blocked' : 'no-picture', at), ...drop };
  }
  return { state: taken(calm, rung, rung === 0 ? undefined : state.reason, at), ...drop };
}

function failed(state: LadderState, event: Extract<LadderEvent, { type: 'failed' }>): LadderState {
  const { code, at, isAgreed, hadConnected } = event;
  if (code === 'codec-unsupported' || code === 'b-frames' || code === 'exhausted')
    return fallen(state, code, at);
  // LiveKit is a server of its own: that it cannot be entered, or nobody publishes there, says nothing of the other ways.
  const isElsewhere = state.offered[state.rung] === 'livekit';
  const isWays = isElsewhere
    ? wayFaults.has(code) || code === 'camera-offline'
    : isAgreed && wayFaults.has(code);
  // The camera or a server said no: no way's fault, and by another way they would say the same.
  if (!isWays) return { ...state, failures: 0, stalls: [] };
  const failures = state.failures + 1;
  if (isElsewhere) return fallen({ ...state, failures }, 'livekit-away', at);
  if (failures < mostFailures) return { ...state, failures };
  const isBlocked = needsUdp(state.offered[state.rung]) && !hadConnected;
  return fallen({ ...state, failures }, isBlocked ? 'udp-blocked' : 'no-picture', at);
}

function fallen(state: LadderState, reason: FallReason, at: number): LadderState {
  return state.rung + 1 < state.offered.length ? taken(state, state.rung + 1, reason, at) : state;
}

function taken(state: LadderState, rung: number, reason: FallReason | undefined, at: number): LadderState {
  const changes = [...recent(state.changes, at), at];
  const [from, to] = [state.offered[state.rung], state.offered[rung]];
  const why = rung < state.rung ? 'recovered' : reason;
  const change = from && to && why ? [{ at, from, to, reason: why } as const] : [];
  return {
    ...state,
    history: [...state.history, ...change].slice(-mostHistory),
    poorSince: undefined,
    rung,
    reason,
    since: at,
    stalls: [],
    failures: 0,
    changes,
    probes: 0,
    probeAt: dueAfter(reason, 0, at, state.hadUdp),
  };
}

/** What led down and may pass by itself. UDP that was let through a while ago may be again. */
const mayPass = (reason: FallReason | undefined, hadUdp: boolean): boolean =>
  reason !== undefined && (passing.has(reason) || (reason === 'udp-blocked' && hadUdp));

function dueAfter(
  reason: FallReason | undefined,
  probes: number,
  at: number,
  hadUdp = false,
): number | undefined {
  if (reason === undefined || forGood.has(reason)) return undefined;
  const pauses = mayPass(reason, hadUdp) ? soonAfterMs : probeAfterMs;
  return at + (pauses[Math.min(probes, pauses.length - 1)] ?? 300_000);
}

/** Loss and lack that last: not in the first seconds on a rung, and not for what a camera does by itself. */
function judged(
  state: LadderState,
  fault: 'loss' | 'slow' | undefined,
  hasLesser: boolean,
  at: number,
): LadderStep {
  if (fault === undefined)
    return { state: state.poorSince === undefined ? state : { ...state, poorSince: undefined } };
  const poorSince = state.poorSince ?? at;
  const isOver = at - poorSince >= poorMs && at - state.since >= dwellMs;
  if (!isOver) return { state: { ...state, poorSince } };
  if (hasLesser) return { state: { ...state, poorSince: undefined }, command: 'lesser' };
  return { state: fallen({ ...state, poorSince }, fault, at) };
}

const recent = (changes: readonly number[], at: number): readonly number[] =>
  changes.filter((then) => at - then < changeWindowMs);

function sideFailed(state: LadderState, at: number): LadderState {
  const { side } = state;
  if (!side) return state;
  if (side.kind === 'rescue') return { ...state, side: undefined };
  const probes = state.probes + 1;
  return { ...state, side: undefined, probes, probeAt: dueAfter(state.reason, probes, at, state.hadUdp) };
}

const dropOf = (state: LadderState): { readonly command?: 'drop' } => (state.side ? { command: 'drop' } : {});

function tick(before: LadderState, moment: Moment, at: number): LadderStep {
  // Somebody of the page has found that UDP passes again.
  const proofs = moment.proofs ?? 0;
  const isProven = proofs > before.knewProofs && before.probes === 0 && mayPass(before.reason, before.hadUdp);
  const isFreed = isProven || (before.knewBlocked && !moment.isBlocked && before.reason === 'udp-blocked');
  const state = {
    ...before,
    knewBlocked: moment.isBlocked,
    knewProofs: proofs,
    ...(isFreed ? { probes: 0, probeAt: at } : {}),
  };
  if (state.side) return watchSide(state, state.side, moment, at);
  const { attemptSince } = moment;
  if (attemptSince !== undefined && !moment.isLive) {
    const rung = rescueRung(state);
    const isDue = at - attemptSince >= moment.patienceMs && state.rescued !== attemptSince;
    if (rung === undefined || !isDue) return { state };
    const side: Side = { kind: 'rescue', rung, since: at, cleanSince: undefined };
    return { state: { ...state, side, rescued: attemptSince }, command: 'rescue' };
  }
  const isDue = state.probeAt !== undefined && at >= state.probeAt && at >= state.pinnedUntil;
  if (state.rung === 0 || !moment.isLive || !isDue || !moment.mayProbe) return { state: unpinned(state, at) };
  if (recent(state.changes, at).length >= mostChanges) {
    return { state: { ...state, reason: 'flapping', pinnedUntil: at + pinMs, probeAt: at + pinMs } };
  }
  const side: Side = { kind: 'probe', rung: 0, since: at, cleanSince: undefined };
  return { state: { ...state, side }, command: 'probe' };
}

/** A pin that is over leaves the ladder as after a first fall. */
function unpinned(state: LadderState, at: number): LadderState {
  return state.reason === 'flapping' && at >= state.pinnedUntil
    ? { ...state, reason: 'stalls', probes: 0 }
    : state;
}

/** The way to try beside an attempt that gives no picture: the next one down, or the best from the lowest. */
function rescueRung(state: LadderState): number | undefined {
  if (state.offered.length < 2) return undefined;
  return state.rung + 1 < state.offered.length ? state.rung + 1 : 0;
}

function watchSide(state: LadderState, side: Side, moment: Moment, at: number): LadderStep {
  const { sideFrameAt, sideLagMs = 0, sideLossRatio = 0 } = moment;
  const isShown = sideFrameAt !== undefined && at - sideFrameAt < gapMs;
  const isClean = isShown && at - sideFrameAt + sideLagMs < gapMs && sideLossRatio <= mostSideLoss;
  // Pictures in front that are gone are worse than a few lost packets, or a second behind.
  const isFresh = moment.isLive ? isClean : isShown;
  if (side.kind === 'rescue') {
    if (moment.isLive) return { state: { ...state, side: undefined }, command: 'drop' };
    if (isFresh) return { state, command: 'adopt' };
    return at - side.since >= sideFirstFrameMs
      ? { state: sideFailed(state, at), command: 'drop' }
      : { state };
  }
  // The picture in front is gone: whatever the probe shows is better.
  if (isFresh && !moment.isLive) return { state, command: 'adopt' };
  const cleanSince = isFresh ? (side.cleanSince ?? at) : undefined;
  const isOver =
    sideFrameAt === undefined ? at - side.since >= sideFirstFrameMs : at - side.since >= probeMs && !isFresh;
  if (isOver) return { state: sideFailed(state, at), command: 'drop' };
  const next = { ...state, side: { ...side, cleanSince } };
  const isProven = cleanSince !== undefined && at - cleanSince >= (moment.cleanMs ?? cleanMs);
  // What falls by itself rises by itself: only a lasting cause has to be left in peace first.
  const isDwelt = mayPass(state.reason, state.hadUdp) || at - state.since >= dwellMs;
  return isProven && isDwelt ? { state: next, command: 'adopt' } : { state: next };
}
