import type { PastErrorCode } from '#lib/recordings/past-error.ts';
import type { PastStatus } from '#lib/recordings/past-moment.ts';

/** What one tile of a wall that was rewound says of itself. */
export type TilePast =
  /** The picture of the moment. */
  | { readonly kind: 'there' }
  | { readonly kind: 'loading' }
  /** The newest that is recorded, and that is older than the moment: shown, and said. */
  | { readonly kind: 'lagging'; readonly at: number }
  /** More is recorded, but this browser is not there yet: an older picture, and said. */
  | { readonly kind: 'late'; readonly at: number }
  /** Nothing is recorded at the moment. `last`: the last picture before it, where it is known. */
  | { readonly kind: 'none'; readonly last: number | undefined }
  | { readonly kind: 'failed'; readonly code: PastErrorCode };

/** A picture this much older than the moment is still of it: slow cameras take one in a second, ms. */
export const ofTheMomentMs = 1_500;
/** What is older is no picture of the moment at all: it is not shown, ms. */
export const laggingMs = 20_000;

/** What is to be said of a tile whose picture was taken at `shown`, when it should be of `time`. `isRecorded`: that moment is. */
export function tilePast(
  status: PastStatus,
  shown: number | undefined,
  time: number,
  isRecorded: () => boolean,
): TilePast {
  switch (status.kind) {
    case 'failed':
      return status.code === 'no-recording'
        ? { kind: 'none', last: undefined }
        : { kind: 'failed', code: status.code };
    case 'gap':
      return { kind: 'none', last: shown };
    case 'loading':
      return { kind: 'loading' };
    case 'shown': {
      if (shown === undefined) return { kind: 'loading' };
      const lag = time - shown;
      // Still the one of before the wall went further back: younger than it says is worse than none.
      if (lag < -ofTheMomentMs) return { kind: 'loading' };
      if (lag <= ofTheMomentMs) return { kind: 'there' };
      if (isRecorded()) return lag <= laggingMs ? { kind: 'late', at: shown } : { kind: 'loading' };
      return lag <= laggingMs ? { kind: 'lagging', at: shown } : { kind: 'none', last: shown };
    }
  }
}
