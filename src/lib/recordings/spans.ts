/** A stretch of recorded time, end excluded, epoch ms of the recorder's clock. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/*
 * Lists of spans here are ascending and apart from each other, unless said otherwise. Empty spans do not exist.
 */

/** All of the given spans as one list: in order, merged where they touch or overlap. The input may be in any order. */
export function union(spans: Iterable<Span>): Span[] {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start >= end) continue;
    const last = merged.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** What of `spans` lies in `within`, cut off at its edges. */
export function clip(spans: readonly Span[], within: Span): Span[] {
  const clipped: Span[] = [];
  for (let i = firstEndingAfter(spans, within.start); i < spans.length; i++) {
    const span = spans[i];
    if (!span || span.start >= within.end) break;
    const start = Math.max(span.start, within.start);
    const end = Math.min(span.end, within.end);
    if (start < end) clipped.push(start === span.start && end === span.end ? span : { start, end });
  }
  return clipped;
}

/** How many of the spans have something in `within`. */
export function countIn(spans: readonly Span[], within: Span): number {
  const after = firstEndingAfter(spans, within.end);
  const reachesIn = (spans[after]?.start ?? Infinity) < within.end;
  return after + (reachesIn ? 1 : 0) - firstEndingAfter(spans, within.start);
}

/** What of `within` is in no span. */
export function gaps(spans: readonly Span[], within: Span): Span[] {
  const found: Span[] = [];
  let from = within.start;
  for (const { start, end } of clip(spans, within)) {
    if (start > from) found.push({ start: from, end: start });
    from = end;
  }
  if (from < within.end) found.push({ start: from, end: within.end });
  return found;
}

/** How much time the spans are together, ms. */
export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** The index of the first span that ends after `time`: the one it lies in, or the next one. `length` when there is none. */
export function firstEndingAfter(spans: readonly Span[], time: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle]?.end ?? Infinity) > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The span that `time` lies in. */
export function spanAt(spans: readonly Span[], time: number): Span | undefined {
  const span = spans[firstEndingAfter(spans, time)];
  return span && span.start <= time ? span : undefined;
}

/**
 * The same at a lower level of detail: a span shorter than `resolutionMs` is lengthened to it, then a gap narrower
 * than it is closed, so that a lone second in a month can be seen and pointed at.
 */
export function atResolution(spans: readonly Span[], resolutionMs: number): Span[] {
  const coarse: { start: number; end: number }[] = [];
  for (const { start, end } of spans) {
    const last = coarse.at(-1);
    if (last && start - last.end < resolutionMs) last.end = Math.max(last.end, end);
    else coarse.push({ start, end });
    const open = coarse.at(-1);
    if (open && open.end - open.start < resolutionMs) open.end = open.start + resolutionMs;
  }
  return coarse;
}

/** Spans from their form on the wire: `start, end, …` in ms since `from`. */
export function fromFlat(flat: readonly number[], from: number): Span[] {
  const spans: Span[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2)
    spans.push({ start: from + (flat[i] ?? 0), end: from + (flat[i + 1] ?? 0) });
  return spans;
}
