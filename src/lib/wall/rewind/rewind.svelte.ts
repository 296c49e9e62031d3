import type { Camera } from '#contract/camera.ts';
import type { FetchFrames, FrameSourceOptions } from '#lib/recordings/frame-source.ts';
import { fetchFrames } from '#lib/recordings/frame-source.ts';
import type { RecordedPicture } from '#lib/recordings/recorded-picture.svelte.ts';
import type { SpanCacheOptions } from '#lib/recordings/span-cache.ts';
import { SpanStore } from '#lib/recordings/span-store.svelte.ts';
import { SyncGroup } from '#lib/recordings/sync-group.svelte.ts';
import { laggingMs } from './rewind-words.ts';
import { Turns } from './turns.ts';

export interface RewindOptions {
  /** The recorder's clock as well as it is known, epoch ms. */
  readonly now: () => number;
  readonly fetchFrames?: FetchFrames;
  readonly spans?: Partial<SpanCacheOptions>;
}

/** So many tiles ask for pictures at once: live goes on underneath, and a browser has six connections to a host. */
const mostAtOnce = 4;
/** The clock is set right when it is off by more, ms: a page that is short of time draws late, and loses some. */
const driftMs = 200;
/** Off by more it is a jump, ms: the page slept. What lies between is not worth decoding. */
const jumpMs = 5_000;
/** So far ahead of what it should show a picture is not waited for, ms. */
const aheadMs = 1_000;
/** Above this many tiles the small recorded stream is played. */
const mostLarge = 4;
/** What was recorded so recently may not be in the recorder's list yet: its pictures are asked for all the same, ms. */
const unlistedMs = 60_000;

/** Every camera of a wall, some seconds ago, on one clock that nobody waits for. */
export class Rewind {
  readonly #now: () => number;
  readonly #spans: SpanStore;
  readonly #group: SyncGroup;
  #stop: (() => void) | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;
  #backMs: number;

  constructor(backMs: number, { now, fetchFrames: ask = fetchFrames, spans = {} }: RewindOptions) {
    this.#backMs = backMs;
    this.#now = now;
    const turns = new Turns(mostAtOnce);
    const source: FrameSourceOptions = {
      fetchFrames: ask,
      inTurn: (request, signal) => turns.run(request, signal),
    };
    this.#spans = new SpanStore({ now, ...spans });
    this.#group = new SyncGroup({
      spans: this.#spans,
      at: now() - backMs,
      source,
      longestHoldMs: 0,
      mostLagMs: laggingMs,
      isRecorded: (id, time) =>
        this.#spans.isRecorded(id, time) === true ? true : time > now() - unlistedMs ? undefined : false,
    });
  }

  /** The moment that is shown, epoch ms of the recorder's clock. */
  get time(): number {
    return this.#group.time;
  }
  /** How far apart the pictures are, see {@link SyncGroup.skewMs}. */
  get skewMs(): number | undefined {
    return this.#group.skewMs;
  }
  /** Whether the recorder is known to have the moment that is shown. */
  isRecorded(cameraId: string): boolean {
    return this.#spans.isRecorded(cameraId, this.#group.time) === true;
  }
  pictureOf(cameraId: string): RecordedPicture | undefined {
    return this.#group.pictureOf(cameraId);
  }

  /** Shows these cameras; those without the right to play back are left out. */
  show(cameras: readonly Camera[]): void {
    const ids = cameras.filter(({ rights }) => rights.includes('playback')).map(({ id }) => id);
    this.#group.show(ids);
    for (const id of ids) {
      const picture = this.#group.pictureOf(id);
      if (picture) picture.stream = ids.length > mostLarge ? 'sub' : 'main';
    }
  }

  /** Lets time pass, `backMs` behind now. */
  run(): void {
    if (this.#stop) return;
    this.#group.play(1);
    this.#stop = this.#group.run();
    this.#pulse = setInterval(() => this.#keep(), 250);
  }

  /** Another distance from now. */
  goBack(backMs: number): void {
    this.#backMs = backMs;
    this.#group.seek(this.#now() - backMs);
  }

  /** Asks again at once for what failed. */
  hurry(): void {
    this.#group.hurry();
  }

  /** Gives back everything. Safe to call twice. */
  close(): void {
    this.#stop?.();
    this.#stop = undefined;
    clearInterval(this.#pulse);
    this.#group.close();
    this.#spans.close();
  }

  #keep(): void {
    const wanted = this.#now() - this.#backMs;
    const ahead = this.#group.time - wanted;
    // Set back by more than a picture or two, those that are shown are of what has not been yet: they begin anew.
    if (ahead > aheadMs || ahead < -jumpMs) this.#group.seek(wanted);
    else if (Math.abs(ahead) > driftMs) this.#group.nudge(wanted);
  }
}
