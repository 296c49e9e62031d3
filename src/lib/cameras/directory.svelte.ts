import { call } from '#lib/api/call.ts';
import { Resource } from '#lib/api/resource.svelte.ts';
import type { Camera, CameraGroup, Directory } from '#contract/camera.ts';
import type { News } from '#contract/news.ts';
import { routes } from '#contract/routes.ts';
import { keyed } from './keyed.ts';

/** News keeps the list fresh; reading it again this often catches what news missed, ms. */
const readEveryMs = 5 * 60_000;

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

/** The cameras this person may see, ready to be looked up. For one component tree. */
export class CameraDirectory {
  readonly #list = new Resource({
    read: (signal) => call(routes.readDirectory, { signal }),
    everyMs: readEveryMs,
  });

  readonly directory: Directory | undefined = $derived(this.#list.value);
  readonly condition: DirectoryCondition = $derived(conditionOf(this.#list.value, this.#list.failure));
  readonly cameras: readonly Camera[] = $derived(this.directory?.cameras ?? []);
  readonly groups: readonly CameraGroup[] = $derived(this.directory?.groups ?? []);
  readonly #byId = $derived(keyed(this.cameras, (camera) => camera.id));
  readonly #byNumber = $derived(keyed(this.cameras, (camera) => camera.number));

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

  /** Reads the list again. */
  refresh(): void {
    this.#list.refresh();
  }

  /** Takes in what the server says has happened. */
  hear(news: News): void {
    if (news.kind === 'hello' || news.kind === 'directory') this.refresh();
    if (news.kind === 'camera') this.#list.change((known) => withState(known, news));
  }
}
