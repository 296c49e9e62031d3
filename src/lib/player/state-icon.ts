import type { PlayerState, PlayerStatus } from './state.ts';

/** Outlines on a 16 × 16 grid, one for each state that has something to say: told apart without colour. */
const icons: Readonly<Record<Exclude<PlayerStatus, 'idle'>, string>> = {
  // Three dots in a row.
  queued: 'M3 8h.01M8 8h.01M13 8h.01',
  // Arcs that reach out.
  connecting: 'M8 12.5h.01M5.2 9.7a4 4 0 0 1 5.6 0M2.7 7a7.5 7.5 0 0 1 10.6 0',
  live: 'M5 3.5v9l7-4.5z',
  // A clock.
  delayed: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.7V8l2.3 1.6',
  // A picture that stands: two bars in a frame.
  stalled: 'M2.5 3h11v10h-11zM6.5 6v4M9.5 6v4',
  // Two arrows in a circle.
  reconnecting: 'M13 6.2A5.4 5.4 0 0 0 3.4 5M3 2.5V5h2.5M3 9.8A5.4 5.4 0 0 0 12.6 11M13 13.5V11h-2.5',
  // A camera, struck through.
  offline: 'M1.8 5h8.4v6H1.8zM10.2 7.4 14 5.3v5.4l-3.8-2.1M2 13.5l12-11',
  // An eye, shut.
  suspended: 'M2 6.5c1.6 2 3.6 3 6 3s4.4-1 6-3M4 8.7 2.8 10.5M8 9.6V12M12 8.7l1.2 1.8',
  // A lock.
  refused: 'M3.5 7.5h9v6h-9zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
};

/** Steps that lead down: the picture comes by a lesser way. */
export const fallenIcon = 'M2 4h4v4h4v4h4M11.5 14.5 14 12l-2.5-2.5';

/** A frame with nothing new in it: the picture has not changed. */
export const standingIcon = 'M2.5 3h11v10h-11zM5.5 6.7h5M5.5 9.3h5';

/** A sign of something wrong that no key opens. */
const fault = 'M8 2.5 14 13H2zM8 6.5v3M8 11.2h.01';

/** The outline for a state. A lock means that somebody may not; a camera that cannot be shown is another matter. */
export function iconOf(state: Exclude<PlayerState, { status: 'idle' }>): string {
  if (state.status !== 'refused' || state.code === 'not-permitted' || state.code === 'signed-out') {
    return icons[state.status];
  }
  return fault;
}
