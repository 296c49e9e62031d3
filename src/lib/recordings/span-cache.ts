import type { SpansAnswer, SpansQuery } from '#contract/recording.ts';
import { ByteLru } from './byte-lru.ts';
import { clip, fromFlat, type Span, union } from './spans.ts';

const second = 1000;
const hour = 3_600_000;
const day = 24 * hour;

/** How coarse spans are asked for, and in pieces of which length. Blocks begin at whole multiples of it. */
export interface Level {
  readonly resolutionMs: number;
  readonly blockMs: number;
}

/** From every millisecond to a glance at months. A screen takes a handful of blocks at each. */
export const levels = [
  { resolutionMs: 1, blockMs: 2 * hour },
  { resolutionMs: second, blockMs: 6 * hour },
  { resolutionMs: 10 * second, blockMs: day },
  { resolutionMs: 60 * second, blockMs: 7 * day },
  { resolutionMs: 600 * second, blockMs: 30 * day },
  // What a screen can show of three months: a sixth of what the level before it has to bring, parse and draw.
  { resolutionMs: hour, blockMs: 90 * day },
] as const satisfies readonly Level[];

/** The coarsest level that still shows everything at this zoom: nothing narrower than a pixel is lost or closed. */
export function levelFor(msPerPx: number): Level {
  return levels.findLast(({ resolutionMs }) => resolutionMs <= msPerPx) ?? levels[0];
}

/** What is known of a camera's past in a window. */
export interface CameraPast {
  readonly recorded: readonly Span[];
  readonly motion: readonly Span[];
  /** Where nothing is known yet. */
  readonly unknown: readonly Span[];
}

interface Block {
  readonly recorded: readonly Span[];
  readonly motion: readonly Span[];
  /** When it was asked for and when it should be again, by the wall clock; Infinity for what cannot change. */
  readonly askedAt: number;
  readonly staleAt: number;
}

interface Flight {
  readonly level: Level;
  readonly first: number;
  readonly last: number;
  readonly cameraIds: readonly string[];
  readonly abort: AbortController;
  /** Resolves with why it came to nothing, if it did. */
  readonly done: Promise<unknown>;
}

export interface SpanCacheOptions {
  readonly read: (query: SpansQuery, signal: AbortSignal) => Promise<SpansAnswer>;
  /** The wall clock, epoch ms. */
  readonly now?: () => number;
  /** Called after anything has changed that `past` gives. */
  readonly onChange?: () => void;
  readonly random?: () => number;
}

/** What an answer that may still change is good for, ms: the live edge moves, and recorders come back. */
const freshMs = 5_000;
const longestAnswerMs = 90 * day;
const mostCameras = 36;
/** Two numbers of eight bytes and what an object costs. */
const bytesPerSpan = 56;
/** Of a camera at a level: what the timeline shows, and where the playhead is and comes to. */
const mostRuns = 8;
const limitBytes = 64 * 1024 * 1024;
const retryMs = { first: 1_000, most: 30_000 };

const shelfOf = (cameraId: string, { resolutionMs }: Level): string => `${cameraId} ${resolutionMs}`;
const keyOf = (cameraId: string, level: Level, block: number): string =>
  `${shelfOf(cameraId, level)} ${block}`;

/**
 * The spans of many cameras, fetched in blocks and kept. Each block is fetched once, whoever wants it; a request is
 * ended when nobody wants any of its blocks any more.
 */
export class SpanCache {
  readonly #read: SpanCacheOptions['read'];
  readonly #now: () => number;
  readonly #onChange: () => void;
  readonly #random: () => number;
  readonly #blocks = new ByteLru<string, Block>(limitBytes);
  /** What `past` gave for whole runs of a camera's blocks at a level, until another comes: it is asked for in every picture of the screen. */
  readonly #joined = new Map<string, Map<string, CameraPast>>();
  readonly #flights = new Set<Flight>();
  readonly #wishes = new Map<unknown, { level: Level; first: number; last: number }>();
  readonly #oldest = new Map<string, number>();
  /** When the recorder last said that something of a camera has changed. */
  readonly #changedAt = new Map<string, number>();
  #failures = 0;
  #retryAt = 0;
  #failure: unknown;
  #isClosed = false;

  constructor({ read, now = Date.now, onChange = () => undefined, random = Math.random }: SpanCacheOptions) {
    this.#read = read;
    this.#now = now;
    this.#onChange = onChange;
    this.#random = random;
  }

  /** Why the last request came to nothing; undefined once one has come through again. */
  get failure(): unknown {
    return this.#failure;
  }
  get isLoading(): boolean {
    return this.#flights.size > 0;
  }

  /** The oldest moment that is kept of a camera, as far as it has been told. */
  oldestOf(cameraId: string): number | undefined {
    return this.#oldest.get(cameraId);
  }

  /**
   * Sees to it that these cameras' spans in `window` are there soon, at the level for this zoom. `who` wants only this
   * from now on: a request that nobody wants any more is given up.
   */
  want(who: string, cameraIds: readonly string[], window: Span, msPerPx: number): void {
    const level = levelFor(msPerPx);
    const range = this.#blockRange(level, window);
    if (range) this.#wishes.set(who, { level, ...range });
    else this.#wishes.delete(who);
    this.#giveUp();
    if (range) this.#load(cameraIds, level, range);
  }

  /**
   * Resolves when everything of `window` is here at this zoom. Throws what the request threw, at once where the last one
   * failed so lately that none is sent now, or the signal's reason.
   */
  async load(
    cameraIds: readonly string[],
    window: Span,
    msPerPx: number,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const level = levelFor(msPerPx);
    const range = this.#blockRange(level, window);
    if (!range) return;
    const who = {};
    this.#wishes.set(who, { level, ...range });
    try {
      this.#load(cameraIds, level, range);
      const ends = await Promise.race([Promise.all(this.#bringing(level, range)), aborted(signal)]);
      signal.throwIfAborted();
      const failure = ends?.find((end) => end !== undefined) ?? this.#failure;
      if (failure !== undefined && this.#isLacking(cameraIds, level, range)) throw failure as Error;
    } finally {
      this.#wishes.delete(who);
      this.#giveUp();
    }
  }

  /**
   * What is known now. Where this level has not come yet, another one stands in for it. Clipped to whole blocks around
   * `window`, not to the window itself.
   */
  past(cameraId: string, window: Span, msPerPx: number): CameraPast {
    const wanted = levelFor(msPerPx);
    const { first, last } = this.#blockRange(wanted, window) ?? { first: 0, last: -1 };
    const run = `${first} ${last}`;
    const joined = this.#joined.get(shelfOf(cameraId, wanted));
    const known = joined?.get(run);
    if (known) return known;
    const recorded: Span[] = [];
    const motion: Span[] = [];
    const unknown: Span[] = [];
    let isWhole = true as boolean;
    const add = (level: Level, within: Span, others: readonly Level[]): void => {
      const range = this.#blockRange(level, within);
      if (!range) return;
      for (let n = range.first; n <= range.last; n++) {
        const place = { start: n * level.blockMs, end: (n + 1) * level.blockMs };
        const part = level === wanted ? place : overlap(place, within);
        const block = this.#blocks.get(keyOf(cameraId, level, n));
        if (block) {
          recorded.push(...(level === wanted ? block.recorded : clip(block.recorded, part)));
          motion.push(...(level === wanted ? block.motion : clip(block.motion, part)));
          continue;
        }
        isWhole = false;
        if (others[0]) add(others[0], part, others.slice(1));
        else unknown.push(part);
      }
    };
    // Coarser ones first, nearest first: one of them covers much. Then finer ones.
    const at = levels.findIndex((level) => level === wanted);
    add(wanted, window, [...levels.slice(at + 1), ...levels.slice(0, at).reverse()]);
    const past = { recorded: union(recorded), motion: union(motion), unknown: union(unknown) };
    if (isWhole) {
      const runs = joined !== undefined && joined.size < mostRuns ? joined : new Map<string, CameraPast>();
      this.#joined.set(shelfOf(cameraId, wanted), runs.set(run, past));
    }
    return past;
  }

  /** Ends all requests and forgets everything. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    for (const flight of this.#flights) flight.abort.abort();
    this.#blocks.clear();
    this.#joined.clear();
  }

  /** Something has begun or ended to be recorded: what may still change of these cameras is asked for again when next wanted. */
  changed(cameraIds: readonly string[]): void {
    for (const id of cameraIds) this.#changedAt.set(id, this.#now());
  }

  /** Asks again at once for what failed: somebody signed in, or pressed "Try again". */
  hurry(): void {
    this.#retryAt = 0;
  }

  /** The blocks that `window` touches; none that lies in the future altogether. */
  #blockRange({ blockMs }: Level, { start, end }: Span): { first: number; last: number } | undefined {
    const first = Math.floor(start / blockMs);
    const last = Math.min(Math.ceil(end / blockMs) - 1, Math.floor(this.#now() / blockMs));
    return first <= last ? { first, last } : undefined;
  }

  #giveUp(): void {
    const wishes = [...this.#wishes.values()];
    for (const flight of this.#flights) {
      const isWanted = wishes.some(
        ({ level, first, last }) => flight.level === level && flight.first <= last && flight.last >= first,
      );
      if (!isWanted) flight.abort.abort();
    }
  }

  /** Starts what is missing. */
  #load(cameraIds: readonly string[], level: Level, { first, last }: { first: number; last: number }): void {
    const now = this.#now();
    const inFlight = (cameraId: string, block: number): boolean =>
      [...this.#flights].some(
        (flight) =>
          flight.level === level &&
          !flight.abort.signal.aborted &&
          block >= flight.first &&
          block <= flight.last &&
          flight.cameraIds.includes(cameraId),
      );
    if (!this.#isClosed && now >= this.#retryAt) {
      // Runs of blocks that the same cameras lack are one request.
      let run: { first: number; last: number; cameraIds: string[] } | undefined;
      const mostBlocks = Math.max(1, Math.floor(longestAnswerMs / level.blockMs));
      for (let n = first; n <= last + 1; n++) {
        const lacking =
          n > last
            ? []
            : cameraIds.filter(
                (id) => this.#isStale(id, this.#blocks.get(keyOf(id, level, n)), now) && !inFlight(id, n),
              );
        const isSame =
          run !== undefined &&
          lacking.length === run.cameraIds.length &&
          lacking.every((id, i) => run?.cameraIds[i] === id) &&
          n - run.first < mostBlocks;
        if (run && isSame) run.last = n;
        else {
          if (run) this.#fly(level, run);
          run = lacking.length > 0 ? { first: n, last: n, cameraIds: lacking } : undefined;
        }
      }
    }
  }

  #isStale(cameraId: string, block: Block | undefined, now: number): boolean {
    if (block === undefined || block.staleAt <= now) return true;
    return block.staleAt !== Infinity && (this.#changedAt.get(cameraId) ?? -Infinity) > block.askedAt;
  }

  #isLacking(cameraIds: readonly string[], level: Level, { first, last }: { first: number; last: number }) {
    for (let n = first; n <= last; n++)
      if (cameraIds.some((id) => !this.#blocks.has(keyOf(id, level, n)))) return true;
    return false;
  }

  /** The ends of all requests that bring something of these blocks. */
  #bringing(level: Level, { first, last }: { first: number; last: number }): Promise<unknown>[] {
    return [...this.#flights]
      .filter((flight) => flight.level === level && flight.first <= last && flight.last >= first)
      .map((flight) => flight.done);
  }

  #fly(level: Level, run: { first: number; last: number; cameraIds: string[] }): void {
    for (let i = 0; i < run.cameraIds.length; i += mostCameras) {
      const cameraIds = run.cameraIds.slice(i, i + mostCameras);
      const abort = new AbortController();
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const flight: Flight = { level, first: run.first, last: run.last, cameraIds, abort, done: promise };
      this.#flights.add(flight);
      void this.#fetch(flight).then((failure) => {
        this.#flights.delete(flight);
        resolve(failure);
        if (!this.#isClosed) this.#onChange();
      });
    }
  }

  /** Gives why it came to nothing, if it did. */
  async #fetch({ level, first, last, cameraIds, abort }: Flight): Promise<unknown> {
    const { blockMs, resolutionMs } = level;
    const askedAt = this.#now();
    const query = { cameras: [...cameraIds], from: first * blockMs, to: (last + 1) * blockMs, resolutionMs };
    try {
      const answer = await this.#read(query, abort.signal);
      abort.signal.throwIfAborted();
      this.#keep(answer, level, askedAt);
      this.#failures = 0;
      this.#failure = undefined;
      return undefined;
    } catch (error) {
      if (abort.signal.aborted) return undefined;
      this.#failure = error;
      const ceiling = Math.min(retryMs.most, retryMs.first * 2 ** this.#failures++);
      this.#retryAt = this.#now() + Math.round((0.5 + this.#random() / 2) * ceiling);
      return error;
    }
  }

  #keep(answer: SpansAnswer, level: Level, askedAt: number): void {
    const now = this.#now();
    const { blockMs } = level;
    for (const camera of answer.cameras) {
      this.#joined.delete(shelfOf(camera.cameraId, level));
      if (camera.oldest !== undefined) this.#oldest.set(camera.cameraId, camera.oldest);
      const recorded = fromFlat(camera.recorded, answer.from);
      const motion = fromFlat(camera.motion, answer.from);
      for (let n = Math.floor(answer.from / blockMs); n * blockMs < answer.to; n++) {
        const place = { start: n * blockMs, end: (n + 1) * blockMs };
        // What lies a minute back may still be on its way into the recorder's database.
        const isFinal = camera.isComplete && place.end < now - 60_000;
        const block: Block = {
          recorded: clip(recorded, place),
          motion: clip(motion, place),
          askedAt,
          staleAt: isFinal ? Infinity : now + Math.max(freshMs, level.resolutionMs / 10),
        };
        const bytes = 64 + (block.recorded.length + block.motion.length) * bytesPerSpan;
        this.#blocks.set(keyOf(camera.cameraId, level, n), block, bytes);
      }
    }
  }
}

function overlap(a: Span, b: Span): Span {
  return { start: Math.max(a.start, b.start), end: Math.min(a.end, b.end) };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  if (signal.aborted) resolve(undefined);
  signal.addEventListener('abort', () => resolve(undefined), { once: true });
  return promise;
}
