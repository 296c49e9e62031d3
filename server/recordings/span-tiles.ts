import type { RecordedSpan, VmsRecordings } from '#server/vms/recordings.ts';
import { coarsened } from './level-of-detail.ts';
import { SharedWork } from '#server/vms/shared-work.ts';

/** What is recorded of a camera in a window, at a resolution. */
export interface WindowSpans {
  readonly recorded: readonly RecordedSpan[];
  readonly motion: readonly RecordedSpan[];
  /** False: the VMS did not answer for all of it. */
  readonly isComplete: boolean;
}

type Both = Pick<WindowSpans, 'recorded' | 'motion'>;
interface Tile extends Both {
  /** When it was read, by the monotonic clock. */
  readonly readAt: number;
}

/** Below this, windows are narrow and what the adapter keeps is enough. A power of two, ms. */
const finestKept = 8192;
/** A tile holds so many times its resolution: 90 days at the resolution of a screen are a dozen tiles. */
const tileLength = 4096;
/** No tile is longer, ms: the newest one is read afresh each time. */
const longestTile = 2 * 86_400_000;
/** Recorders write what they have recorded with some delay. */
const settledMs = 300_000;
/** Recordings can be fetched from a camera's own card days later: what is known of the past is asked for again. */
const freshMs = 600_000;
/** Spans kept over all cameras; 16 bytes and an object each. */
const mostSpans = 400_000;

/** Spans in windows, with a memory for the wide ones. */
export interface SpanTiles {
  /** Never rejects for the VMS's sake; with the signal's reason, and then nothing more is asked for nobody's sake. */
  read(
    recordings: VmsRecordings,
    cameraId: string,
    within: RecordedSpan,
    resolutionMs: number,
    signal: AbortSignal,
  ): Promise<WindowSpans>;
}

export function createSpanTiles(parts: {
  readonly now: () => number;
  readonly patienceMs: number;
  /** A reading failed; once for each. */
  readonly onFailure: (cause: unknown, cameraId: string) => void;
}): SpanTiles {
  const { now, patienceMs, onFailure } = parts;
  const tiles = new Map<string, Tile>();
  const underWay = new Map<string, SharedWork<Both>>();
  let kept = 0;

  const sizeOf = ({ recorded, motion }: Both): number => 1 + recorded.length + motion.length;

  function forget(key: string): void {
    const tile = tiles.get(key);
    if (tile === undefined) return;
    tiles.delete(key);
    kept -= sizeOf(tile);
  }

  function keep(key: string, tile: Tile): void {
    forget(key);
    tiles.set(key, tile);
    kept += sizeOf(tile);
    for (const oldest of tiles.keys()) {
      if (kept <= mostSpans) break;
      forget(oldest);
    }
  }

  function known(key: string): Tile | undefined {
    const tile = tiles.get(key);
    if (tile === undefined || performance.now() - tile.readAt > freshMs) return undefined;
    // Last used last: the first is the one to forget.
    tiles.delete(key);
    tiles.set(key, tile);
    return tile;
  }

  /**
   * Asks the VMS; the same question at the same time is one, and ends with the last who waits for it: recorders are asked a
   * few things at a time, and a zoom leaves many behind.
   */
  function fetch(
    recordings: VmsRecordings,
    cameraId: string,
    within: RecordedSpan,
    resolutionMs: number,
    signal: AbortSignal,
  ): Promise<Both> {
    const key = `${cameraId} ${within.start} ${within.end} ${resolutionMs}`;
    const running = underWay.get(key);
    if (running !== undefined && !running.isAbandoned) return running.join(signal);
    const work = new SharedWork<Both>((ending) =>
      recordings.spans(
        cameraId,
        within,
        AbortSignal.any([ending, AbortSignal.timeout(patienceMs)]),
        resolutionMs,
      ),
    );
    underWay.set(key, work);
    void work.settled().then(() => {
      if (underWay.get(key) === work) underWay.delete(key);
    });
    return work.join(signal);
  }

  return {
    async read(recordings, cameraId, within, resolutionMs, signal) {
      signal.throwIfAborted();
      // The tile's own resolution is the next power of two below: not every step of a zoom reads afresh.
      const detail = 2 ** Math.floor(Math.log2(resolutionMs));
      // Where nothing is kept, the window is one piece.
      const length = detail >= finestKept ? Math.min(detail * tileLength, longestTile) : Infinity;
      const settled = now() - settledMs;
      const isKept = (index: number): boolean => (index + 1) * length <= settled;
      const keyOf = (index: number): string => `${cameraId} ${detail} ${index}`;

      const found: Both[] = [];
      const missing: { start: number; end: number; first: number; last: number }[] = [];
      if (length === Infinity) missing.push({ ...within, first: 0, last: -1 });
      else
        for (let index = Math.floor(within.start / length); index * length < within.end; index++) {
          const tile = isKept(index) ? known(keyOf(index)) : undefined;
          if (tile !== undefined) {
            found.push(tile);
            continue;
          }
          const whole = { start: index * length, end: (index + 1) * length };
          const start = isKept(index) ? whole.start : Math.max(whole.start, within.start);
          const end = isKept(index) ? whole.end : Math.min(whole.end, within.end);
          const last = missing.at(-1);
          if (last?.end === start) Object.assign(last, { end, last: index });
          else missing.push({ start, end, first: index, last: index });
        }

      let isComplete = true;
      await Promise.all(
        missing.map(async ({ start, end, first, last }) => {
          try {
            const answer = await fetch(
              recordings,
              cameraId,
              { start, end },
              // Where the spans themselves are passed on, they have to be exact.
              length === Infinity ? 1 : detail,
              signal,
            );
            const readAt = performance.now();
            const cut = (whole: RecordedSpan): Both => ({
              recorded: coarsened(answer.recorded, whole, detail),
              motion: coarsened(answer.motion, whole, detail),
            });
            if (length === Infinity) found.push(answer);
            // The live edge too is cut as it will be once it is kept: what is shown does not change by that.
            for (let index = first; index <= last; index++) {
              const tile = { ...cut({ start: index * length, end: (index + 1) * length }), readAt };
              found.push(tile);
              if (isKept(index)) keep(keyOf(index), tile);
            }
          } catch (cause) {
            signal.throwIfAborted();
            isComplete = false;
            onFailure(cause, cameraId);
          }
        }),
      );
      const all = (kind: 'recorded' | 'motion'): RecordedSpan[] =>
        coarsened(
          found.flatMap((part) => part[kind]).sort((a, b) => a.start - b.start),
          within,
          resolutionMs,
        );
      return { recorded: all('recorded'), motion: all('motion'), isComplete };
    },
  };
}
