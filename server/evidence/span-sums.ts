import type { RecordedSpan } from '#server/vms/recordings.ts';

/** What is left of a stretch when others are taken away, ascending. */
export function without(whole: RecordedSpan, taken: readonly RecordedSpan[]): RecordedSpan[] {
  const left: RecordedSpan[] = [];
  let at = whole.start;
  for (const { start, end } of [...taken].sort((a, b) => a.start - b.start)) {
    if (start >= whole.end) break;
    if (start > at) left.push({ start: at, end: start });
    at = Math.max(at, end);
  }
  if (at < whole.end) left.push({ start: at, end: whole.end });
  return left;
}

/** The parts of spans that lie within a stretch. */
export const within = (whole: RecordedSpan, spans: readonly RecordedSpan[]): RecordedSpan[] =>
  spans.flatMap(({ start, end }) => {
    const part = { start: Math.max(start, whole.start), end: Math.min(end, whole.end) };
    return part.start < part.end ? [part] : [];
  });
