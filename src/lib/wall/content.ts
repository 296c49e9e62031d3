import type { Layout, WallContent } from '#contract/wall.ts';
import { type Rearranged, withOneMore, withoutTile } from './free-grid.ts';
import { presets, smallestFor } from './layouts.ts';

/** A camera's place on a wall: an id, or nothing. */
export type Slot = string | null;

/** A wall with nothing on it. */
export const blank: WallContent = { layout: presets['16'], cameraIds: presets['16'].cells.map(() => null) };

/** Puts a camera on a tile in place of what was there; `null` clears it. An index that is not there changes nothing. */
export function place(content: WallContent, index: number, cameraId: Slot): WallContent {
  if (index < 0 || index >= content.cameraIds.length || content.cameraIds[index] === cameraId) return content;
  return { ...content, cameraIds: content.cameraIds.with(index, cameraId) };
}

/** Exchanges what two tiles show. */
export function swap(content: WallContent, a: number, b: number): WallContent {
  const [first, second] = [content.cameraIds[a], content.cameraIds[b]];
  if (a === b || first === undefined || second === undefined) return content;
  return { ...content, cameraIds: content.cameraIds.with(a, second).with(b, first) };
}

/** Puts cameras on the wall from tile `from` on, one each, as many as there is room for. */
export function fill(content: WallContent, from: number, cameraIds: readonly string[]): WallContent {
  const filled = content.cameraIds.map((was, index) =>
    index < from ? was : (cameraIds[index - from] ?? was),
  );
  return { ...content, cameraIds: filled };
}

/** A wall of exactly these cameras in the smallest even layout that has room for them. */
export function wallOf(cameraIds: readonly string[]): WallContent {
  const layout = smallestFor(cameraIds.length);
  return { layout, cameraIds: layout.cells.map((_, index) => cameraIds[index] ?? null) };
}

/** A wall in another layout, and the cameras that found no room in it. */
export interface Relaid {
  readonly content: WallContent;
  /** Waiting for a larger layout, in order; never saved. */
  readonly parked: readonly string[];
}

/**
 * The same cameras in another layout. Tiles keep their cameras in order; cameras beyond the last tile first fill
 * empty tiles, then wait, and come back as soon as a layout has room again.
 */
export function relaid(content: WallContent, layout: Layout, parked: readonly string[] = []): Relaid {
  const slots: Slot[] = layout.cells.map((_, index) => content.cameraIds[index] ?? null);
  const beyond = content.cameraIds.slice(slots.length).filter((id) => id !== null);
  const waiting = [...beyond, ...parked];
  // What is waiting from before may only enter tiles that are new: tiles cleared on purpose stay clear.
  const firstNew = content.cameraIds.length;
  const cameraIds = slots.map((slot, index) => {
    if (slot !== null || (beyond.length === 0 && index < firstNew)) return slot;
    return waiting.shift() ?? null;
  });
  return { content: { layout, cameraIds }, parked: waiting };
}

/** The cameras of a wall after its tiles were rearranged; those of tiles that had to leave go with them. */
export function following(content: WallContent, { layout, kept }: Rearranged): WallContent {
  return { layout, cameraIds: kept.map((index) => content.cameraIds[index] ?? null) };
}

/** One more, empty tile in the largest gap; the same wall when there is no room. */
export function withTile(content: WallContent): WallContent {
  const layout = withOneMore(content.layout);
  return layout ? { layout, cameraIds: [...content.cameraIds, null] } : content;
}

/** The wall without tile `index`. */
export function minusTile(content: WallContent, index: number): WallContent {
  const layout = withoutTile(content.layout, index);
  if (layout === content.layout) return content;
  return { layout, cameraIds: content.cameraIds.filter((_, i) => i !== index) };
}

/** Whether two walls show the same in the same places. */
export function isSame(a: WallContent, b: WallContent): boolean {
  return (
    a === b ||
    (a.layout.columns === b.layout.columns &&
      a.layout.rows === b.layout.rows &&
      a.layout.cells.length === b.layout.cells.length &&
      a.cameraIds.every((id, index) => id === b.cameraIds[index]) &&
      a.layout.cells.every((cell, index) => {
        const other = b.layout.cells[index];
        return (
          other?.column === cell.column &&
          other.row === cell.row &&
          other.columns === cell.columns &&
          other.rows === cell.rows
        );
      }))
  );
}

/**
 * A name for each tile that moves with its camera, so that a picture that changes its place goes on playing.
 * A camera that is on the wall twice is told apart by how many came before it.
 */
export function tileKeys(content: WallContent): string[] {
  const seen = new Map<string, number>();
  return content.cameraIds.map((id, index) => {
    if (id === null) return `empty ${index}`;
    const count = seen.get(id) ?? 0;
    seen.set(id, count + 1);
    return `${id} ${count}`;
  });
}
