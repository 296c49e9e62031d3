import type { FrameSource } from './frame-source.ts';
import type { StillShelf } from './still-shelf.ts';

/** What one camera's picture of the past needs. */
export interface RecordedPictureOptions {
  readonly cameraId: string;
  readonly source: FrameSource;
  readonly shelf: StillShelf;
  /** Whether something is recorded at `time`; undefined while that is not known. */
  readonly isRecorded: (time: number) => boolean | undefined;
  /** Which moment's keyframe stands for `time` while a hand moves: many moments share one. As it is when left out. */
  readonly previewAt?: (time: number) => number;
  /** Where recording goes on after `time`. */
  readonly findNext: (time: number, signal: AbortSignal) => Promise<number | undefined>;
  /** How many bytes of decoded frames may be kept for steps, now. */
  readonly handBytes?: () => number;
  /** Monotonic, ms. */
  readonly now?: () => number;
  readonly random?: () => number;
}
