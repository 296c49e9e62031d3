import type { RecordedSpan } from '#server/vms/recordings.ts';

/**
 * The spans as they look when nothing smaller than `resolutionMs` can be told apart: gaps narrower than it are closed,
 * a shorter span is lengthened to it. What comes out is ascending, clipped to `within`, and no more than a span in
 * every two `resolutionMs`; coarsening it again, also together with what stands beside it, changes nothing.
 * @param spans ascending by their start
 */
export function coarsened(
  spans: readonly RecordedSpan[],
  within: RecordedSpan,
  resolutionMs: number,
): RecordedSpan[] {
  const found: RecordedSpan[] = [];
  for (const span of spans) {
    const start = Math.max(span.start, within.start);
    if (start >= Math.min(span.end, within.end)) continue;
    const end = Math.min(Math.max(span.end, start + resolutionMs), within.end);
    const last = found.at(-1);
    if (last !== undefined && start - last.end < resolutionMs)
      found[found.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    else found.push({ start, end });
  }
  return found;
}

/** `start, end, start, end, …` in ms since `from`, as the contract has them. */
export const flat = (spans: readonly RecordedSpan[], from: number): number[] =>
  spans.flatMap(({ start, end }) => [start - from, end - from]);
