import { call } from '#lib/api/call.ts';
import { ProblemError } from '#lib/api/errors.ts';
import { Resource } from '#lib/api/resource.svelte.ts';
import type { News } from '#contract/news.ts';
import { routes } from '#contract/routes.ts';
import type { Wall, WallChange, WallDraft } from '#contract/wall.ts';

/** What became of an attempt to save. */
export type Saved =
  | { readonly status: 'saved'; readonly wall: Wall }
  /** Somebody else saved in between; `newer` is what stands now. */
  | { readonly status: 'conflict'; readonly newer: Wall }
  /** It was deleted in between. */
  | { readonly status: 'gone' }
  | { readonly status: 'failed'; readonly error: Error };

/** The saved walls as the server has them, and the ways to change them. For one component tree. */
export class SavedWalls {
  readonly #list = new Resource({ read: (signal) => call(routes.listWalls, { signal }) });

  /** The walls this person may open; undefined until they have been read once. */
  readonly all: readonly Wall[] | undefined = $derived(this.#list.value);
  readonly failure: Error | null = $derived(this.all ? null : this.#list.failure);

  /** By name, as people look for them. */
  readonly sorted: readonly Wall[] = $derived(
    (this.all ?? []).toSorted((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true })),
  );

  /** Saves a new wall. */
  async create(draft: WallDraft): Promise<Saved> {
    try {
      return this.#saved(await call(routes.createWall, { body: draft }));
    } catch (error) {
      return failed(error);
    }
  }

  /** Saves over the version that `change` was made from, if that is still the newest. */
  async change(wallId: string, change: WallChange): Promise<Saved> {
    try {
      return this.#saved(await call(routes.changeWall, { params: { wallId }, body: change }));
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'not-found') return { status: 'gone' };
      if (!(error instanceof ProblemError) || error.code !== 'version-conflict') return failed(error);
    }
    try {
      return { status: 'conflict', newer: await this.read(wallId) };
    } catch (error) {
      return error instanceof ProblemError && error.code === 'not-found' ? { status: 'gone' } : failed(error);
    }
  }

  /** Saves over whatever stands now. Somebody who chose to overwrite may still lose a race: then it is a conflict again. */
  async overwrite(newer: Wall, draft: WallDraft): Promise<Saved> {
    return this.change(newer.id, { ...draft, version: newer.version });
  }

  /** Deletes a wall for everybody. Throws when it still stands. */
  async delete(wallId: string): Promise<void> {
    try {
      await call(routes.deleteWall, { params: { wallId } });
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'not-found') throw error;
    }
    this.#list.change((known) => known.filter((wall) => wall.id !== wallId));
  }

  /** One wall as it is now. */
  async read(wallId: string, signal?: AbortSignal): Promise<Wall> {
    const wall = await call(routes.readWall, { params: { wallId }, ...(signal ? { signal } : {}) });
    this.#keep(wall);
    return wall;
  }

  /** Takes in what the server says has happened. */
  hear(news: News): void {
    // A list read before the stream broke may have missed changes; a directory change may hide or show cameras.
    if (news.kind === 'hello' || news.kind === 'wall' || news.kind === 'directory') this.#list.refresh();
  }

  #saved(wall: Wall): Saved {
    this.#keep(wall);
    return { status: 'saved', wall };
  }

  #keep(wall: Wall): void {
    this.#list.change((known) =>
      known.some(({ id }) => id === wall.id)
        ? known.map((one) => (one.id === wall.id ? wall : one))
        : [...known, wall],
    );
  }
}

function failed(error: unknown): Saved {
  return { status: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
}
