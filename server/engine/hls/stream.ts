import { EventEmitter, once } from 'node:events';
import { timescale } from '#server/fmp4/init.ts';
import { EngineError } from '../error.ts';
import { codecs } from '../h26x/codecs.ts';
import type { Path, Reader } from '../source/path.ts';
import { Assembly, type Picture } from './assembly.ts';
import { mediaPlaylist, multivariantPlaylist } from './playlist.ts';
import { Segmenter } from './segmenter.ts';

export interface StreamOptions {
  readonly path: Path;
  /** First media sequence number, see `Segmenter`. */
  readonly first: number;
  /** How long it goes on after the last request. */
  readonly idleMs: number;
  /** Called once, when nobody asks any more or the path can no longer serve it. */
  readonly ended: () => void;
}

/**
 * How long the first playlist waits for the source to say what it sends, as an offer does, and then for a first whole
 * segment: hls.js takes no playlist that has only parts.
 */
const patienceMs = { source: 1500, content: 10_000 };
/** A request that blocks waits for this many target durations (RFC 8216bis 6.2.5.2)… */
const blockTargets = 3;
/** …but no longer than any player or proxy would. */
const mostBlockMs = 20_000;
/** A player may ask for a segment this far after the newest, and for a part three seconds ahead (RFC 8216bis 6.2.5.2). */
const mostAhead = 2;

/** A playlist a player asks for. */
export interface Reload {
  /** Not before this segment, and this part of it, is listed. */
  readonly from?: { readonly msn: number; readonly part: number | undefined };
  /** A delta update will do. */
  readonly skips: boolean;
  /** So many parts are to be listed as one; 1 unless said. */
  readonly grain?: number;
}

/** One path as LL-HLS: a viewer of it like a WHEP session is, from the first request until some time after the last. */
export class HlsStream implements Reader {
  readonly #options: StreamOptions;
  readonly #changes = new EventEmitter();
  #segmenter: Segmenter | undefined;
  #assembly: Assembly | undefined;
  #cursor: number | undefined;
  #requests = 0;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#changes.setMaxListeners(0);
    options.path.attach(this);
    this.#rest();
    this.pump();
  }

  /** Its first media sequence number, which no other stream has. */
  get first(): number {
    return this.#options.first;
  }

  /** Does something for a player; the stream goes on meanwhile and some time after. */
  async use<T>(answer: () => Promise<T>): Promise<T> {
    this.#requests++;
    clearTimeout(this.#idle);
    try {
      return await answer();
    } finally {
      this.#requests--;
      if (this.#requests === 0) this.#rest();
    }
  }

  /** Nobody asked for anything but that it be there. */
  warm(): void {
    if (this.#requests === 0) this.#rest();
  }

  /** Resolves with the multivariant playlist once there is something to play. Throws the source's {@link EngineError}. */
  async multivariant(signal: AbortSignal): Promise<string> {
    // What is here may be from before the camera was lost: nobody shall begin with that.
    await this.#options.path.ready(patienceMs.source, signal);
    const { track, rates } = await this.#content(signal);
    if (track === undefined) throw noPicture();
    return multivariantPlaylist(this.first, track, rates);
  }

  /**
   * Resolves with the media playlist when what is asked for is in it, with undefined when that does not come in time.
   * Throws `bad-offer` when it is too far ahead.
   */
  async playlist({ from, skips, grain = 1 }: Reload, signal: AbortSignal): Promise<string | undefined> {
    const segmenter = await this.#content(signal);
    if (from !== undefined) {
      const { msn } = from;
      // The last of those that make up the one that is asked for.
      const part = from.part === undefined ? undefined : (from.part + 1) * grain - 1;
      const { next, partTarget } = segmenter;
      const isTooFar =
        msn > next.msn + mostAhead ||
        (msn === next.msn && (part ?? 0) > next.part + Math.ceil((3 * timescale) / partTarget) + grain - 1);
      if (isTooFar) throw new EngineError('bad-offer', 'What is asked for is too far ahead.');
      const isThere = (): boolean => {
        const { next } = segmenter;
        return next.msn > msn || (next.msn === msn && part !== undefined && next.part > part);
      };
      if (!(await this.#until(isThere, this.#blockMs, signal))) return undefined;
    }
    return mediaPlaylist(segmenter, skips, grain);
  }

  /** A part; waits for the one that comes next. Undefined when it is gone, was never there, or does not come in time. */
  async part(msn: number, part: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const segmenter = this.#segmenter;
    const next = segmenter?.next;
    if (next?.msn === msn && next.part === part)
      await this.#until(
        () => segmenter?.next !== undefined && !isSame(segmenter.next, next),
        this.#blockMs,
        signal,
      );
    return segmenter?.segment(msn)?.parts[part]?.bytes;
  }

  /** Several parts as one, from `first` on; undefined unless all of them are there. */
  grain(msn: number, first: number, count: number): Uint8Array[] | undefined {
    const segment = this.#segmenter?.segment(msn);
    const parts = segment?.parts.slice(first, first + count) ?? [];
    return parts.length === count ? parts.map((part) => part.bytes) : undefined;
  }

  /** A complete segment, as the bytes of its parts. */
  segment(msn: number): Uint8Array[] | undefined {
    const segment = this.#segmenter?.segment(msn);
    return segment?.isComplete === true ? segment.parts.map((part) => part.bytes) : undefined;
  }

  init(name: number): Uint8Array | undefined {
    return this.#segmenter?.init(name);
  }

  pump(): void {
    const { reel, codec } = this.#options.path;
    if (this.#cursor === undefined) {
      if (reel.keyframe === undefined || codec === undefined) return;
      this.#cursor = reel.keyframe;
      this.#segmenter ??= new Segmenter(codec, this.#options.first);
      this.#assembly ??= new Assembly(codecs[codec], (picture) => {
        this.#picture(picture);
      });
    }
    for (; this.#cursor < reel.head; this.#cursor++) {
      const packet = reel.at(this.#cursor);
      if (packet === undefined) {
        // Fallen off the reel's end.
        this.hold();
        return;
      }
      this.#assembly?.packet(packet);
    }
  }

  hold(): void {
    this.#cursor = undefined;
    this.#assembly?.restart();
    if (this.#segmenter?.break() === true) this.#changes.emit('change');
  }

  end(): void {
    this.close();
  }

  /** Leaves the path; whoever waits is told that there is no such path. Safe to call twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#idle);
    this.#options.path.detach(this);
    this.#changes.emit('change');
    this.#options.ended();
  }

  #picture(picture: Picture): void {
    if (this.#segmenter?.push(picture, this.#takenMs(picture)) === true) this.#changes.emit('change');
  }

  /** Counted back from the newest picture's arrival, and put on the source's own clock where that is known. */
  #takenMs(picture: Picture): number {
    const { reel, clockOffsetMs } = this.#options.path;
    const ageMs =
      performance.now() -
      reel.arrivalMs +
      ((reel.lastTimestamp ?? picture.timestamp) - picture.timestamp) / 90;
    return Math.round(Date.now() - ageMs + (clockOffsetMs ?? 0));
  }

  get #blockMs(): number {
    return Math.min(mostBlockMs, blockTargets * (this.#segmenter?.targetS ?? 1) * 1000);
  }

  /** The segmenter, once there is a whole segment in it. */
  async #content(signal: AbortSignal): Promise<Segmenter> {
    if (this.#segmenter === undefined) await this.#options.path.ready(patienceMs.source, signal);
    const isPlayable = (): boolean => this.#segmenter?.segments[0]?.isComplete === true;
    await this.#until(isPlayable, patienceMs.content, signal);
    if (this.#segmenter === undefined || !isPlayable()) throw noPicture();
    return this.#segmenter;
  }

  /** Resolves with true when it is so, with false when that takes too long. */
  async #until(isSo: () => boolean, patience: number, signal: AbortSignal): Promise<boolean> {
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort();
    }, patience);
    const either = AbortSignal.any([signal, late.signal]);
    try {
      for (;;) {
        if (this.#isClosed) throw new EngineError('not-found', 'The stream has ended.');
        if (isSo()) return true;
        if (late.signal.aborted) return false;
        await once(this.#changes, 'change', { signal: either }).catch((error: unknown) => {
          signal.throwIfAborted();
          if (!late.signal.aborted) throw error;
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#isClosed) return;
    this.#idle = setTimeout(() => {
      this.close();
    }, this.#options.idleMs);
    this.#idle.unref();
  }
}

const isSame = (a: Segmenter['next'], b: Segmenter['next']): boolean => a.msn === b.msn && a.part === b.part;

function noPicture(): EngineError {
  return new EngineError('camera-offline', 'The camera gives no picture yet.');
}
