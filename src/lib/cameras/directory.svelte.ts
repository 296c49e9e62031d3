import { createQuery, queryOptions, useQueryClient } from '@tanstack/svelte-query';
import { createContext } from 'svelte';
import { call } from '#lib/api/call.ts';
import { mayRetry } from '#lib/api/errors.ts';
import type { Camera, Directory } from '#contract/camera.ts';
import type { News } from '#contract/news.ts';
import { routes } from '#contract/routes.ts';
import { indexed, keyed, search } from './search.ts';
import { treeOf } from './tree.ts';

/** The camera list of whoever is signed in. News keeps it fresh; reading it again every so often catches what news missed. */
export const directoryQuery = queryOptions({
  queryKey: ['directory'],
  queryFn: ({ signal }) => call(routes.readDirectory, { signal }),
  staleTime: 60_000,
  refetchInterval: 5 * 60_000,
  // A wall is useless without it: goes on asking, ever more slowly.
  retry: (_, error) => mayRetry(error),
});

/** What can be said about the list as a whole. */
export type DirectoryCondition =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'never-read' | 'none-permitted' }
  | { readonly kind: 'stale'; readonly since: number | undefined }
  | { readonly kind: 'all-down'; readonly count: number }
  | { readonly kind: 'fine' };

/** What to say about a list, worst first. `failure` is why the last attempt to read it came to nothing. */
export function conditionOf(directory: Directory | undefined, failure: Error | null): DirectoryCondition {
  if (directory === undefined) return failure ? { kind: 'failed', error: failure } : { kind: 'loading' };
  const { cameras, syncedAt, isStale } = directory;
  if (cameras.length === 0) return { kind: syncedAt === undefined ? 'never-read' : 'none-permitted' };
  if (isStale) return { kind: 'stale', since: syncedAt };
  if (cameras.every((camera) => camera.state === 'down')) return { kind: 'all-down', count: cameras.length };
  return { kind: 'fine' };
}

/** A list in which one camera has gone up or down. The same list when it does not have that camera. */
export function withState(
  directory: Directory,
  { cameraId, state, since }: Extract<News, { kind: 'camera' }>,
): Directory {
  const index = directory.cameras.findIndex((camera) => camera.id === cameraId);
  const camera = directory.cameras[index];
  if (!camera || (camera.state === state && camera.stateSince === since)) return directory;
  return { ...directory, cameras: directory.cameras.with(index, { ...camera, state, stateSince: since }) };
}

/** The cameras this person may see, ready to be looked up, searched and shown as a tree. For one component tree. */
export class CameraDirectory {
  readonly #query = createQuery(() => directoryQuery);
  readonly #client = useQueryClient();

  readonly directory: Directory | undefined = $derived(this.#query.data);
  readonly condition: DirectoryCondition = $derived(
    conditionOf(this.#query.data, this.#query.error ?? this.#query.failureReason),
  );
  readonly cameras: readonly Camera[] = $derived(this.directory?.cameras ?? []);
  readonly tree = $derived(treeOf(this.cameras, this.directory?.groups ?? []));
  readonly #byId = $derived(keyed(this.cameras, (camera) => camera.id));
  readonly #byNumber = $derived(keyed(this.cameras, (camera) => camera.number));
  readonly #index = $derived(indexed(this.cameras, this.directory?.groups ?? []));

  /** Whether the list has been read at all, so that a missing camera is really missing. */
  get isKnown(): boolean {
    return this.directory !== undefined;
  }

  /** A camera by its id; undefined when this person may not see it, or there is none. */
  byId(id: string): Camera | undefined {
    return this.#byId.get(id);
  }

  /** A camera by the number an operator types. */
  byNumber(number: number): Camera | undefined {
    return this.#byNumber.get(number);
  }

  /** The cameras that match, best first; see search.ts. */
  search(query: string): Camera[] {
    return search(this.#index, query);
  }

  /** Reads the list again. */
  refresh(): void {
    void this.#client.invalidateQueries({ queryKey: directoryQuery.queryKey });
  }

  /** Takes in what the server says has happened. */
  hear(news: News): void {
    if (news.kind === 'hello' || news.kind === 'directory') this.refresh();
    if (news.kind === 'camera')
      this.#client.setQueryData(directoryQuery.queryKey, (old) => old && withState(old, news));
  }
}

/** The directory of the page, set once where pages begin. */
export const [getDirectory, setDirectory] = createContext<CameraDirectory>();
