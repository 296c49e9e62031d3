import { t } from '#lib/ui/words/recordings-words.svelte.ts';
import { spanAt } from './spans.ts';
import type { TimelineRow } from './timeline-drawing.ts';

/** In words, what a row has at a moment besides a recording: what was kept, no further off than `nearMs`, and whether something moved. */
export function spokenMarks(row: TimelineRow | undefined, at: number, nearMs: number): string[] {
  const kinds = (row?.marks ?? [])
    .filter((mark) =>
      mark.kind === 'bookmark' ? Math.abs(mark.at - at) <= nearMs : at >= mark.start && at < mark.end,
    )
    .map(({ kind }) => kind);
  return [
    ...(kinds.includes('bookmark') ? [t('timeline.spoken-bookmark')] : []),
    ...(kinds.includes('lock') ? [t('timeline.spoken-lock')] : []),
    ...(row && spanAt(row.past.motion, at) ? [t('timeline.spoken-motion')] : []),
  ];
}
