import { on } from 'svelte/events';
import { rowAt, rulerHeight } from './timeline-drawing.ts';
import { wheelFactor, xOf } from './time-scale.ts';
import type { Carry, TimelineView } from './timeline-view.svelte.ts';

/** What hands need to know of the timeline, and what they do to it. */
export interface TimelineHandsOptions {
  readonly view: () => TimelineView;
  readonly time: () => number;
  readonly isPlaying: () => boolean;
  readonly rowCount: () => number;
  readonly height: () => number;
  readonly onscrub: (time: number, phase: 'move' | 'end') => void;
  /** A click on a row, or on none of them. */
  readonly onrow: (row: number | undefined) => void;
}

/** A drag begins here; below it is a click, px. */
const clickPx = 4;
const linePx = 16;

type Grip =
  | {
      readonly kind: 'track';
      readonly id: number;
      readonly startX: number;
      /** It stopped a throw: that is all a touch without a drag does then. */
      readonly hasCaught: boolean;
      x: number;
      hasMoved: boolean;
    }
  | { readonly kind: 'ruler'; readonly id: number }
  | {
      readonly kind: 'pinch';
      readonly ids: readonly [number, number];
      places: readonly [number, number];
      /** Time was being moved before the second finger came. */
      readonly isMoving: boolean;
    };

/** Pointers, fingers and wheels on the timeline's rows and ruler. */
export class TimelineHands {
  readonly #options: TimelineHandsOptions;
  #grip: Grip | undefined;
  #isGlideAsked = false;
  /** Where time was moved to last, while it is still in these hands. */
  #carriedTo: number | undefined;

  /** Whether a hand moves time now. */
  isDragging = $state(false);
  /** Where a pointer is that touches nothing; px. */
  hover: { readonly x: number; readonly row: number | undefined } | undefined = $state.raw();

  constructor(options: TimelineHandsOptions) {
    this.#options = options;
  }

  get #view(): TimelineView {
    return this.#options.view();
  }

  /** Listens to everything hands do on `element`. An attachment. */
  readonly feel = (element: HTMLElement): (() => void) => {
    const offs = [
      on(element, 'pointerdown', (event) => this.#down(event, element)),
      on(element, 'pointermove', (event) => this.#move(event, element)),
      on(element, 'pointerup', (event) => this.#up(event, element)),
      on(element, 'pointercancel', (event) => this.#up(event, element)),
      on(element, 'pointerleave', () => (this.hover = undefined)),
      // Not passive: the page must neither scroll nor zoom under the timeline.
      on(element, 'wheel', (event) => this.#wheel(event, element), { passive: false }),
    ];
    return () => {
      for (const off of offs) off();
    };
  };

  /** Lets a zoom or a throw go on by itself, picture by picture, until it is through. */
  glide(): void {
    if (this.#isGlideAsked) return;
    this.#isGlideAsked = true;
    requestAnimationFrame(() => {
      this.#isGlideAsked = false;
      const { isPlaying, time } = this.#options;
      // Somebody plays, or went elsewhere: a throw must not take time back.
      if (isPlaying() || (this.#carriedTo !== undefined && time() !== this.#carriedTo)) this.#view.letGo();
      this.#carry(this.#view.glide(this.#options.time()));
      if (this.#view.isGliding) this.glide();
    });
  }

  #carry(what: Carry | undefined): void {
    if (!what) return;
    this.#options.onscrub(what.time, what.kind === 'rest' ? 'end' : 'move');
    this.#carriedTo = what.kind === 'rest' ? undefined : this.#options.time();
  }

  /** Time was moved, and rests where it is. */
  #rest(): void {
    this.#carry({ kind: 'rest', time: this.#options.time() });
  }

  #rowAt(event: PointerEvent, element: HTMLElement): number | undefined {
    return rowAt(yIn(event, element), this.#options.rowCount(), this.#options.height());
  }

  #down(event: PointerEvent, element: HTMLElement): void {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    const x = xIn(event, element);
    if (this.#grip?.kind === 'track' && event.pointerType === 'touch') {
      const { id, x: before, hasMoved, hasCaught } = this.#grip;
      const isMoving = hasMoved || hasCaught;
      this.#grip = { kind: 'pinch', ids: [id, event.pointerId], places: [before, x], isMoving };
      return;
    }
    if (this.#grip) return;
    this.isDragging = true;
    if (yIn(event, element) < rulerHeight) {
      this.#grip = { kind: 'ruler', id: event.pointerId };
      this.#view.stop();
      this.#options.onscrub(this.#view.timeAt(x), 'move');
    } else {
      const hasCaught = this.#view.isFlung;
      this.#grip = { kind: 'track', id: event.pointerId, startX: x, x, hasMoved: false, hasCaught };
      this.#view.grab(x);
    }
  }

  #move(event: PointerEvent, element: HTMLElement): void {
    const x = xIn(event, element);
    if (event.pointerType !== 'touch') this.hover = { x, row: this.#rowAt(event, element) };
    const grip = this.#grip;
    const view = this.#view;
    if (grip?.kind === 'pinch') {
      const at = grip.ids.indexOf(event.pointerId);
      if (at < 0) return;
      const after = grip.places.with(at, x) as unknown as readonly [number, number];
      view.pinch(grip.places, after);
      grip.places = after;
    } else if (grip?.kind === 'ruler' && grip.id === event.pointerId) {
      this.#options.onscrub(view.timeAt(x), 'move');
    } else if (grip?.kind === 'track' && grip.id === event.pointerId) {
      const time = this.#options.time();
      if (!grip.hasMoved && Math.abs(x - grip.startX) < clickPx) return;
      if (!grip.hasMoved) view.reveal(time);
      grip.hasMoved = true;
      const before = grip.x;
      grip.x = x;
      this.#carry(view.drag(before, x, time));
    }
  }

  #up(event: PointerEvent, element: HTMLElement): void {
    const grip = this.#grip;
    if (!grip) return;
    if (grip.kind === 'pinch' ? !grip.ids.includes(event.pointerId) : grip.id !== event.pointerId) return;
    this.#grip = undefined;
    this.isDragging = false;
    const { onscrub, onrow, time } = this.#options;
    const x = xIn(event, element);
    const isCancelled = event.type === 'pointercancel';
    if (grip.kind === 'pinch') {
      if (grip.isMoving) this.#rest();
    } else if (grip.kind === 'ruler') onscrub(isCancelled ? time() : this.#view.timeAt(x), 'end');
    else if (grip.hasMoved && !isCancelled) {
      this.#carry(this.#view.release(time()));
      this.glide();
    } else if (grip.hasMoved || grip.hasCaught) this.#rest();
    else if (!isCancelled) {
      onrow(this.#rowAt(event, element));
      onscrub(this.#view.timeAt(x), 'end');
    }
  }

  #wheel(event: WheelEvent, element: HTMLElement): void {
    event.preventDefault();
    const isPlaying = this.#options.isPlaying();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const px = (event.deltaX || event.deltaY) * (event.deltaMode === 1 ? linePx : 1);
      if (!isPlaying) this.#view.pan(-px);
      return;
    }
    // While time flows the playhead is what one looks at; else the moment under the pointer.
    const x = isPlaying ? xOf(this.#view.scale, this.#options.time()) : xIn(event, element);
    // Pinching a touchpad arrives as a wheel with Ctrl held and small numbers.
    this.#view.zoom(x, wheelFactor(event.deltaY * (event.ctrlKey ? 5 : 1), event.deltaMode));
    this.glide();
  }
}

function xIn(event: MouseEvent, element: HTMLElement): number {
  return event.clientX - element.getBoundingClientRect().left;
}
function yIn(event: MouseEvent, element: HTMLElement): number {
  return event.clientY - element.getBoundingClientRect().top;
}
