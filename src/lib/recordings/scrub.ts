import { type Span, spanAt } from './spans.ts';

/*
 * Which previews to want while somebody drags over the timeline: pure arithmetic; who fetches and decodes them does as
 * it says.
 */

/**
 * How far apart previews are at this zoom, ms: no two pixels need two pictures, no two pictures within a second. Never so far
 * that one shows another time than the hand points at: seen from a month's height a pixel is half an hour, and the picture of
 * that pixel is still wanted.
 */
export function slotMs(msPerPx: number): number {
  const wanted = msPerPx * 2;
  return [1000, 2000, 5000].find((slot) => slot >= wanted) ?? 10_000;
}

/** The moment that stands for all of its slot: its begin, or the begin of the recording within it. */
export function slotOf(time: number, slot: number, spans: readonly Span[] | undefined): number {
  const begin = Math.floor(time / slot) * slot;
  const span = spans && spanAt(spans, time);
  return span ? Math.max(begin, span.start) : begin;
}

/**
 * The moment whose keyframe is shown while a hand is at `time`: the one that stands for its slot, so that moments close
 * together share a picture; where a pixel is longer than a slot it is the moment itself, which is right for a hand at rest too.
 */
export function previewMoment(time: number, msPerPx: number, spans: readonly Span[] | undefined): number {
  const slot = slotMs(msPerPx);
  return msPerPx >= slot ? Math.floor(time) : slotOf(time, slot, spans);
}

export interface ScrubCamera {
  readonly cameraId: string;
  /** What is recorded; undefined while that is not known: then every moment is worth asking for. */
  readonly spans: readonly Span[] | undefined;
}

/** A preview that would be good to have. */
export interface Wanted {
  readonly cameraId: string;
  /** Epoch ms. */
  readonly at: number;
}

export interface ScrubPlan {
  /** The camera that is looked at first; then in the order of the tiles. */
  readonly cameras: readonly ScrubCamera[];
  readonly time: number;
  readonly msPerPx: number;
  /** Where the drag is going; 0 at rest: then both sides are as likely. */
  readonly direction: -1 | 0 | 1;
  /** How far the hand goes at a time, ms; 0 where that is not known. */
  readonly strideMs?: number;
  /** How many strides to look ahead. */
  readonly ahead: number;
}

/**
 * The previews to want now, most wanted first: for every camera the one under the pointer, and only then what will be
 * under it next. Where nothing is recorded, nothing is wanted.
 */
export function previewsFor({ cameras, time, msPerPx, direction, strideMs = 0, ahead }: ScrubPlan): Wanted[] {
  const slot = slotMs(msPerPx);
  const stride = Math.max(slot, strideMs === 0 ? msPerPx * 2 : strideMs);
  const steps = [0];
  for (let i = 1; i <= ahead; i++) steps.push(...(direction === 0 ? [i, -i] : [i * direction]));
  const wanted = new Map<string, Wanted>();
  for (const step of steps)
    for (const { cameraId, spans } of cameras) {
      const moment = time + step * stride;
      if (spans && !spanAt(spans, moment)) continue;
      const at = previewMoment(moment, msPerPx, spans);
      wanted.set(`${cameraId} ${at}`, { cameraId, at });
    }
  return [...wanted.values()];
}

/** A hand that goes further than this at a time has jumped, px. */
const jumpPx = 64;

/** Which way a drag goes: −1, 1, or 0 while it hardly moves. Follows a turn at once. */
export class DragDirection {
  #last: number | undefined;
  #direction: -1 | 0 | 1 = 0;
  #strideMs = 0;

  /** What `moved` gave last. */
  get direction(): -1 | 0 | 1 {
    return this.#direction;
  }
  /** How far it went when it moved last, ms; 0 while that says nothing of how it goes on. */
  get strideMs(): number {
    return this.#strideMs;
  }

  /** The drag is at `time` now. `msPerPx` tells trembling from moving. */
  moved(time: number, msPerPx: number): -1 | 0 | 1 {
    const way = time - (this.#last ?? time);
    if (this.#last === undefined || Math.abs(way) >= msPerPx) {
      this.#last = time;
      if (way !== 0) this.#direction = way < 0 ? -1 : 1;
      this.#strideMs = Math.abs(way) > jumpPx * msPerPx ? 0 : Math.abs(way);
    }
    return this.#direction;
  }
}
