import type { PlaybackFeed, PlaybackWindow } from '#server/vms/playback-feed.ts';
import type { RecordedFrame, RecordedSpan, RecordingCursor } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import { abortable } from './abortable.ts';
import { GopReader } from './gop-reader.ts';
import { type GopShelf, lastOf, type RecordedGop, startOf } from './gop-shelf.ts';

export interface CursorParts {
  readonly cameraId: string;
  readonly feed: PlaybackFeed;
  readonly windowOf: (start: number, end: number) => PlaybackWindow;
  /** Recorded spans of a window, ascending. */
  readonly spans: (within: RecordedSpan, signal: AbortSignal) => Promise<readonly RecordedSpan[]>;
  readonly shelf: GopShelf;
  /** The oldest moment that may be recorded, epoch ms. */
  readonly oldest: () => number;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A server that begins with the first keyframe *from* a moment on is asked again so much before it, ms. */
const backOffs = [0, 2000, 10_000, 60_000];
/** A span may begin a little after its first picture, ms. */
const slackMs = 5000;
/** Looks for the span before or after in windows from this on, each four times the last, ms. */
const nearMs = 6 * 3_600_000;
/** An open reader that nobody asks holds a stream of the recorder, ms. */
const idleMs = 4000;
/** What was recorded longer ago than this is all there, ms. */
const settledMs = 30_000;
/** A moment before the first keyframe of its span belongs to the span before; not through more than so many of them. */
const mostSpansBack = 3;

interface Place {
  readonly gop: RecordedGop;
  readonly index: number;
}

/**
 * A cursor over time-shifted RTSP: whole groups of pictures are played and kept, and the cursor steps within them. Reading
 * on goes on in the same stream. What the recorder says of neighbours is nothing; those within reach are told.
 */
export class PlaybackCursor implements RecordingCursor {
  readonly #parts: CursorParts;
  readonly #closed = new AbortController();
  /** The end of the last call; calls wait for it. */
  #turn: Promise<unknown> = Promise.resolve();
  #place: Place | undefined;
  /** Stands behind `after`. */
  #reader: { readonly reader: GopReader; after: RecordedGop } | undefined;
  /** What came after the end of a stretch: looked up to tell a picture's neighbour, wanted again in a moment. */
  #following: { readonly of: RecordedGop; readonly place: Place } | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(parts: CursorParts) {
    this.#parts = parts;
  }

  at(
    timeMs: number,
    { keyframe }: { keyframe: boolean },
    signal: AbortSignal,
  ): Promise<RecordedFrame | undefined> {
    return this.#inTurn(signal, async (inner) => {
      this.#place = undefined;
      const gop = await this.#gopAt(timeMs, inner);
      if (gop === undefined) return undefined;
      const index = keyframe ? 0 : gop.pictures.findLastIndex((picture) => picture.timeMs <= timeMs);
      return await this.#arrive({ gop, index }, inner);
    });
  }

  next(signal: AbortSignal): Promise<RecordedFrame | undefined> {
    return this.#inTurn(signal, async (inner) => {
      const place = this.#place;
      if (place === undefined) {
        const first = await this.#firstFrom(this.#parts.oldest(), -Infinity, inner);
        return first === undefined ? undefined : await this.#arrive({ gop: first, index: 0 }, inner);
      }
      if (place.index + 1 < place.gop.pictures.length)
        return await this.#arrive({ gop: place.gop, index: place.index + 1 }, inner);
      const following = await this.#gopAfter(place.gop, inner);
      return following === undefined ? undefined : await this.#arrive(following, inner);
    });
  }

  previous(signal: AbortSignal): Promise<RecordedFrame | undefined> {
    return this.#inTurn(signal, async (inner) => {
      const place = this.#place;
      if (place !== undefined && place.index > 0)
        return await this.#arrive({ gop: place.gop, index: place.index - 1 }, inner);
      const before = place === undefined ? this.#parts.now() : startOf(place.gop) - 1;
      const gop = await this.#gopAt(before, inner);
      if (gop === undefined) return undefined;
      const index = gop.pictures.findLastIndex(({ timeMs }) => timeMs <= before);
      return await this.#arrive({ gop, index }, inner);
    });
  }

  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(new VmsError('unavailable', 'The recording is not being watched any more'));
    this.#leave();
  }

  /** One call after the other. */
  async #inTurn<T>(caller: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const signal = AbortSignal.any([caller, this.#closed.signal]);
    const before = this.#turn;
    const { promise: done, resolve } = Promise.withResolvers<undefined>();
    this.#turn = before.then(() => done);
    try {
      await abortable(before, signal);
      clearTimeout(this.#idle);
      return await work(signal);
    } catch (error) {
      this.#leave();
      if (signal.aborted) throw signal.reason;
      throw error;
    } finally {
      if (this.#reader !== undefined) {
        this.#idle = setTimeout(() => this.#leave(), idleMs);
        this.#idle.unref();
      }
      resolve(undefined);
    }
  }

  #leave(): void {
    clearTimeout(this.#idle);
    this.#reader?.reader.close();
    this.#reader = undefined;
  }

  async #arrive(place: Place, signal: AbortSignal): Promise<RecordedFrame> {
    this.#place = place;
    const { gop, index } = place;
    const picture = gop.pictures[index];
    if (picture === undefined) throw new RangeError('The cursor stands beside its pictures');
    let nextMs = gop.pictures[index + 1]?.timeMs ?? gop.until;
    if (nextMs === undefined) {
      const following = await this.#gopAfter(gop, signal);
      nextMs = following?.gop.pictures[following.index]?.timeMs;
    }
    const { codec, timeMs, isKeyframe, units } = picture;
    return { codec, timeMs, isKeyframe, units, previousMs: gop.pictures[index - 1]?.timeMs, nextMs };
  }

  /** The GOP with the last picture at or before the moment. */
  async #gopAt(timeMs: number, signal: AbortSignal): Promise<RecordedGop | undefined> {
    const { shelf, cameraId } = this.#parts;
    let wanted = timeMs;
    for (let back = 0; back < mostSpansBack; back++) {
      const known = shelf.at(cameraId, wanted);
      if (known !== undefined) return known;
      const span = await this.#spanBefore(wanted, signal);
      if (span === undefined) return undefined;
      const target = Math.min(wanted, span.end - 1);
      const found = shelf.at(cameraId, target) ?? (await this.#readAt(span, target, signal));
      if (found !== undefined) return found;
      // The recorder says that something is there; its first keyframe is later.
      wanted = span.start - 1;
    }
    return undefined;
  }

  /** Plays the span around the moment; undefined when its first keyframe comes after it. */
  async #readAt(span: RecordedSpan, target: number, signal: AbortSignal): Promise<RecordedGop | undefined> {
    let tried = Infinity;
    for (const backMs of backOffs) {
      const start = Math.max(span.start - slackMs, target - backMs);
      if (start >= tried) break;
      tried = start;
      this.#leave();
      const reader = this.#open(span, start, -Infinity);
      let found: RecordedGop | undefined;
      try {
        for (;;) {
          const gop = await reader.next(signal);
          if (gop === undefined) break;
          if (startOf(gop) > target) break;
          found = gop;
          this.#parts.shelf.put(this.#parts.cameraId, gop);
          if (gop.until !== undefined && gop.until > target) break;
        }
      } catch (error) {
        reader.close();
        throw error;
      }
      if (found !== undefined) {
        if (found.until === undefined && span.end < this.#parts.now() - settledMs) {
          found = { ...found, stretchEnd: span.end };
          this.#parts.shelf.put(this.#parts.cameraId, found);
        }
        this.#hold(reader, found);
        return found;
      }
      reader.close();
    }
    return undefined;
  }

  /** The GOP that follows, and which of its pictures is the first one that is new. */
  async #gopAfter(gop: RecordedGop, signal: AbortSignal): Promise<Place | undefined> {
    const { shelf, cameraId } = this.#parts;
    const last = lastOf(gop);
    const known = gop.until === undefined ? undefined : shelf.at(cameraId, gop.until);
    if (known !== undefined) return { gop: known, index: 0 };
    if (this.#following !== undefined && lastOf(this.#following.of) === last) return this.#following.place;
    if (this.#reader !== undefined && lastOf(this.#reader.after) === last) {
      const { reader } = this.#reader;
      const following = await reader.next(signal);
      if (following !== undefined) {
        shelf.put(cameraId, following);
        this.#hold(reader, following);
        return { gop: following, index: 0 };
      }
      this.#leave();
    }
    const following = await this.#firstFrom(gop.until ?? last + usualOf(gop), last, signal);
    if (following === undefined) return undefined;
    // A recording that goes on has made the same GOP longer.
    const index = following.pictures.findIndex(({ timeMs }) => timeMs > last);
    this.#following = { of: gop, place: { gop: following, index } };
    return this.#following.place;
  }

  /** The first GOP with a picture later than `after`, from the moment on. */
  async #firstFrom(timeMs: number, after: number, signal: AbortSignal): Promise<RecordedGop | undefined> {
    const { shelf, cameraId, now } = this.#parts;
    let from = timeMs;
    for (let lookMs = nearMs; from < now(); lookMs *= 4) {
      const window = { start: from, end: Math.min(now(), from + lookMs) };
      for (const span of await this.#parts.spans(window, signal)) {
        this.#leave();
        const reader = this.#open(span, span.start, -Infinity);
        try {
          for (;;) {
            const gop = await reader.next(signal);
            if (gop === undefined) break;
            shelf.put(cameraId, gop);
            if (lastOf(gop) > after) {
              this.#hold(reader, gop);
              return gop;
            }
          }
        } catch (error) {
          reader.close();
          throw error;
        }
        reader.close();
      }
      from = window.end;
    }
    return undefined;
  }

  #open(span: RecordedSpan, start: number, after: number): GopReader {
    const { feed, windowOf } = this.#parts;
    return new GopReader({ feed, windowOf, span, start, after });
  }

  #hold(reader: GopReader, after: RecordedGop): void {
    this.#reader = { reader, after };
  }

  /** The span that the moment lies in, else the last one before it. */
  async #spanBefore(timeMs: number, signal: AbortSignal): Promise<RecordedSpan | undefined> {
    const oldest = this.#parts.oldest();
    let end = timeMs + 1;
    for (let lookMs = nearMs; end > oldest; lookMs *= 4) {
      const start = Math.max(oldest, end - lookMs);
      // A little beyond, so that a span is known to go on: windows are played up to its end.
      const spans = await this.#parts.spans({ start, end: end + (end === timeMs + 1 ? nearMs : 0) }, signal);
      const found = spans.findLast((span) => span.start <= timeMs);
      if (found !== undefined) return found;
      end = start;
    }
    return undefined;
  }
}

/** Nothing more can come within half again of the time between its last pictures, ms. */
function usualOf({ pictures }: RecordedGop): number {
  const [before, last] = [pictures.at(-2), pictures.at(-1)];
  return before === undefined || last === undefined ? 1 : Math.min(500, 1.5 * (last.timeMs - before.timeMs));
}
