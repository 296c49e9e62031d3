import { DragSpeed, type Fling, flungPx, isAtRest } from './fling.ts';
import type { Span } from './spans.ts';
import {
  centredOn,
  panBy,
  pinched,
  resized,
  scaleOf,
  timeOf,
  type TimeScale,
  windowOf,
  within,
  xOf,
  zoomAround,
} from './time-scale.ts';

/** What a movement of the view does to the playhead. */
export type Carry =
  /** Time moves under the playhead: this is where it is now. */
  | { readonly kind: 'scrub'; readonly time: number }
  /** The movement has come to rest: the exact picture of this moment is wanted. */
  | { readonly kind: 'rest'; readonly time: number };

export interface TimelineViewOptions {
  /** Monotonic clock, ms. */
  readonly now?: () => number;
  /** Oldest recording and live edge, epoch ms. */
  readonly limits: () => Span;
  readonly isCalm?: () => boolean;
}

/** How quickly a zoom follows the wheel: most of the way in this time, ms. Short enough never to be waited for. */
const zoomMs = 45;

interface Zoom {
  readonly x: number;
  /** What is still to be zoomed, as a natural logarithm. */
  rest: number;
  at: number;
}

/**
 * What part of time is seen, and how hands move it. The playhead belongs to others: what a gesture does to it comes back
 * as {@link Carry}.
 */
export class TimelineView {
  readonly #now: () => number;
  readonly #limits: () => Span;
  readonly #isCalm: () => boolean;
  readonly #speed = new DragSpeed();
  #fling: (Fling & { flungPx: number }) | undefined;
  #zoom: Zoom | undefined;
  /** Something else ended a throw: that time rests is still to be said. */
  #isRestOwed = false;

  scale: TimeScale = $state.raw(scaleOf({ start: 0, end: 3_600_000 }, 0));
  readonly window: Span = $derived(windowOf(this.scale));

  constructor(options: TimelineViewOptions) {
    this.#now = options.now ?? (() => performance.now());
    this.#limits = options.limits;
    this.#isCalm = options.isCalm ?? (() => matchMedia('(prefers-reduced-motion: reduce)').matches);
  }

  /** Whether something moves by itself, so that `glide` has to be called for each picture. */
  get isGliding(): boolean {
    return this.isFlung || this.#zoom !== undefined || this.#isRestOwed;
  }

  /** Whether time runs on by itself after a throw. */
  get isFlung(): boolean {
    return this.#fling !== undefined;
  }

  /** The element has this width now. The first time, an hour around `time` is shown. */
  resize(width: number, time: number): void {
    if (width <= 0 || width === this.scale.width) return;
    this.scale =
      this.scale.width === 0
        ? scaleOf({ start: time - 1_800_000, end: time + 1_800_000 }, width)
        : resized(this.scale, width);
  }

  /** Shows `length` ms around `time`. */
  show(time: number, length: number): void {
    this.#interrupt();
    this.scale = scaleOf({ start: time - length / 2, end: time + length / 2 }, this.scale.width);
  }

  /** Puts `time` in the middle: what happens all the while time is playing. */
  follow(time: number): void {
    this.scale = centredOn(this.scale, time);
  }

  /** Puts `time` in the middle if it could not be seen. */
  reveal(time: number): void {
    const x = xOf(this.scale, time);
    if (x < 0 || x > this.scale.width) this.follow(time);
  }

  /** Zooms around the pixel `x`, gently. */
  zoom(x: number, factor: number): void {
    if (this.#isCalm()) {
      this.scale = zoomAround(this.scale, x, factor);
      return;
    }
    this.#zoom = { x, rest: (this.#zoom?.rest ?? 0) + Math.log(factor), at: this.#zoom?.at ?? this.#now() };
  }

  /** Moves the view alone, px; the playhead stays at its moment. */
  pan(px: number): void {
    this.#interrupt();
    this.#panWithin(px);
  }

  // Dragging: time moves under the playhead, which stays where it is on the screen.

  /** The pointer went down at `x`. What was gliding stops under it. */
  grab(x: number): void {
    this.stop();
    this.#speed.moved(x, this.#now());
  }

  /** The pointer went from `before` to `x` with the playhead at `time`. */
  drag(before: number, x: number, time: number): Carry {
    this.#speed.moved(x, this.#now());
    return { kind: 'scrub', time: this.#carry(x - before, time) };
  }

  /** The pointer went up. Either it is at rest, or it glides on. */
  release(time: number): Carry {
    const pxPerMs = this.#speed.released(this.#now());
    if (Math.abs(pxPerMs) < 0.1 || this.#isCalm()) return { kind: 'rest', time };
    this.#fling = { pxPerMs, startedAt: this.#now(), flungPx: 0 };
    return { kind: 'scrub', time };
  }

  /** Two fingers moved. */
  pinch(before: readonly [number, number], after: readonly [number, number]): void {
    this.#interrupt();
    this.scale = within(pinched(this.scale, before, after), this.#limits());
  }

  /** Lets what glides go on until now. Gives what that does to the playhead. */
  glide(time: number): Carry | undefined {
    const now = this.#now();
    if (this.#zoom) {
      const part = 1 - Math.exp(-(now - this.#zoom.at) / zoomMs);
      const { x, rest } = this.#zoom;
      const isNearlyThere = Math.abs(rest * (1 - part)) < 0.002;
      this.scale = zoomAround(this.scale, x, Math.exp(isNearlyThere ? rest : rest * part));
      this.#zoom = isNearlyThere ? undefined : { x, rest: rest * (1 - part), at: now };
    }
    if (this.#isRestOwed) {
      this.#isRestOwed = false;
      return { kind: 'rest', time };
    }
    const fling = this.#fling;
    if (!fling) return undefined;
    const px = flungPx(fling, now);
    const kept = this.#carry(px - fling.flungPx, time);
    const { start, end } = this.#limits();
    if (isAtRest(fling, now) || kept <= start || kept >= end) {
      this.#fling = undefined;
      return { kind: 'rest', time: kept };
    }
    this.#fling = { ...fling, flungPx: px };
    return { kind: 'scrub', time: kept };
  }

  /**
   * Ends whatever glides, where it is. True where time was running with it: whoever ends it says where time is now. What
   * moves the view alone ends it too, and then the next `glide` says that time rests.
   */
  stop(): boolean {
    const wasRunning = this.letGo();
    this.#zoom = undefined;
    return wasRunning;
  }

  /** Ends a throw alone, where time went elsewhere. Gives what `stop` gives. */
  letGo(): boolean {
    const wasRunning = this.isFlung || this.#isRestOwed;
    this.#fling = undefined;
    this.#isRestOwed = false;
    return wasRunning;
  }

  /** The moment at `x`, within the limits. */
  timeAt(x: number): number {
    return this.#kept(timeOf(this.scale, x));
  }

  #carry(px: number, time: number): number {
    const kept = this.#kept(time - px * this.scale.msPerPx);
    // At an end the view stops with the playhead.
    this.scale = panBy(this.scale, (time - kept) / this.scale.msPerPx);
    return kept;
  }

  #interrupt(): void {
    this.#isRestOwed = this.stop();
  }

  #panWithin(px: number): void {
    this.scale = within(panBy(this.scale, px), this.#limits());
  }

  #kept(time: number): number {
    const { start, end } = this.#limits();
    return Math.min(Math.max(time, start), end);
  }
}
