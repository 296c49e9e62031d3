import type { PastErrorCode } from './past-error.ts';

/** What a tile of the past has to say. */
export type PastStatus =
  | { readonly kind: 'loading' }
  /** A picture is there; `isExact`: the very frame of the moment, not a preview of it. */
  | { readonly kind: 'shown'; readonly isExact: boolean }
  /** Nothing is recorded here. `next`: where it goes on; `never` when it does not; undefined while that is looked up. */
  | { readonly kind: 'gap'; readonly next: number | 'never' | undefined }
  | { readonly kind: 'failed'; readonly code: PastErrorCode };

/** What the clock says, once for each picture of the screen. */
export interface PastMoment {
  readonly time: number;
  readonly speed: number;
  readonly isPlaying: boolean;
  /** A hand moves time: previews will do. */
  readonly isScrubbing: boolean;
  /** Grows with each jump. */
  readonly seeks: number;
  /** How old a preview may be, ms: a few pixels of the timeline. */
  readonly toleranceMs: number;
}

/** Faster than this only keyframes are shown: decoding all the rest would be for nothing. */
export const fastest = 4;

/** How the pictures of a moment are to be had. */
export type Mode = 'forward' | 'reverse' | 'keys' | 'scrub' | 'still';

export function modeOf({ isPlaying, isScrubbing, speed }: PastMoment): Mode {
  if (isScrubbing) return 'scrub';
  if (!isPlaying) return 'still';
  if (Math.abs(speed) > fastest) return 'keys';
  return speed < 0 ? 'reverse' : 'forward';
}
