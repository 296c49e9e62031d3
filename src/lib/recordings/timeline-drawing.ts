import type { Ruler } from './ruler.ts';
import type { CameraPast } from './span-cache.ts';
import { firstEndingAfter, type Span } from './spans.ts';
import type { Inks } from './timeline-inks.ts';
import { type TimeScale, windowOf, xOf } from './time-scale.ts';

/** Something that people put on the timeline. */
export type TimelineMark =
  | { readonly kind: 'bookmark'; readonly cameraIds: readonly string[]; readonly at: number }
  | {
      readonly kind: 'lock';
      readonly cameraIds: readonly string[];
      readonly start: number;
      readonly end: number;
    };

/** One band of the timeline: a camera, or all of them together. */
export interface TimelineRow {
  readonly key: string;
  readonly past: CameraPast;
  readonly marks: readonly TimelineMark[];
  readonly isSelected: boolean;
}

/** Everything that is to be seen. Lengths are CSS pixels. */
export interface TimelineScene {
  readonly scale: TimeScale;
  readonly height: number;
  readonly ruler: Ruler;
  readonly rows: readonly TimelineRow[];
  /** Where the playhead is; undefined: it is not shown. */
  readonly playhead: number | undefined;
  readonly hover: number | undefined;
  /** The live edge. Behind it there is nothing yet. */
  readonly now: number;
  readonly loop: Span | undefined;
  /** Device pixels in a CSS pixel. */
  readonly density: number;
  readonly inks: Inks;
  readonly font: string;
}

/** How high the ruler is, px. */
export const rulerHeight = 26;
const rowGap = 2;

/** The top and height of row `index` of `count` in `height` px. */
export function rowPlace(index: number, count: number, height: number): { top: number; height: number } {
  const each = (height - rulerHeight - rowGap) / Math.max(1, count);
  const top = Math.round(rulerHeight + index * each);
  return { top, height: Math.round(rulerHeight + (index + 1) * each) - top - rowGap };
}

/** The row under `y`; undefined over the ruler and below the last. */
export function rowAt(y: number, count: number, height: number): number | undefined {
  if (y < rulerHeight) return undefined;
  const index = Math.floor((y - rulerHeight) / ((height - rulerHeight - rowGap) / Math.max(1, count)));
  return index >= 0 && index < count ? index : undefined;
}

/** Draws the whole timeline. Edges lie on device pixels, so that nothing shimmers while time flows by. */
export function drawTimeline(brush: CanvasRenderingContext2D, scene: TimelineScene): void {
  const { scale, height, rows, density, inks } = scene;
  brush.setTransform(density, 0, 0, density, 0, 0);
  brush.fillStyle = inks.panel;
  brush.fillRect(0, 0, scale.width, height);
  const hatch = hatchOf(brush, inks, density);
  rows.forEach((row, index) => drawRow(brush, scene, row, rowPlace(index, rows.length, height), hatch));
  drawRuler(brush, scene);
  rows.forEach(({ marks }, index) => {
    const { top, height: rowHeight } = rowPlace(index, rows.length, height);
    for (const mark of marks) drawMark(brush, scene, mark, top, rowHeight);
  });
  drawLoop(brush, scene);
  drawNow(brush, scene);
  if (scene.hover !== undefined) drawHover(brush, scene, scene.hover);
  if (scene.playhead !== undefined) drawPlayhead(brush, scene, scene.playhead);
}

/** To the nearest device pixel. */
const snapped = (px: number, density: number): number => Math.round(px * density) / density;

function drawRow(
  brush: CanvasRenderingContext2D,
  scene: TimelineScene,
  { past, isSelected }: TimelineRow,
  { top, height }: { top: number; height: number },
  hatch: CanvasPattern | string,
): void {
  const { scale, inks, now, density } = scene;
  const nowX = Math.min(scale.width, Math.max(0, snapped(xOf(scale, now), density)));
  brush.fillStyle = inks.ground;
  brush.fillRect(0, top, nowX, height);
  brush.fillStyle = hatch;
  brush.fillRect(0, top, nowX, height);

  // What is not known must not look like a gap.
  fillSpans(brush, scene, past.unknown, inks.panel, top, height);
  // Motion is taller as well as brighter: it shows without any colour.
  const inset = Math.max(1, Math.round(height * (isSelected ? 0.16 : 0.22)));
  fillSpans(brush, scene, past.recorded, inks.recorded, top + inset, height - 2 * inset);
  const motionInset = Math.max(0, Math.round(inset * 0.4));
  fillSpans(brush, scene, past.motion, inks.motion, top + motionInset, height - 2 * motionInset);

  if (isSelected) {
    brush.fillStyle = inks.info;
    brush.fillRect(0, top, 2, height);
  }
}

/**
 * Spans as bars. Bars that fall onto the same device pixels become one: at ninety days, thousands of spans are
 * some hundred bars, and none is lost for being narrower than a pixel.
 */
function fillSpans(
  brush: CanvasRenderingContext2D,
  { scale, density }: TimelineScene,
  spans: readonly Span[],
  ink: string,
  top: number,
  height: number,
): void {
  if (spans.length === 0 || height <= 0) return;
  brush.fillStyle = ink;
  const { start, end } = windowOf(scale);
  const pixel = 1 / density;
  let from = 0;
  let to = -1;
  for (let i = firstEndingAfter(spans, start); i < spans.length; i++) {
    const span = spans[i];
    if (!span || span.start >= end) break;
    const left = Math.max(0, Math.floor(xOf(scale, span.start) * density) / density);
    const right = Math.min(
      scale.width,
      Math.max(left + pixel, Math.round(xOf(scale, span.end) * density) / density),
    );
    if (left <= to) to = Math.max(to, right);
    else {
      if (to > from) brush.fillRect(from, top, to - from, height);
      from = left;
      to = right;
    }
  }
  if (to > from) brush.fillRect(from, top, to - from, height);
}

function drawMark(
  brush: CanvasRenderingContext2D,
  { scale, inks, density }: TimelineScene,
  mark: TimelineMark,
  top: number,
  height: number,
): void {
  brush.fillStyle = inks.text;
  brush.strokeStyle = inks.text;
  brush.lineWidth = 1.5;
  if (mark.kind === 'bookmark') {
    const x = snapped(xOf(scale, mark.at), density);
    if (x < -10 || x > scale.width) return;
    brush.fillRect(x, top, 1.5, height);
    brush.beginPath();
    brush.moveTo(x, top);
    brush.lineTo(x + 9, top + 4);
    brush.lineTo(x, top + 8);
    brush.fill();
    return;
  }
  const left = snapped(xOf(scale, mark.start), density);
  const right = snapped(xOf(scale, mark.end), density);
  if (right < 0 || left > scale.width) return;
  const foot = Math.min(5, height / 3);
  const bottom = top + height - 0.75;
  brush.beginPath();
  brush.moveTo(left + 0.75, bottom - foot);
  brush.lineTo(left + 0.75, bottom);
  brush.lineTo(right - 0.75, bottom);
  brush.lineTo(right - 0.75, bottom - foot);
  brush.stroke();
}

function drawRuler(brush: CanvasRenderingContext2D, scene: TimelineScene): void {
  const { scale, ruler, inks, density, font, height } = scene;
  brush.font = font;
  brush.textAlign = 'center';
  brush.textBaseline = 'middle';
  const hairline = 1 / density;
  for (const tick of ruler.ticks) {
    const x = snapped(tick.x, density);
    const isLabelled = tick.label !== undefined;
    brush.fillStyle = inks.line;
    if (isLabelled) brush.fillRect(x, rulerHeight - 6, hairline, height - rulerHeight + 6);
    else brush.fillRect(x, rulerHeight - 4, hairline, 4);
    if (tick.label === undefined) continue;
    brush.fillStyle = tick.isMajor ? inks.text : inks.textQuiet;
    brush.fillText(tick.label, tick.x, (rulerHeight - 6) / 2 + 1);
  }
  brush.fillStyle = inks.line;
  brush.fillRect(0, rulerHeight - hairline, scale.width, hairline);

  // Where clocks are changed time runs on, but the labels do not: a dashed line says why.
  for (const change of ruler.changes) {
    brush.save();
    brush.strokeStyle = inks.text;
    brush.lineWidth = 1;
    brush.setLineDash([3, 3]);
    const x = snapped(change.x, density) + 0.5;
    brush.beginPath();
    brush.moveTo(x, rulerHeight - 8);
    brush.lineTo(x, height);
    brush.stroke();
    brush.restore();
  }
}

function drawLoop(
  brush: CanvasRenderingContext2D,
  { scale, loop, inks, height, density }: TimelineScene,
): void {
  if (!loop) return;
  const left = snapped(xOf(scale, loop.start), density);
  const right = snapped(xOf(scale, loop.end), density);
  brush.fillStyle = inks.infoWash;
  brush.fillRect(left, rulerHeight, right - left, height - rulerHeight);
  brush.fillStyle = inks.info;
  for (const [edge, side] of [
    [left, 1],
    [right, -1],
  ] as const) {
    brush.fillRect(edge, rulerHeight - 8, 1.5 * side, height - rulerHeight + 8);
    brush.fillRect(edge, rulerHeight - 8, 6 * side, 1.5);
  }
}

function drawNow(
  brush: CanvasRenderingContext2D,
  { scale, now, inks, height, density }: TimelineScene,
): void {
  const x = snapped(xOf(scale, now), density);
  if (x < 0 || x > scale.width) return;
  brush.fillStyle = inks.text;
  brush.fillRect(x, rulerHeight - 6, 1.5, height - rulerHeight + 6);
}

function drawHover(
  brush: CanvasRenderingContext2D,
  { scale, inks, height, density }: TimelineScene,
  hover: number,
): void {
  brush.fillStyle = inks.textQuiet;
  brush.fillRect(snapped(xOf(scale, hover), density), rulerHeight - 6, 1 / density, height - rulerHeight + 6);
}

function drawPlayhead(
  brush: CanvasRenderingContext2D,
  { scale, inks, height, density }: TimelineScene,
  playhead: number,
): void {
  const x = snapped(xOf(scale, playhead), density);
  if (x < -6 || x > scale.width + 6) return;
  brush.fillStyle = inks.info;
  brush.fillRect(x - 1, rulerHeight - 8, 2, height - rulerHeight + 8);
  brush.beginPath();
  brush.moveTo(x - 6, rulerHeight - 14);
  brush.lineTo(x + 6, rulerHeight - 14);
  brush.lineTo(x + 6, rulerHeight - 9);
  brush.lineTo(x, rulerHeight - 3);
  brush.lineTo(x - 6, rulerHeight - 9);
  brush.fill();
}

interface Hatch {
  readonly key: string;
  readonly pattern: CanvasPattern;
}
const hatches = new WeakMap<CanvasRenderingContext2D, Hatch>();

/** Thin slanted lines. Fixed to the screen, so that it is quiet while time moves over it. */
function hatchOf(brush: CanvasRenderingContext2D, inks: Inks, density: number): CanvasPattern | string {
  const key = `${inks.hatch} ${inks.ground} ${density}`;
  const known = hatches.get(brush);
  if (known?.key === key) return known.pattern;
  const size = 6;
  const cell = document.createElement('canvas');
  cell.width = cell.height = Math.round(size * density);
  const pen = cell.getContext('2d');
  if (!pen) return 'transparent';
  pen.scale(cell.width / size, cell.height / size);
  pen.strokeStyle = inks.hatch;
  pen.lineWidth = 0.75;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 1, size + 1);
    pen.lineTo(shift + size + 1, -1);
  }
  pen.stroke();
  const pattern = brush.createPattern(cell, 'repeat');
  if (!pattern) return 'transparent';
  pattern.setTransform(new DOMMatrix().scale(1 / density));
  hatches.set(brush, { key, pattern });
  return pattern;
}
