import type { OnRecordingChange, RecordedSpan } from '#server/vms/recordings.ts';
import type { EventFeed } from '../events/event-feed.ts';
import { inLanes } from '../lanes.ts';

/** Somebody who asks about the present this often is looking at it, ms. */
const interestMs = 60_000;
/** A window that ends so near to now is about the present, ms. */
const presentMs = 120_000;
/** How far back it is looked for changes, ms. */
const backMs = 600_000;
/** A span that ends so near to now goes on, ms. */
const goingOnMs = 10_000;
const mostWatched = 64;
const pollLanes = 2;

export interface LiveEdgeParts {
  readonly feed: EventFeed;
  /** What is recorded lately, asked of the recorder. */
  read(cameraId: string, within: RecordedSpan, signal: AbortSignal): Promise<readonly RecordedSpan[]>;
  /** Between two rounds of asking while there are no events, ms. */
  readonly everyMs: number;
}

/**
 * Tells when there is news at the live edge of cameras: by events, or, while there are none, by asking for those cameras
 * that somebody is looking at.
 */
export class LiveEdge {
  readonly #parts: LiveEdgeParts;
  /** When each camera's present was asked about, the longest ago first. */
  readonly #watched = new Map<string, number>();
  readonly #seen = new Map<string, string>();

  constructor(parts: LiveEdgeParts) {
    this.#parts = parts;
  }

  /** Somebody asks what is recorded in this window. */
  note(cameraId: string, { end }: RecordedSpan): void {
    if (end < Date.now() - presentMs) return;
    this.#watched.delete(cameraId);
    this.#watched.set(cameraId, performance.now());
    const [oldest] = this.#watched.keys();
    if (this.#watched.size > mostWatched && oldest !== undefined) this.#forget(oldest);
  }

  /** Until the signal ends it. Never rejects. */
  async follow(onChange: OnRecordingChange, signal: AbortSignal): Promise<void> {
    const feed = this.#parts.feed.run(
      {
        onEvent: (cameraId) => onChange([cameraId], 'everywhere'),
        // Whatever was missed, those who look have to look again.
        onGap: () => {
          const watched = this.#interesting();
          if (watched.length > 0) onChange(watched, 'here');
        },
      },
      signal,
    );
    let isAsking = false;
    const timer = setInterval(() => {
      if (this.#parts.feed.isConnected || isAsking || signal.aborted) return;
      isAsking = true;
      void this.#ask(onChange, signal).finally(() => {
        isAsking = false;
      });
    }, this.#parts.everyMs);
    await feed;
    clearInterval(timer);
  }

  #interesting(): string[] {
    for (const [cameraId, at] of this.#watched)
      if (performance.now() - at > interestMs) this.#forget(cameraId);
    return [...this.#watched.keys()];
  }

  #forget(cameraId: string): void {
    this.#watched.delete(cameraId);
    this.#seen.delete(cameraId);
  }

  async #ask(onChange: OnRecordingChange, signal: AbortSignal): Promise<void> {
    const changed: string[] = [];
    await inLanes(
      this.#interesting(),
      pollLanes,
      async (cameraId) => {
        const end = Date.now();
        // A recorder that does not answer now has no news.
        const spans = await this.#parts
          .read(cameraId, { start: end - backMs, end }, signal)
          .catch(() => undefined);
        if (spans === undefined) return;
        const outline = outlineOf(spans, end);
        const before = this.#seen.get(cameraId);
        this.#seen.set(cameraId, outline);
        if (before !== undefined && before !== outline) changed.push(cameraId);
      },
      signal,
    ).catch(() => undefined);
    if (changed.length > 0 && !signal.aborted) onChange(changed, 'here');
  }
}

/**
 * What of the latest recordings is news when it changes: since when one goes on, or when the last one ended. The end of
 * one that goes on, which is now, and what falls out of the window at the back, are not.
 */
function outlineOf(spans: readonly RecordedSpan[], now: number): string {
  const last = spans.at(-1);
  if (last === undefined || last.end < now - backMs) return 'nothing lately';
  if (last.end < now - goingOnMs) return `until ${last.end}`;
  return last.start <= now - backMs ? 'all the time' : `since ${last.start}`;
}
