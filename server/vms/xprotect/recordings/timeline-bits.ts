import type { RecordedSpan } from '#server/vms/recordings.ts';

/** Which bit of a byte comes first. Nothing official says so: it is found out, see {@link probeOf}. */
export type BitOrder = 'lowest-first' | 'highest-first';

/** A line of bits, each about one interval. */
export interface TimelineBits {
  readonly start: number;
  readonly intervalMs: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** The intervals whose bits are set, as spans: ascending, merged where they touch. */
export function spansOf({ start, intervalMs, count, bytes }: TimelineBits, order: BitOrder): RecordedSpan[] {
  const spans: RecordedSpan[] = [];
  let first: number | undefined;
  for (let i = 0; i <= count; i++) {
    const bit = order === 'lowest-first' ? i & 7 : 7 - (i & 7);
    const isSet = i < count && (((bytes[i >> 3] ?? 0) >> bit) & 1) === 1;
    if (isSet) first ??= i;
    else if (first !== undefined) {
      spans.push({ start: start + first * intervalMs, end: start + i * intervalMs });
      first = undefined;
    }
  }
  return spans;
}

const probeMs = 1000;
const emptyBits = 5;

/**
 * The question whose answer tells the order of bits, given where the first of all sequences begins: five intervals before
 * it, in which nothing can be, then the one it begins in, then two that do not matter. Read in the wrong order, the
 * sixth bit would be the third.
 */
export const probeOf = (firstSequenceStart: number): Omit<TimelineBits, 'bytes'> => ({
  start: firstSequenceStart - emptyBits * probeMs,
  intervalMs: probeMs,
  count: 8,
});

/** The order that makes sense of the answer to {@link probeOf}; undefined where neither does. */
export function orderOf(answer: Uint8Array): BitOrder | undefined {
  const [byte] = answer;
  if (byte === undefined || answer.length !== 1) return undefined;
  if ((byte & 0b0011_1111) === 0b0010_0000) return 'lowest-first';
  if ((byte & 0b1111_1100) === 0b0000_0100) return 'highest-first';
  return undefined;
}
