import { SvelteMap } from 'svelte/reactivity';
import type { Camera } from '#contract/camera.ts';
import type { Cell, Wall, WallContent } from '#contract/wall.ts';
import * as contents from './content.ts';
import { rearranged, refined, resized } from './free-grid.ts';
import { begin, type History, record, redo, undo } from './history.ts';
import type { Showing, WallKept } from './keepsake.ts';
import { presets, type PresetName } from './layouts.ts';
import { type Direction, neighbour } from './neighbour.ts';

/** Where cameras are looked up. */
export interface CameraBook {
  byId(id: string): Camera | undefined;
  byNumber(number: number): Camera | undefined;
}

/** Cells by which the arrow keys move a tile or its edge. */
const step = 1;

/** The wall as somebody works on it: what is shown, what is selected, and everything that can be undone. */
export class WallDesk {
  readonly #cameras: CameraBook;
  #history = $state.raw<History<Showing>>(begin({ content: contents.blank, parked: [], wallId: undefined }));
  /** The saved walls that were opened here, as they were when last read or saved. */
  readonly #bases = new SvelteMap<string, Wall>();

  /** The tile that keys act on. */
  selected = $state(0);
  /** The tile that fills the wall, if one does. */
  full = $state<number | undefined>();
  isArranging = $state(false);
  /** Whether it is told, beside the wall, why the selected tile is as it is. */
  isWhyOpen = $state(false);
  /** Digits typed so far towards a camera number. */
  digits = $state('');
  /** Whether something was opened at all; until then the wall is waiting, not empty. */
  isOpen = $state(false);
  /** A layout that is only tried out while the pointer drags. */
  preview = $state.raw<WallContent | undefined>();

  readonly #showing = $derived(this.#history.present);
  readonly content: WallContent = $derived(this.preview ?? this.#showing.content);
  readonly keys: readonly string[] = $derived(contents.tileKeys(this.content));
  readonly wall: Wall | undefined = $derived(
    this.#showing.wallId === undefined ? undefined : this.#bases.get(this.#showing.wallId),
  );
  /** Whether saving would change something. */
  readonly isDirty: boolean = $derived(
    this.isOpen && (this.wall === undefined || !contents.isSame(this.#showing.content, this.wall.content)),
  );
  readonly canUndo: boolean = $derived(this.#history.past.length > 0);
  readonly canRedo: boolean = $derived(this.#history.future.length > 0);

  constructor(cameras: CameraBook) {
    this.#cameras = cameras;
  }

  /** What is to be saved: never what is only being tried out. */
  get settled(): WallContent {
    return this.#showing.content;
  }

  /** The camera on a tile; undefined for empty tiles and cameras this person may not see. */
  cameraAt(index: number): Camera | undefined {
    const id = this.content.cameraIds[index];
    return typeof id === 'string' ? this.#cameras.byId(id) : undefined;
  }

  /** The camera with a number; undefined when there is none that this person may see. */
  cameraNumbered(number: number): Camera | undefined {
    return this.#cameras.byNumber(number);
  }

  // What is shown

  /** Shows a saved wall as it is. */
  open(wall: Wall): void {
    this.know(wall);
    this.#show({ content: wall.content, parked: [], wallId: wall.id });
  }

  /** Shows cameras that are not a saved wall. */
  openUnsaved(content: WallContent): void {
    this.#show({ content, parked: [], wallId: undefined });
  }

  /** All that is needed to go on in another page. */
  get kept(): WallKept {
    const { past, present, future } = this.#history;
    return {
      history: { past: [...past], present, future: [...future] },
      selected: this.selected,
      full: this.full,
      isWhyOpen: this.isWhyOpen,
    };
  }

  /** Goes on where another page left off; `wall` is the saved one that was shown, as it is now. */
  restore({ history, selected, full, isWhyOpen = false }: WallKept, wall: Wall | undefined): void {
    if (wall) this.know(wall);
    this.#history = history;
    this.isOpen = true;
    this.selected = selected;
    this.full = full;
    this.isWhyOpen = isWhyOpen;
    this.#settle();
  }

  /** Remembers how a wall is on the server now, without showing it: it was saved from here, or read. */
  know(wall: Wall): void {
    this.#bases.set(wall.id, wall);
  }

  /** What is shown is from now on that saved wall: it was just saved under that name. */
  becomes(wall: Wall): void {
    this.know(wall);
    this.#history = { ...this.#history, present: { ...this.#showing, wallId: wall.id } };
  }

  /** Somebody else saved the wall that is shown, and nothing was changed here: shows theirs, as if opened so. */
  follow(wall: Wall): void {
    this.know(wall);
    this.#history = { ...this.#history, present: { content: wall.content, parked: [], wallId: wall.id } };
    this.#settle();
  }

  /** A saved wall no longer exists: what is shown of it stays, unsaved. */
  forget(wallId: string): void {
    this.#bases.delete(wallId);
  }

  #show(showing: Showing): void {
    // The first wall of the page is where its history begins: there is nothing to go back to.
    this.#history = this.isOpen ? record(this.#history, showing) : begin(showing);
    this.isOpen = true;
    this.full = undefined;
    this.isArranging = false;
    this.#settle();
  }

  /** One step back. */
  undo(): void {
    this.#history = undo(this.#history);
    this.#settle();
  }

  /** One step forward again. */
  redo(): void {
    this.#history = redo(this.#history);
    this.#settle();
  }

  #change(content: WallContent, parked = this.#showing.parked): void {
    if (content === this.#showing.content) return;
    this.#history = record(this.#history, { ...this.#showing, content, parked });
    this.#settle();
  }

  /** After any change: nothing may point at tiles that are gone. */
  #settle(): void {
    this.preview = undefined;
    const last = this.#showing.content.layout.cells.length - 1;
    if (this.selected > last) this.selected = last;
    if (this.full !== undefined && this.full > last) this.full = undefined;
  }

  // Tiles and cameras

  setLayout(name: PresetName): void {
    const { content, parked } = contents.relaid(this.#showing.content, presets[name], this.#showing.parked);
    this.#change(content, parked);
    this.isArranging = false;
    this.full = undefined;
  }

  place(index: number, cameraId: string | null): void {
    this.#change(contents.place(this.#showing.content, index, cameraId));
  }

  swap(a: number, b: number): void {
    this.#change(contents.swap(this.#showing.content, a, b));
  }

  /** Puts cameras on the wall from a tile on. */
  fill(from: number, cameraIds: readonly string[]): void {
    this.#change(contents.fill(this.#showing.content, from, cameraIds));
  }

  clear(index: number): void {
    this.place(index, null);
  }

  /** Puts the camera with the number that was typed on the selected tile. Gives it, or undefined when there is none. */
  call(number: number): Camera | undefined {
    this.digits = '';
    const camera = this.#cameras.byNumber(number);
    if (camera) this.place(this.selected, camera.id);
    return camera;
  }

  // Selection

  select(direction: Direction): void {
    this.selected = neighbour(this.content.layout, this.selected, direction);
    if (this.full !== undefined) this.full = this.selected;
  }

  selectEnd(end: 'first' | 'last'): void {
    this.selected = end === 'first' ? 0 : this.content.layout.cells.length - 1;
    if (this.full !== undefined) this.full = this.selected;
  }

  /** Takes the selected camera along to the tile beside. */
  carry(direction: Direction): void {
    const to = neighbour(this.content.layout, this.selected, direction);
    this.swap(this.selected, to);
    this.selected = to;
  }

  toggleFull(index = this.selected): void {
    this.selected = index;
    this.full = this.full === undefined ? index : undefined;
  }

  // Arranging

  toggleArranging(): void {
    this.isArranging = !this.isArranging;
    this.full = undefined;
    this.preview = undefined;
  }

  /** The wall on a grid fine enough to be arranged. */
  get arrangeable(): WallContent {
    const { content } = this.#showing;
    return content.layout.name === 'free' ? content : { ...content, layout: refined(content.layout) };
  }

  /** Shows what the wall would be with tile `index` at `cell`, until {@link settlePreview} or any change. */
  try(index: number, cell: Cell): void {
    const { layout } = this.arrangeable;
    this.preview = contents.following(this.arrangeable, rearranged(layout, index, cell));
  }

  /** Makes what was tried out the wall. */
  settlePreview(): void {
    if (this.preview) this.#change(this.preview);
  }

  /** Moves the selected tile on the free grid. */
  moveTile(direction: Direction): void {
    const [columns, rows] = towards(direction);
    this.#arrange((cell) => ({ ...cell, column: cell.column + columns, row: cell.row + rows }));
  }

  /** Moves the end or bottom edge of the selected tile. */
  resizeTile(direction: Direction): void {
    const [columns, rows] = towards(direction);
    const { layout } = this.arrangeable;
    this.#arrange((cell) => resized(cell, { across: 1, down: 1 }, columns, rows, layout));
  }

  #arrange(change: (cell: Cell) => Cell): void {
    const { layout } = this.arrangeable;
    const cell = layout.cells[this.selected];
    if (!cell) return;
    const index = this.selected;
    const result = rearranged(layout, index, change(cell));
    this.#change(contents.following(this.arrangeable, result));
    this.selected = Math.max(0, result.kept.indexOf(index));
  }

  /** Adds an empty tile into the largest gap and selects it. False when there is no room. */
  addTile(): boolean {
    const before = this.#showing.content;
    this.#change(contents.withTile(before));
    if (this.#showing.content === before) return false;
    this.selected = this.content.layout.cells.length - 1;
    return true;
  }

  removeTile(index = this.selected): void {
    this.#change(contents.minusTile(this.#showing.content, index));
  }
}

function towards(direction: Direction): [columns: number, rows: number] {
  switch (direction) {
    case 'start':
      return [-step, 0];
    case 'end':
      return [step, 0];
    case 'up':
      return [0, -step];
    case 'down':
      return [0, step];
  }
}
