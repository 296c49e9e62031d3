import { z } from 'zod';
import { CameraId } from './camera.ts';
import { Instant } from './instant.ts';

/** A rectangle of whole grid cells, origin at the top and the side where reading starts. */
export const Cell = z.object({
  column: z.int().min(0).max(23),
  row: z.int().min(0).max(23),
  columns: z.int().min(1).max(24),
  rows: z.int().min(1).max(24),
});
export type Cell = z.infer<typeof Cell>;

/** The layouts with a name. `free` is whatever the cells say. */
export const LayoutName = z.enum(['1', '4', '9', '16', '25', '36', '1+5', '1+7', 'free']);
export type LayoutName = z.infer<typeof LayoutName>;

const apart = (a: Cell, b: Cell): boolean =>
  a.column + a.columns <= b.column ||
  b.column + b.columns <= a.column ||
  a.row + a.rows <= b.row ||
  b.row + b.rows <= a.row;

/** Where the tiles are: a grid, and one rectangle for each tile. Rectangles stay inside and never overlap. */
export const Layout = z
  .object({
    name: LayoutName,
    columns: z.int().min(1).max(24),
    rows: z.int().min(1).max(24),
    cells: z.array(Cell).min(1).max(64),
  })
  .refine(
    (layout) =>
      layout.cells.every((c) => c.column + c.columns <= layout.columns && c.row + c.rows <= layout.rows),
    { message: 'has a tile outside the grid', path: ['cells'] },
  )
  .refine((layout) => layout.cells.every((a, i) => layout.cells.slice(i + 1).every((b) => apart(a, b))), {
    message: 'has tiles that overlap',
    path: ['cells'],
  });
export type Layout = z.infer<typeof Layout>;

/** What is shown: a layout, and for each of its cells, in order, a camera or nothing. */
export const WallContent = z
  .object({
    layout: Layout,
    cameraIds: z.array(CameraId.nullable()).max(64),
  })
  .refine((content) => content.cameraIds.length === content.layout.cells.length, {
    message: 'must name a camera, or null, for each cell of the layout',
    path: ['cameraIds'],
  });
export type WallContent = z.infer<typeof WallContent>;

export const WallName = z.string().trim().min(1).max(80);

/** A wall as somebody wants to save it. */
export const WallDraft = z.object({
  name: WallName,
  isShared: z.boolean(),
  content: WallContent,
});
export type WallDraft = z.infer<typeof WallDraft>;

/** A change to a saved wall; `version` is the one it was made from (409 `version-conflict` when it is no longer the newest). */
export const WallChange = WallDraft.extend({ version: z.int().positive() });
export type WallChange = z.infer<typeof WallChange>;

/** A saved wall. Cameras that this person may not see live are null in `content`. */
export const Wall = z.object({
  id: z.uuid(),
  name: WallName,
  isShared: z.boolean(),
  ownerName: z.string(),
  /** Whether this person may change or delete it: the owner and administrators may. */
  canEdit: z.boolean(),
  version: z.int().positive(),
  savedAt: Instant,
  content: WallContent,
});
export type Wall = z.output<typeof Wall>;
