import type { Bookmark, BookmarkDraft, EvidenceLock } from '#contract/evidence.ts';
import type { User } from '#contract/account.ts';
import { record } from '#server/audit/audit.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Handlers } from '#server/http/routing.ts';
import type { Abilities } from '#server/recordings/abilities.ts';
import { ask } from '#server/recordings/ask.ts';
import type { Past, PastCamera } from '#server/recordings/past.ts';
import type { Db } from '#server/store/store.ts';
import type { VmsBookmark, VmsEvidenceLock, VmsRecordings } from '#server/vms/recordings.ts';

/** Cameras of one VMS that has recordings. */
interface System {
  readonly vmsId: string;
  readonly recordings: VmsRecordings;
  readonly cameraIds: readonly string[];
}

function systemsOf(cameras: readonly PastCamera[]): System[] {
  const found = new Map<string, System & { cameraIds: string[] }>();
  for (const { camera, recordings } of cameras) {
    if (recordings === undefined) continue;
    const known = found.get(camera.vmsId);
    if (known === undefined)
      found.set(camera.vmsId, { vmsId: camera.vmsId, recordings, cameraIds: [camera.id] });
    else known.cameraIds.push(camera.id);
  }
  return [...found.values()];
}

/** Recorded moments that a bookmark can be about: all of them, and some to come. */
const everAfter = (now: number) => ({ start: 0, end: now + 86_400_000 });
const iso = (ms: number): string => new Date(ms).toISOString();
const unable: ReadonlySet<string> = new Set(['not-in-edition', 'not-supported']);

type Names =
  | 'listBookmarks'
  | 'createBookmark'
  | 'changeBookmark'
  | 'deleteBookmark'
  | 'listEvidenceLocks'
  | 'createEvidenceLock'
  | 'changeEvidenceLock'
  | 'deleteEvidenceLock';

/** Bookmarks and evidence locks: kept by the VMS, seen and made through it. */
export function markRoutes(parts: {
  readonly db: Db;
  readonly past: Past;
  readonly abilities: Abilities;
  readonly now: () => number;
}): Pick<Handlers, Names> {
  const { db, past, abilities, now } = parts;

  /** Throws `not-supported` or `not-in-edition` where this VMS cannot keep such a mark. */
  async function demand(
    { vmsId, recordings }: System,
    what: 'bookmarks' | 'evidenceLocks',
    signal: AbortSignal,
  ): Promise<undefined> {
    const can = (await ask(signal, () => abilities.of(vmsId, recordings)))[what];
    if (can === 'not-in-edition') throw new Refusal('not-in-edition');
    if (can === 'none') throw new Refusal('not-supported');
    return undefined;
  }

  /** The one VMS of these cameras; `invalid-request` when they are on several, `not-supported` on one without a past. */
  async function systemFor(
    user: User,
    cameraIds: readonly string[],
    right: 'playback' | 'export',
  ): Promise<System> {
    const cameras = await past.cameras(user, cameraIds, right);
    const systems = systemsOf(cameras);
    const [system] = systems;
    if (system === undefined || (system.cameraIds.length < cameras.length && systems.length === 1))
      throw new Refusal('not-supported');
    if (systems.length > 1)
      throw new Refusal('invalid-request', {
        issues: [{ path: 'cameraIds', message: 'are on more than one recording system' }],
      });
    return system;
  }

  const isKeeper = ({ role }: User): boolean => role !== 'kiosk';
  const shown = (user: User, bookmark: VmsBookmark): Bookmark => ({ ...bookmark, canEdit: isKeeper(user) });

  /** The bookmark, if it is of a camera that this person may play back; `not-found` else. */
  async function find(
    user: User,
    id: string,
    signal: AbortSignal,
  ): Promise<System & { bookmark: VmsBookmark }> {
    for (const system of systemsOf(await past.all(user, 'playback'))) {
      const { recordings, cameraIds } = system;
      const bookmark = await ask(signal, async (ending) =>
        recordings.readBookmark === undefined
          ? (await recordings.listBookmarks(cameraIds, everAfter(now()), ending)).find((one) => one.id === id)
          : await recordings.readBookmark(id, ending),
      );
      if (bookmark !== undefined && cameraIds.includes(bookmark.cameraId)) return { ...system, bookmark };
    }
    throw new Refusal('not-found');
  }

  /**
   * The lock, for somebody who may change it: `not-found` where none of its cameras is theirs to play back,
   * `not-permitted` where one of them is not theirs to export, known to them or not. Where no VMS of theirs keeps
   * locks at all it says that: `not-in-edition` or `not-supported`.
   */
  async function findLock(
    user: User,
    id: string,
    signal: AbortSignal,
  ): Promise<System & { lock: VmsEvidenceLock }> {
    const exportable = new Set((await past.all(user, 'export')).map(({ camera }) => camera.id));
    let reason: Refusal | undefined;
    let isKept = false;
    for (const system of systemsOf(await past.all(user, 'playback'))) {
      const { recordings, cameraIds } = system;
      const cannot = await demand(system, 'evidenceLocks', signal).catch((cause: unknown) => {
        if (cause instanceof Refusal && unable.has(cause.code)) return cause;
        throw cause;
      });
      if (cannot !== undefined) {
        reason = cannot;
        continue;
      }
      isKept = true;
      const lock = await ask(signal, async (ending) =>
        recordings.readEvidenceLock === undefined
          ? (await recordings.listEvidenceLocks(everAfter(now()), ending)).find((one) => one.id === id)
          : await recordings.readEvidenceLock(id, ending),
      );
      if (lock?.cameraIds.some((cameraId) => cameraIds.includes(cameraId)) !== true) continue;
      if (!lock.cameraIds.every((cameraId) => exportable.has(cameraId)))
        throw new Refusal('not-permitted', { detail: 'It holds cameras that you may not export.' });
      return { ...system, lock };
    }
    throw isKept || reason === undefined ? new Refusal('not-found') : reason;
  }

  const note = async (
    kind:
      | 'bookmark-saved'
      | 'bookmark-deleted'
      | 'evidence-locked'
      | 'evidence-lock-changed'
      | 'evidence-lock-lifted',
    user: User,
    cameraIds: readonly string[],
    { id, start, end, title }: Pick<VmsBookmark, 'id' | 'start' | 'end' | 'title'>,
  ): Promise<void> => {
    const details = { id, start: iso(start), end: iso(end), title };
    await record(db, now(), ...cameraIds.map((cameraId) => ({ kind, user, cameraId, details })));
  };

  const asSaved = ({ cameraId, start, end, at, title, description }: BookmarkDraft): BookmarkDraft => ({
    cameraId,
    start,
    end,
    at,
    title,
    description,
  });

  return {
    async listBookmarks({ principal, query, signal }) {
      const within = { start: query.from, end: query.to };
      const lists = await Promise.all(
        systemsOf(await past.cameras(principal.user, query.cameras, 'playback')).map(
          async ({ vmsId, recordings, cameraIds }) =>
            await ask(signal, async (ending) =>
              (await abilities.of(vmsId, recordings)).bookmarks === 'none'
                ? []
                : await recordings.listBookmarks(cameraIds, within, ending),
            ),
        ),
      );
      return lists
        .flat()
        .filter(({ cameraId }) => query.cameras.includes(cameraId))
        .map((bookmark) => shown(principal.user, bookmark));
    },

    async createBookmark({ principal, body, signal }) {
      const system = await systemFor(principal.user, [body.cameraId], 'playback');
      await demand(system, 'bookmarks', signal);
      const saved = await ask(signal, (ending) => system.recordings.saveBookmark(asSaved(body), ending));
      await note('bookmark-saved', principal.user, [saved.cameraId], saved);
      return shown(principal.user, saved);
    },

    async changeBookmark({ principal, params, body, signal }) {
      const { recordings, vmsId, bookmark } = await find(principal.user, params.bookmarkId, signal);
      const system = await systemFor(principal.user, [body.cameraId], 'playback');
      if (system.vmsId !== vmsId)
        throw new Refusal('invalid-request', {
          issues: [{ path: 'cameraId', message: 'is on another recording system' }],
        });
      const saved = await ask(signal, (ending) =>
        recordings.saveBookmark({ ...asSaved(body), id: params.bookmarkId }, ending),
      );
      // The camera that it is no longer of is concerned as well.
      const concerned = [...new Set([bookmark.cameraId, saved.cameraId])];
      await note('bookmark-saved', principal.user, concerned, saved);
      return shown(principal.user, saved);
    },

    async deleteBookmark({ principal, params, signal }) {
      const { recordings, bookmark } = await find(principal.user, params.bookmarkId, signal);
      await ask(signal, (ending) => recordings.deleteBookmark(params.bookmarkId, ending));
      await note('bookmark-deleted', principal.user, [bookmark.cameraId], bookmark);
    },

    async listEvidenceLocks({ principal, query, signal }) {
      const within = { start: query.from, end: query.to };
      const cameras = await past.cameras(principal.user, query.cameras, 'playback');
      const allowed = new Set((await past.all(principal.user, 'playback')).map(({ camera }) => camera.id));
      const lists = await Promise.all(
        systemsOf(cameras).map(
          async ({ vmsId, recordings }) =>
            await ask(signal, async (ending) =>
              (await abilities.of(vmsId, recordings)).evidenceLocks === 'write'
                ? await recordings.listEvidenceLocks(within, ending)
                : [],
            ),
        ),
      );
      return lists
        .flat()
        .filter(({ cameraIds }) => cameraIds.some((id) => query.cameras.includes(id)))
        .map((lock) => shownLock(lock, allowed));
    },

    async createEvidenceLock({ principal, body, signal }) {
      const system = await systemFor(principal.user, body.cameraIds, 'export');
      await demand(system, 'evidenceLocks', signal);
      const { cameraIds, start, end, title, description, expiresAt } = body;
      const saved = await ask(signal, (ending) =>
        system.recordings.saveEvidenceLock({ cameraIds, start, end, title, description, expiresAt }, ending),
      );
      await note('evidence-locked', principal.user, saved.cameraIds, saved);
      return shownLock(saved, new Set(saved.cameraIds));
    },

    async changeEvidenceLock({ principal, params, body, signal }) {
      const { vmsId, recordings, lock } = await findLock(principal.user, params.lockId, signal);
      const system = await systemFor(principal.user, body.cameraIds, 'export');
      if (system.vmsId !== vmsId)
        throw new Refusal('invalid-request', {
          issues: [{ path: 'cameraIds', message: 'are on another recording system' }],
        });
      const { cameraIds, start, end, title, description, expiresAt } = body;
      const saved = await ask(signal, (ending) =>
        recordings.saveEvidenceLock(
          { id: lock.id, cameraIds, start, end, title, description, expiresAt },
          ending,
        ),
      );
      // Cameras that it no longer holds are concerned as well.
      const concerned = [...new Set([...lock.cameraIds, ...saved.cameraIds])];
      await note('evidence-lock-changed', principal.user, concerned, saved);
      return shownLock(saved, new Set(saved.cameraIds));
    },

    async deleteEvidenceLock({ principal, params, signal }) {
      const { recordings, lock } = await findLock(principal.user, params.lockId, signal);
      const lift = recordings.deleteEvidenceLock?.bind(recordings);
      if (lift === undefined) throw new Refusal('not-supported');
      await ask(signal, (ending) => lift(lock.id, ending));
      await note('evidence-lock-lifted', principal.user, lock.cameraIds, lock);
    },
  };
}

/** A lock as somebody sees it who may not know of all its cameras. */
const shownLock = (lock: VmsEvidenceLock, allowed: ReadonlySet<string>): EvidenceLock => {
  const { id, start, end, title, description, expiresAt } = lock;
  return {
    id,
    cameraIds: lock.cameraIds.filter((cameraId) => allowed.has(cameraId)),
    start,
    end,
    title,
    description,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
};
