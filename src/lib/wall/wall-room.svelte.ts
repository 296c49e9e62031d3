import { isolate, t } from '#lib/ui/words/words.svelte.ts';
import { notices } from '#lib/ui/notices.svelte.ts';
import { whyKey } from '#lib/ui/words/why.ts';
import type { CameraDirectory } from '#lib/cameras/directory.svelte.ts';
import type { News } from '#contract/news.ts';
import type { Wall, WallDraft } from '#contract/wall.ts';
import { isSame, wallOf } from './content.ts';
import { firstWall, fullWall } from './first-wall.ts';
import type { WallKept } from './keepsake.ts';
import { lastWallId, rememberWall } from './last-wall.ts';
import type { Pictures } from './pictures.svelte.ts';
import { type Saved, SavedWalls } from './saved-walls.svelte.ts';
import type { Supply } from './supply.ts';
import { WallDesk } from './wall-desk.svelte.ts';

/** What lies over the wall and wants an answer. */
export type Asking =
  | { readonly kind: 'save-as' | 'rename'; readonly suggestion: string }
  | { readonly kind: 'delete'; readonly wall: Wall }
  | { readonly kind: 'conflict'; readonly newer: Wall; readonly draft: WallDraft }
  | { readonly kind: 'keys' };

export interface WallRoomParts {
  readonly directory: CameraDirectory;
  readonly pictures: Pictures;
  readonly supply: Supply;
  /** Whose browser remembers the last wall. */
  readonly userId: string;
  /** The saved wall that the page's address asks for; comes before the last one used. */
  readonly wallId?: string | undefined;
  /** What the page before this one was showing; comes before everything. */
  readonly kept?: WallKept | undefined;
  /** Cameras that the page's address asks for, to be shown over whichever wall is first. */
  readonly cameraIds?: readonly string[] | undefined;
}

/** The wall, its saved versions, its pictures and the news about them, put together. For one component tree. */
export class WallRoom {
  readonly desk: WallDesk;
  readonly walls = new SavedWalls();
  readonly pictures: Pictures;
  readonly #supply: Supply;
  readonly #directory: CameraDirectory;
  readonly #userId: string;
  readonly #askedWallId: string | undefined;
  readonly #kept: WallKept | undefined;
  readonly #askedCameraIds: readonly string[];

  asking = $state.raw<Asking | undefined>();
  isSaving = $state(false);

  constructor({ directory, pictures, supply, userId, wallId, kept, cameraIds = [] }: WallRoomParts) {
    this.desk = new WallDesk(directory);
    this.pictures = pictures;
    this.#supply = supply;
    this.#directory = directory;
    this.#userId = userId;
    this.#askedWallId = wallId;
    this.#kept = kept;
    this.#askedCameraIds = cameraIds;
  }

  /** Opens the first wall of the page as soon as enough is known. Called whenever more is. */
  openFirst(): void {
    const { all, failure } = this.walls;
    if (this.desk.isOpen || !this.#directory.isKnown || (all === undefined && failure === null)) return;
    this.#openFirstOf(all);
    this.#showAsked();
  }

  #openFirstOf(all: readonly Wall[] | undefined): void {
    if (this.#kept) {
      const { wallId } = this.#kept.history.present;
      this.desk.restore(
        this.#kept,
        all?.find((wall) => wall.id === wallId),
      );
      return;
    }
    const asked = all?.find((wall) => wall.id === this.#askedWallId);
    if (this.#askedWallId !== undefined && all !== undefined && asked === undefined)
      notices.show(t('wall.no-such-wall'), { meaning: 'notice' });
    const wall = asked ?? firstWall(all ?? [], lastWallId(this.#userId));
    if (asked) rememberWall(this.#userId, asked.id);
    if (wall) this.desk.open(wall);
    else if (this.#directory.cameras.length > 0) this.desk.openUnsaved(fullWall(this.#directory.cameras));
  }

  /**
   * Shows the cameras that were asked for. A wall that has them all stays as it is: they are live on it. Any other one is a
   * step back in the history.
   */
  #showAsked(): void {
    const cameraIds = this.#askedCameraIds.filter((id) => this.#directory.byId(id) !== undefined);
    const [first] = cameraIds;
    if (first === undefined) return;
    const shown = this.desk.settled.cameraIds;
    if (cameraIds.every((id) => shown.includes(id))) {
      this.desk.selected = shown.indexOf(first);
      if (this.desk.full !== this.desk.selected) this.desk.full = undefined;
      return;
    }
    this.desk.openUnsaved(wallOf(cameraIds));
    this.desk.selected = 0;
    notices.show(t('wall.asked-shown'), { action: this.#undoing() });
  }

  /** Shows a saved wall. Unsaved work is a step back in the history. */
  open(wall: Wall): void {
    const hadWork = this.desk.isDirty && this.desk.settled.cameraIds.some((id) => id !== null);
    this.desk.open(wall);
    rememberWall(this.#userId, wall.id);
    if (hadWork) notices.show(t('wall.left-unsaved'), { meaning: 'notice', action: this.#undoing() });
  }

  #undoing() {
    return { words: t('app.undo'), run: () => this.desk.undo() };
  }

  /** Begins an empty wall. */
  openNew(): void {
    this.desk.openUnsaved({
      ...this.desk.settled,
      cameraIds: this.desk.settled.cameraIds.map(() => null),
    });
  }

  // Saving

  /** Saves the open wall; a wall that has no name yet, or is somebody else's, is saved under one. */
  async save(): Promise<void> {
    const { wall } = this.desk;
    if (!wall?.canEdit) {
      this.asking = { kind: 'save-as', suggestion: wall?.name ?? '' };
      return;
    }
    if (!this.desk.isDirty) return;
    const draft = { name: wall.name, isShared: wall.isShared, content: this.desk.settled };
    await this.#during(this.walls.change(wall.id, { ...draft, version: wall.version }), draft);
  }

  /** Saves what is shown as a new wall. */
  async saveAs(name: string, isShared: boolean): Promise<void> {
    this.asking = undefined;
    const draft = { name, isShared, content: this.desk.settled };
    await this.#during(this.walls.create(draft), draft);
  }

  /** Gives the open wall another name, or shares it. What is shown but not saved stays so. */
  async rename(name: string, isShared: boolean): Promise<void> {
    this.asking = undefined;
    const { wall } = this.desk;
    if (!wall) return;
    const draft = { name, isShared, content: wall.content };
    await this.#during(this.walls.change(wall.id, { ...draft, version: wall.version }), draft);
  }

  /** The answer to a conflict: what is shown here replaces what somebody else saved. */
  async overwrite(newer: Wall, draft: WallDraft): Promise<void> {
    this.asking = undefined;
    await this.#during(this.walls.overwrite(newer, draft), draft);
  }

  /** The other answer: what somebody else saved is shown. Undo brings back what was shown here. */
  load(newer: Wall): void {
    this.asking = undefined;
    this.desk.open(newer);
  }

  async #during(saving: Promise<Saved>, draft: WallDraft): Promise<void> {
    this.isSaving = true;
    const saved = await saving;
    this.isSaving = false;
    switch (saved.status) {
      case 'saved':
        // More may have been changed while it was on its way; that is then unsaved, as it should be.
        this.desk.becomes(saved.wall);
        rememberWall(this.#userId, saved.wall.id);
        notices.show(t('wall.saved', { name: isolate(saved.wall.name) }));
        return;
      case 'conflict':
        this.asking = { kind: 'conflict', newer: saved.newer, draft };
        return;
      case 'gone':
        this.#lose(this.desk.wall);
        return;
      case 'failed':
        notices.show(t('wall.save-failed', { why: t(whyKey(saved.error)) }), {
          meaning: 'alarm',
          action: { words: t('app.retry'), run: () => void this.save() },
        });
    }
  }

  async delete(wall: Wall): Promise<void> {
    this.asking = undefined;
    const name = isolate(wall.name);
    try {
      await this.walls.delete(wall.id);
      this.desk.forget(wall.id);
      notices.show(t('wall.deleted', { name }));
    } catch (error) {
      notices.show(t('wall.delete-failed', { name, why: t(whyKey(error)) }), { meaning: 'alarm' });
    }
  }

  // News

  /** Takes in what the server says has happened. */
  hear(news: News): void {
    this.walls.hear(news);
    switch (news.kind) {
      case 'hello':
        this.#supply.hurry();
        this.pictures.hurry();
        return;
      case 'camera':
        if (news.state === 'up') this.pictures.hurry(news.cameraId);
        return;
      case 'reservations-ended':
        this.#supply.ended(news.ids);
        return;
      case 'wall':
        void this.#hearOfWall(news);
        return;
      case 'directory':
      case 'export':
      case 'recordings':
      case 'signed-out':
    }
  }

  /** Somebody signed in again: whatever was refused for want of a session is asked for again. */
  resume(): void {
    this.#supply.hurry();
    this.pictures.hurry();
  }

  async #hearOfWall(news: Extract<News, { kind: 'wall' }>): Promise<void> {
    const { wall } = this.desk;
    if (wall?.id !== news.wallId) return;
    if (news.change === 'deleted') {
      this.#lose(wall);
      return;
    }
    if (news.version <= wall.version || this.isSaving) return;
    let newer: Wall;
    try {
      newer = await this.walls.read(wall.id);
    } catch {
      // News is a hint; saving will find out.
      return;
    }
    const isMine = newer.version <= (this.desk.wall?.version ?? 0);
    if (this.desk.wall?.id !== newer.id || isMine) return;
    if (this.desk.isDirty && !isSame(this.desk.settled, newer.content)) {
      notices.show(t('wall.newer', { name: isolate(newer.name) }), {
        meaning: 'notice',
        isLasting: true,
        action: { words: t('wall.newer-load'), run: () => this.load(newer) },
      });
      return;
    }
    this.desk.follow(newer);
    notices.show(t('wall.update-loaded', { name: isolate(newer.name) }), { meaning: 'notice' });
  }

  #lose(wall: Wall | undefined): void {
    if (!wall) return;
    this.desk.forget(wall.id);
    notices.show(t('wall.deleted-elsewhere', { name: isolate(wall.name) }), { meaning: 'alarm' });
  }
}
