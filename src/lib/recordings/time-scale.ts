import type { Span } from './spans.ts';

/** What part of time is on the screen: epoch ms at the left edge, how much time a CSS pixel is, and how many there are. */
export interface TimeScale {
  readonly start: number;
  readonly msPerPx: number;
  readonly width: number;
}

/** The least and the most time that can be seen at once, ms. */
export const closestMs = 5_000;
export const farthestMs = 92 * 86_400_000;

/** The scale on which `span` fills `width` pixels. */
export function scaleOf({ start, end }: Span, width: number): TimeScale {
  return { start, msPerPx: (end - start) / Math.max(1, width), width };
}

/** Where `time` is drawn, px from the left edge; outside of the scale when it cannot be seen. */
export function xOf(scale: TimeScale, time: number): number {
  return (time - scale.start) / scale.msPerPx;
}

/** Which time is drawn at `x`. Not rounded. */
export function timeOf(scale: TimeScale, x: number): number {
  return scale.start + x * scale.msPerPx;
}

/** The time that can be seen. */
export function windowOf({ start, msPerPx, width }: TimeScale): Span {
  return { start, end: start + msPerPx * width };
}

/** The time in the middle. */
export function centreOf(scale: TimeScale): number {
  return timeOf(scale, scale.width / 2);
}

/** Zooms by `factor` (above 1: closer) so that the time under `x` stays where it is, as far as the limits let it. */
export function zoomAround(scale: TimeScale, x: number, factor: number): TimeScale {
  const msPerPx = inZoomRange(scale.msPerPx / factor, scale.width);
  return { ...scale, msPerPx, start: timeOf(scale, x) - x * msPerPx };
}

/** Moves what is seen as if dragged by `px`: to the right shows older times. */
export function panBy(scale: TimeScale, px: number): TimeScale {
  return { ...scale, start: scale.start - px * scale.msPerPx };
}

/** The same zoom with `time` in the middle. */
export function centredOn(scale: TimeScale, time: number): TimeScale {
  return { ...scale, start: time - (scale.width / 2) * scale.msPerPx };
}

/** The same scale after the element has become `width` wide: the time in the middle stays, and so does the zoom. */
export function resized(scale: TimeScale, width: number): TimeScale {
  const middle = centreOf(scale);
  const msPerPx = inZoomRange(scale.msPerPx, width);
  return { width, msPerPx, start: middle - (width / 2) * msPerPx };
}

/** Keeps the middle of the view within `limits`, so that one cannot get lost before or behind all recordings. */
export function within(scale: TimeScale, limits: Span): TimeScale {
  const middle = centreOf(scale);
  const kept = Math.min(Math.max(middle, limits.start), limits.end);
  return kept === middle ? scale : centredOn(scale, kept);
}

/** Time between two pictures of a pinch: the times under both fingers stay under them. */
export function pinched(
  scale: TimeScale,
  before: readonly [number, number],
  after: readonly [number, number],
): TimeScale {
  const grip = Math.max(8, Math.abs(before[1] - before[0]));
  const factor = Math.max(8, Math.abs(after[1] - after[0])) / grip;
  const middle = (before[0] + before[1]) / 2;
  return panBy(zoomAround(scale, middle, factor), (after[0] + after[1]) / 2 - middle);
}

/**
 * The zoom factor of a turn of the wheel. `deltaY` in its `deltaMode` (0 pixels, 1 lines, 2 pages), as browsers report
 * it; a usual notch of 100 px is a fifth closer or farther. Bounded, because free-spinning wheels send thousands.
 */
export function wheelFactor(deltaY: number, deltaMode: number): number {
  const px = deltaY * (deltaMode === 1 ? 16 : deltaMode === 2 ? 400 : 1);
  return Math.exp(-Math.min(300, Math.max(-300, px)) * 0.0022);
}

function inZoomRange(msPerPx: number, width: number): number {
  const px = Math.max(1, width);
  return Math.min(farthestMs / px, Math.max(closestMs / px, msPerPx));
}
