import { createSubscriber } from 'svelte/reactivity';
import { call } from '#lib/api/call.ts';
import type { News } from '#contract/news.ts';
import { recordingRoutes } from '#contract/recording-routes.ts';
import { type CameraPast, levels, SpanCache, type SpanCacheOptions } from './span-cache.ts';
import { clip, firstEndingAfter, type Span, spanAt, union } from './spans.ts';

const hour = 3_600_000;

/** How far ahead of a moment is looked at each level, nearest first. Together they reach over all retention. */
const searches = levels.map(({ resolutionMs, blockMs }) => ({ resolutionMs, reachMs: blockMs * 3 }));

/** What is recorded of the cameras of a page: a {@link SpanCache} that draws again what read it when it learns more. */
export class SpanStore {
  readonly #cache: SpanCache;
  readonly #subscribe: () => void;
  #changed: (() => void) | undefined;
  #version = 0;

  constructor(options: Partial<SpanCacheOptions> = {}) {
    this.#cache = new SpanCache({
      read: (query, signal) => call(recordingRoutes.readSpans, { query, signal }),
      ...options,
      onChange: () => {
        this.#version++;
        this.#changed?.();
        options.onChange?.();
      },
    });
    this.#subscribe = createSubscriber((update) => {
      this.#changed = update;
      return () => (this.#changed = undefined);
    });
  }

  /** Grows whenever more is known. */
  get version(): number {
    this.#subscribe();
    return this.#version;
  }
  get failure(): unknown {
    this.#subscribe();
    return this.#cache.failure;
  }

  /** See {@link SpanCache.want}. Call it whenever the view has moved, and now and then for the live edge. */
  want(who: string, cameraIds: readonly string[], window: Span, msPerPx: number): void {
    this.#cache.want(who, cameraIds, window, msPerPx);
  }

  past(cameraId: string, window: Span, msPerPx: number): CameraPast {
    this.#subscribe();
    return this.#cache.past(cameraId, window, msPerPx);
  }

  oldestOf(cameraIds: readonly string[]): number | undefined {
    this.#subscribe();
    const known = cameraIds.map((id) => this.#cache.oldestOf(id)).filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** Whether a camera has a recording at `time`; undefined while that is not known to the millisecond. */
  isRecorded(cameraId: string, time: number): boolean | undefined {
    const { recorded, unknown } = this.#cache.past(cameraId, { start: time, end: time + 1 }, 1);
    if (spanAt(unknown, time)) return undefined;
    return spanAt(recorded, time) !== undefined;
  }

  /**
   * The first moment at or after `time` (backwards: at or before) at which one of the cameras has a recording.
   * Undefined when there is none to the end of what is kept. Fetches what it has to know, at ever lower detail.
   * Throws what the request threw, or the signal's reason.
   */
  async findRecorded(
    cameraIds: readonly string[],
    time: number,
    direction: 1 | -1,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    let from = time;
    for (const { resolutionMs, reachMs } of searches) {
      const window =
        direction > 0 ? { start: from, end: from + reachMs } : { start: from - reachMs, end: from + 1 };
      await this.#cache.load(cameraIds, window, resolutionMs, signal);
      const found = this.#found(cameraIds, window, from, direction, resolutionMs);
      if (found !== undefined) return found;
      from = direction > 0 ? window.end : window.start;
    }
    return undefined;
  }

  /**
   * Where the recording that `time` lies in begins (direction −1) or ends (1): weeks away for a camera that always
   * records, so far-off edges are looked for at lower detail, where gaps of seconds are not seen. `time` itself when
   * nothing is recorded there. Throws as `findRecorded` does.
   */
  async edgeOf(cameraId: string, time: number, direction: 1 | -1, signal: AbortSignal): Promise<number> {
    let at = time;
    for (const { resolutionMs, reachMs } of searches) {
      const window = direction > 0 ? { start: at, end: at + reachMs } : { start: at - reachMs, end: at + 1 };
      await this.#cache.load([cameraId], window, resolutionMs, signal);
      const span = spanAt(clip(this.#cache.past(cameraId, window, resolutionMs).recorded, window), at);
      if (!span) return at;
      const [edge, reach] = direction > 0 ? [span.end, window.end] : [span.start, window.start];
      if (edge !== reach) return edge;
      at = edge;
    }
    return at;
  }

  /** The same from what is known already; `unknown` where that does not reach. */
  knownRecorded(cameraIds: readonly string[], time: number, direction: 1 | -1): number | 'unknown' {
    const window = direction > 0 ? { start: time, end: time + hour } : { start: time - hour, end: time + 1 };
    const pasts = cameraIds.map((id) => this.#cache.past(id, window, 1));
    const found = this.#found(cameraIds, window, time, direction, 1);
    const holes = union(pasts.flatMap(({ unknown }) => clip(unknown, window)));
    const reach = found ?? (direction > 0 ? window.end : window.start);
    const isSure = !holes.some(({ start, end }) => (direction > 0 ? start < reach : end > reach + 1));
    return found !== undefined && isSure ? found : 'unknown';
  }

  /** Takes in what the server says has happened. */
  hear(news: News): void {
    if (news.kind === 'recordings') this.#cache.changed(news.cameraIds);
  }

  /** See {@link SpanCache.hurry}. */
  hurry(): void {
    this.#cache.hurry();
  }

  close(): void {
    this.#cache.close();
  }

  #found(
    cameraIds: readonly string[],
    window: Span,
    time: number,
    direction: 1 | -1,
    msPerPx: number,
  ): number | undefined {
    const recorded = clip(
      union(cameraIds.flatMap((id) => this.#cache.past(id, window, msPerPx).recorded)),
      window,
    );
    const at = firstEndingAfter(recorded, time);
    const here = recorded[at];
    if (direction > 0) return here && Math.max(time, here.start);
    if (here && here.start <= time) return time;
    const before = recorded[at - 1];
    return before && before.end - 1;
  }
}
