import type { CameraPast } from './span-cache.ts';
import { union } from './spans.ts';
import { rulerHeight, type TimelineMark, type TimelineRow } from './timeline-drawing.ts';

/** A camera as the timeline names it. */
export interface TimelineCamera {
  readonly id: string;
  readonly number: number;
  readonly name: string;
}

/** What stands in one row: one camera, or all of them. */
export interface Band {
  readonly key: string;
  readonly label: string;
  /** Absent for "all cameras". */
  readonly number: number | undefined;
  readonly cameraIds: readonly string[];
}

/** The key of the row for all cameras: no camera's id has this form. */
export const allKey = '*';

/** Two rows below this height, px. */
const tallPx = 140;
/** Above it every camera has one, if this is left for each, px. */
const leastRowPx = 18;

/** Whether every camera has a row of its own at this height. */
export function isTall(height: number, count: number): boolean {
  return count > 1 && height >= Math.max(tallPx, rulerHeight + count * leastRowPx);
}

/** The rows, from the top. */
export function bandsOf(
  cameras: readonly TimelineCamera[],
  selected: TimelineCamera | undefined,
  height: number,
  allLabel: string,
): Band[] {
  const bandOf = ({ id, name, number }: TimelineCamera): Band => ({
    key: id,
    label: name,
    number,
    cameraIds: [id],
  });
  if (isTall(height, cameras.length)) return cameras.map(bandOf);
  if (!selected) return [];
  const all: Band = {
    key: allKey,
    label: allLabel,
    number: undefined,
    cameraIds: cameras.map(({ id }) => id),
  };
  return cameras.length > 1 ? [bandOf(selected), all] : [bandOf(selected)];
}

/** One row as it is drawn. What several cameras have recorded is recorded where any of them has. */
export function rowOf(
  { key, cameraIds }: Band,
  pastOf: (cameraId: string) => CameraPast,
  marks: readonly TimelineMark[],
  selectedId: string | undefined,
): TimelineRow {
  const pasts = cameraIds.map(pastOf);
  const [first] = pasts;
  const past =
    pasts.length === 1 && first
      ? first
      : {
          recorded: union(pasts.flatMap(({ recorded }) => recorded)),
          motion: union(pasts.flatMap(({ motion }) => motion)),
          unknown: union(pasts.flatMap(({ unknown }) => unknown)),
        };
  return {
    key,
    past,
    marks: marks.filter((mark) => mark.cameraIds.some((id) => cameraIds.includes(id))),
    isSelected: key === selectedId,
  };
}
