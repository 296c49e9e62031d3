import type { PlayerState, Reason } from './state.ts';

/** A message of the catalogue and what it is filled with. */
export type Phrase =
  | { readonly key: 'tile.queued'; readonly values: { readonly place: number } }
  | {
      readonly key: 'tile.delayed' | 'tile.stalled' | 'tile.retry' | 'tile.earlier-seconds';
      readonly values: { readonly seconds: number };
    }
  | { readonly key: 'tile.earlier-minutes'; readonly values: { readonly minutes: number } }
  | {
      readonly key: 'tile.lost' | 'tile.lost-days' | 'tile.earlier-since';
      readonly values: { readonly since: Date };
    }
  | {
      readonly key:
        | 'tile.connecting'
        | 'tile.suspended'
        | 'tile.earlier-none'
        | 'tile.live'
        | 'tile.never'
        | 'tile.reconnecting'
        | 'tile.retry-now'
        | 'tile.retry-queued'
        | `tile.why.${Reason}`;
    };

/** What the words need to know beside the state. */
export interface Moments {
  /** Age of the last picture, ms; undefined when there never was one. */
  readonly frameAgeMs: number | undefined;
  /** When it was shown, epoch ms. */
  readonly lastFrameAt: number | undefined;
  /** Of the picture of the past that stands in, ms; undefined without one. */
  readonly standInAgeMs?: number | undefined;
  /** An earlier picture was looked for, and there is none. */
  readonly hasNoEarlier?: boolean;
  /** Until the next attempt, ms. */
  readonly untilMs: (moment: number) => number;
}

const dayMs = 24 * 3600 * 1000;

/** The one thing a tile says of its state; undefined while there is nothing to do. */
export function headline(state: PlayerState, moments: Moments): Phrase | undefined {
  const seconds = (moments.frameAgeMs ?? 0) / 1000;
  switch (state.status) {
    case 'idle':
      return undefined;
    case 'queued':
      return { key: 'tile.queued', values: { place: state.place } };
    case 'connecting':
      return { key: 'tile.connecting' };
    case 'suspended':
      return { key: 'tile.suspended' };
    case 'live':
      return { key: 'tile.live' };
    case 'delayed':
      return { key: 'tile.delayed', values: { seconds } };
    case 'stalled':
      // Whole seconds that have passed, as a counter shows them.
      return { key: 'tile.stalled', values: { seconds: Math.floor(seconds) } };
    case 'reconnecting':
      return { key: 'tile.reconnecting' };
    case 'offline': {
      if (moments.lastFrameAt === undefined) return { key: 'tile.never' };
      const isLongAgo = (moments.frameAgeMs ?? 0) >= dayMs / 2;
      return {
        key: isLongAgo ? 'tile.lost-days' : 'tile.lost',
        values: { since: new Date(moments.lastFrameAt) },
      };
    }
    case 'refused':
      return { key: `tile.why.${state.code}` };
  }
}

/** Why, and what happens next, in the order to be read. Empty where the headline says it all. */
export function particulars(state: PlayerState, moments: Moments): readonly Phrase[] {
  if (state.status === 'reconnecting') {
    const seconds = Math.floor((moments.frameAgeMs ?? 0) / 1000);
    return moments.frameAgeMs === undefined ? [] : [{ key: 'tile.stalled', values: { seconds } }];
  }
  if (state.status === 'offline') return [{ key: `tile.why.${state.reason}` }, nextTry(state, moments)];
  if (state.status === 'connecting' && state.failures > 0)
    return [...earlier(moments), nextTry(state, moments)];
  if (state.status === 'connecting' || state.status === 'queued' || state.status === 'suspended')
    return earlier(moments);
  return [];
}

/** How old the picture is that is seen meanwhile: it must never be taken for one of now. */
function earlier({ standInAgeMs, hasNoEarlier }: Moments): readonly Phrase[] {
  if (standInAgeMs === undefined) return hasNoEarlier === true ? [{ key: 'tile.earlier-none' }] : [];
  if (standInAgeMs < 60_000)
    return [{ key: 'tile.earlier-seconds', values: { seconds: Math.floor(standInAgeMs / 1000) } }];
  if (standInAgeMs < 3_600_000)
    return [{ key: 'tile.earlier-minutes', values: { minutes: Math.floor(standInAgeMs / 60_000) } }];
  return [{ key: 'tile.earlier-since', values: { since: new Date(Date.now() - standInAgeMs) } }];
}

function nextTry(
  state: Extract<PlayerState, { status: 'offline' | 'connecting' }>,
  moments: Moments,
): Phrase {
  switch (state.effort.kind) {
    case 'opening':
      return { key: 'tile.retry-now' };
    case 'queued':
      return { key: 'tile.retry-queued' };
    case 'waiting': {
      const seconds = Math.ceil(moments.untilMs(state.effort.until) / 1000);
      return seconds > 0 ? { key: 'tile.retry', values: { seconds } } : { key: 'tile.retry-now' };
    }
  }
}
