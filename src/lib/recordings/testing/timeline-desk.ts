import type { TimelineView } from '../timeline-view.svelte.ts';

/** What a test sees and sets of a timeline. */
export interface TimelineDesk {
  time: number;
  view: TimelineView | undefined;
  selected: string | undefined;
  /** Somebody else moves the playhead. */
  go?: (time: number) => void;
  /** Another zone is chosen. */
  tell?: (zone: string) => void;
  readonly scrubbed: [time: number, phase: string][];
}
