import type { RecordedSpan } from '#server/vms/recordings.ts';

export const hourMs = 3_600_000;

/** One hour of one camera, packed: pairs of start and end in ms of the hour, first what is recorded, then motion. */
export interface HourBlock {
  readonly pairs: Uint32Array;
  /** How many numbers of `pairs` are about what is recorded. */
  readonly recorded: number;
}

/** What an entry takes besides its numbers: key, objects, map. Measured, bytes. */
const overheadBytes = 220;

export const bytesOf = ({ pairs }: HourBlock): number => overheadBytes + pairs.byteLength;

/** Cuts spans into the hours from `first` (included) to `end` (excluded), counted from 1970. */
export function cutIntoHours(
  recorded: readonly RecordedSpan[],
  motion: readonly RecordedSpan[],
  first: number,
  end: number,
): HourBlock[] {
  const hours = Array.from({ length: end - first }, () => ({
    recorded: [] as number[],
    motion: [] as number[],
  }));
  for (const [kind, spans] of [['recorded', recorded] as const, ['motion', motion] as const])
    for (const span of spans) {
      const from = Math.max(first, Math.floor(span.start / hourMs));
      for (let hour = from; hour < end && hour * hourMs < span.end; hour++)
        hours[hour - first]?.[kind].push(
          Math.max(0, span.start - hour * hourMs),
          Math.min(hourMs, span.end - hour * hourMs),
        );
    }
  return hours.map((hour) => ({
    pairs: Uint32Array.of(...hour.recorded, ...hour.motion),
    recorded: hour.recorded.length,
  }));
}

/** Puts hours together again, ascending, merged where spans touch or overlap, clipped to `within`. */
export function joinHours(
  blocks: Iterable<readonly [hour: number, block: HourBlock]>,
  within: RecordedSpan,
): { recorded: RecordedSpan[]; motion: RecordedSpan[] } {
  const recorded: RecordedSpan[] = [];
  const motion: RecordedSpan[] = [];
  for (const [hour, block] of blocks)
    for (let i = 0; i < block.pairs.length; i += 2) {
      const start = Math.max(within.start, hour * hourMs + (block.pairs[i] ?? 0));
      const end = Math.min(within.end, hour * hourMs + (block.pairs[i + 1] ?? 0));
      if (start < end) append(i < block.recorded ? recorded : motion, start, end);
    }
  return { recorded, motion };
}

function append(spans: RecordedSpan[], start: number, end: number): void {
  const last = spans.at(-1);
  if (last !== undefined && start <= last.end)
    spans[spans.length - 1] = { start: last.start, end: Math.max(last.end, end) };
  else spans.push({ start, end });
}
