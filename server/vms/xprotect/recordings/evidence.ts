import { z } from 'zod';
import type { RecordedSpan, VmsBookmark, VmsEvidenceLock } from '#server/vms/recordings.ts';
import { VmsError } from '#server/vms/vms.ts';
import type { ConfigApi, RestReply } from '../config-api.ts';
import { readJson } from '../json.ts';
import { readTime } from './recorder-parts.ts';

/** Pages of locks; more are not for people to read. */
const pageCap = 40;
/** A window that is not cut any further, however many bookmarks touch it, ms. */
const shortestMs = 1000;

const Id = z.string().regex(/^[0-9a-f-]{36}$/i);
const Moment = z.string().transform(readTime).pipe(z.number());
const Words = z
  .string()
  .nullish()
  .transform((text) => text ?? '');
const Self = z.object({ self: z.object({ id: Id }) });

const BookmarkAnswer = z
  .object({
    header: Words,
    description: Words,
    timeBegin: Moment,
    timeEnd: Moment,
    timeTriggered: Moment,
    devicePath: z.object({ id: Id }),
    relations: Self,
  })
  .transform((answer): VmsBookmark => ({
    id: answer.relations.self.id,
    cameraId: answer.devicePath.id.toLowerCase(),
    start: answer.timeBegin,
    end: answer.timeEnd,
    at: answer.timeTriggered,
    title: answer.header,
    description: answer.description,
  }));

const LockAnswer = z
  .object({
    header: Words,
    description: Words,
    startTime: Moment,
    endTime: Moment,
    retentionExpire: z.string().nullish(),
    devicePaths: z.array(z.object({ id: Id })),
    relations: Self,
  })
  .transform((answer): VmsEvidenceLock => {
    // "Never" is the end of the calendar.
    const expiresAt = readTime(answer.retentionExpire ?? '');
    return {
      id: answer.relations.self.id,
      cameraIds: answer.devicePaths.map(({ id }) => id.toLowerCase()),
      start: answer.startTime,
      end: answer.endTime,
      title: answer.header,
      description: answer.description,
      expiresAt: Number.isNaN(expiresAt) || expiresAt >= Date.UTC(9999, 0) ? undefined : expiresAt,
    };
  });

/** Searches have been seen documented without a sample: the list is taken from wherever it stands. */
const listed = <T extends z.ZodType>(name: string, schema: T) =>
  z.preprocess((answer: unknown) => findList(answer, name), z.array(schema));

function findList(answer: unknown, name: string): unknown {
  if (Array.isArray(answer)) return answer as unknown[];
  if (typeof answer !== 'object' || answer === null) return undefined;
  const fields = answer as Record<string, unknown>;
  for (const key of [name, 'array', 'data', 'result']) {
    const found = key in fields ? findList(fields[key], name) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

const Bookmarks = listed('bookmarks', BookmarkAnswer);
const Locks = listed('evidenceLocks', LockAnswer);
const MadeBookmark = z.object({ data: BookmarkAnswer });
const MadeLock = z.object({ data: LockAnswer });
const iso = (timeMs: number): string => new Date(timeMs).toISOString();

/** Bookmarks and evidence locks by REST, which gateways have since 2024 R2. All methods throw {@link VmsError}. */
export class Evidence {
  readonly #api: ConfigApi;
  readonly #perCall: number;

  /** `perCall`: most bookmarks or locks to ask for at a time. */
  constructor(api: ConfigApi, perCall: number) {
    this.#api = api;
    this.#perCall = perCall;
  }

  /** Whether this user may read bookmarks here. */
  async bookmarksAbility(signal: AbortSignal): Promise<'write' | 'none'> {
    const { status } = await this.#searchBookmarks([], { start: Date.now(), end: Date.now() }, 1, signal);
    return status === 200 ? 'write' : 'none';
  }

  /** Whether there are evidence locks: Expert refuses them, older gateways do not know them. */
  async locksAbility(signal: AbortSignal): Promise<'write' | 'not-in-edition' | 'none'> {
    const { status, body } = await this.#searchLocks({ start: Date.now(), end: Date.now() }, 0, 1, signal);
    if (status === 200) return 'write';
    return isAboutEdition(body) || status === 501 ? 'not-in-edition' : 'none';
  }

  /** Bookmarks of these cameras that touch `within`, ascending. */
  async listBookmarks(
    cameraIds: readonly string[],
    within: RecordedSpan,
    signal: AbortSignal,
  ): Promise<VmsBookmark[]> {
    if (cameraIds.length === 0) return [];
    const found = new Map<string, VmsBookmark>();
    await this.#collect(cameraIds, within, found, signal);
    const wanted = new Set(cameraIds.map((id) => id.toLowerCase()));
    return [...found.values()]
      .filter(({ cameraId, start, end }) => wanted.has(cameraId) && end >= within.start && start < within.end)
      .toSorted((a, b) => a.start - b.start);
  }

  /** One bookmark; undefined where there is none with this id. */
  async readBookmark(id: string, signal: AbortSignal): Promise<VmsBookmark | undefined> {
    // Ids of another system are no fault here: it simply has no such bookmark.
    if (!Id.safeParse(id).success) return undefined;
    const reply = await this.#api.send('GET', `bookmarks/${id}`, undefined, signal);
    if (reply.status === 404) return undefined;
    if (reply.status !== 200) throw refusal(reply, 'bookmarks');
    return readJson(reply.body, MadeBookmark).data;
  }

  /** Makes a bookmark, or changes the one with this id. A change of its camera gives it another id. */
  async saveBookmark(
    { id, ...bookmark }: Omit<VmsBookmark, 'id'> & { id?: string },
    signal: AbortSignal,
  ): Promise<VmsBookmark> {
    if (id === undefined) return await this.#makeBookmark(bookmark, signal);
    const path = `bookmarks/${idFor(id)}`;
    const read = async (): Promise<VmsBookmark> => {
      const reply = await this.#api.send('GET', path, undefined, signal);
      if (reply.status !== 200) throw refusal(reply, 'bookmarks');
      return readJson(reply.body, MadeBookmark).data;
    };
    if ((await read()).cameraId !== bookmark.cameraId.toLowerCase())
      return await this.#moveBookmark(id, bookmark, signal);
    const changed = await this.#api.send('PATCH', path, contentOfBookmark(bookmark), signal);
    if (changed.status >= 300) throw refusal(changed, 'bookmarks');
    return await read();
  }

  async #makeBookmark(bookmark: Omit<VmsBookmark, 'id'>, signal: AbortSignal): Promise<VmsBookmark> {
    const devicePath = { type: 'cameras', id: bookmark.cameraId };
    const content = { ...contentOfBookmark(bookmark), devicePath };
    const reply = await this.#api.send('POST', 'bookmarks', content, signal);
    if (reply.status >= 300) throw refusal(reply, 'bookmarks');
    return readJson(reply.body, MadeBookmark).data;
  }

  /** What a bookmark is of is said when it is made: the new one stands before the old one goes. */
  async #moveBookmark(
    id: string,
    bookmark: Omit<VmsBookmark, 'id'>,
    signal: AbortSignal,
  ): Promise<VmsBookmark> {
    const made = await this.#makeBookmark(bookmark, signal);
    try {
      await this.deleteBookmark(id, signal);
    } catch (cause) {
      // Not moved is better than there twice.
      await this.deleteBookmark(made.id, signal).catch(() => undefined);
      throw cause;
    }
    return made;
  }

  /** Deletes it; one that is gone already is fine. */
  async deleteBookmark(id: string, signal: AbortSignal): Promise<void> {
    const reply = await this.#api.send('DELETE', `bookmarks/${idFor(id)}`, undefined, signal);
    if (reply.status >= 300 && reply.status !== 404) throw refusal(reply, 'bookmarks');
  }

  /** Evidence locks that touch `within`, ascending. */
  async listEvidenceLocks(within: RecordedSpan, signal: AbortSignal): Promise<VmsEvidenceLock[]> {
    const found = new Map<string, VmsEvidenceLock>();
    for (let page = 0; page < pageCap; page++) {
      const reply = await this.#searchLocks(within, page, this.#perCall, signal);
      if (reply.status !== 200) throw refusal(reply, 'evidence locks');
      const locks = readJson(reply.body, Locks);
      const known = found.size;
      for (const lock of locks) found.set(lock.id, lock);
      if (locks.length < this.#perCall || found.size === known) break;
    }
    return [...found.values()]
      .filter(({ start, end }) => end >= within.start && start < within.end)
      .toSorted((a, b) => a.start - b.start);
  }

  /** One lock; undefined where there is none with this id. */
  async readEvidenceLock(id: string, signal: AbortSignal): Promise<VmsEvidenceLock | undefined> {
    if (!Id.safeParse(id).success) return undefined;
    const reply = await this.#api.send('GET', `evidenceLocks/${id}`, undefined, signal);
    if (reply.status === 404) return undefined;
    if (reply.status !== 200) throw refusal(reply, 'evidence locks');
    return readJson(reply.body, MadeLock).data;
  }

  /** Makes a lock, or changes the one with this id. */
  async saveEvidenceLock(
    { id, ...lock }: Omit<VmsEvidenceLock, 'id'> & { id?: string },
    signal: AbortSignal,
  ): Promise<VmsEvidenceLock> {
    const content = contentOf(lock);
    if (id === undefined) return this.#makeLock(content, signal);
    const reply = await this.#api.send('PATCH', `evidenceLocks/${idFor(id)}`, content, signal);
    // A gateway that cannot change locks: the new one is made before the old one goes, nothing is ever unlocked.
    if (reply.status === 405 || reply.status === 501) {
      const made = await this.#makeLock(content, signal);
      await this.deleteEvidenceLock(id, signal);
      return made;
    }
    if (reply.status >= 300) throw refusal(reply, 'evidence locks');
    const changed = await this.readEvidenceLock(id, signal);
    if (changed === undefined)
      throw new VmsError('unexpected-answer', 'XProtect lost the evidence lock it changed');
    return changed;
  }

  /** Lifts it; one that is gone already is fine. */
  async deleteEvidenceLock(id: string, signal: AbortSignal): Promise<void> {
    const reply = await this.#api.send('DELETE', `evidenceLocks/${idFor(id)}`, undefined, signal);
    if (reply.status >= 300 && reply.status !== 404) throw refusal(reply, 'evidence locks');
  }

  async #makeLock(content: object, signal: AbortSignal): Promise<VmsEvidenceLock> {
    const reply = await this.#api.send('POST', 'evidenceLocks', content, signal);
    if (reply.status >= 300) throw refusal(reply, 'evidence locks');
    return readJson(reply.body, MadeLock).data;
  }

  /** Whoever gives as many as were asked for may have more: then each half of the window is asked about by itself. */
  async #collect(
    cameraIds: readonly string[],
    { start, end }: RecordedSpan,
    found: Map<string, VmsBookmark>,
    signal: AbortSignal,
  ): Promise<void> {
    const reply = await this.#searchBookmarks(cameraIds, { start, end }, this.#perCall, signal);
    if (reply.status !== 200) throw refusal(reply, 'bookmarks');
    const bookmarks = readJson(reply.body, Bookmarks);
    for (const bookmark of bookmarks) found.set(bookmark.id, bookmark);
    if (bookmarks.length < this.#perCall || end - start <= shortestMs) return;
    const middle = Math.floor((start + end) / 2);
    await this.#collect(cameraIds, { start, end: middle }, found, signal);
    await this.#collect(cameraIds, { start: middle, end }, found, signal);
  }

  #searchBookmarks(
    cameraIds: readonly string[],
    { start, end }: RecordedSpan,
    count: number,
    signal: AbortSignal,
  ): Promise<RestReply> {
    return this.#api.send(
      'POST',
      'bookmarks?task=searchTime',
      {
        time: iso(start),
        // Microseconds, as in the SDK.
        timeLimit: Math.max(0, end - start) * 1000,
        count,
        deviceTypes: ['cameras'],
        deviceIds: cameraIds,
        searchText: '',
      },
      signal,
    );
  }

  #searchLocks(
    { start, end }: RecordedSpan,
    pageIndex: number,
    size: number,
    signal: AbortSignal,
  ): Promise<RestReply> {
    return this.#api.send(
      'POST',
      'evidenceLocks?task=search',
      { startTime: iso(start), endTime: iso(end), deviceIds: [], searchText: '', pageIndex, pageSize: size },
      signal,
    );
  }
}

const contentOfBookmark = (bookmark: Omit<VmsBookmark, 'id'>): object => ({
  header: bookmark.title,
  description: bookmark.description,
  timeBegin: iso(bookmark.start),
  timeEnd: iso(bookmark.end),
  timeTriggered: iso(bookmark.at),
});

const contentOf = (lock: Omit<VmsEvidenceLock, 'id'>): object => ({
  header: lock.title,
  description: lock.description,
  startTime: iso(lock.start),
  tagTime: iso(lock.start),
  endTime: iso(lock.end),
  ...(lock.expiresAt === undefined
    ? { retentionOption: { retentionUnits: -1, retentionType: 'Indefinite' } }
    : { retentionExpire: iso(lock.expiresAt) }),
  devicePaths: lock.cameraIds.map((id) => ({ type: 'cameras', id })),
});

const isAboutEdition = (body: string): boolean => /licen[cs]|edition|not supported/i.test(body);

/** An id goes into a path: only a GUID may. */
function idFor(id: string): string {
  if (Id.safeParse(id).success) return id;
  throw new VmsError('unexpected-answer', 'XProtect has no such entry');
}

function refusal({ status, body }: RestReply, what: string): VmsError {
  if (isAboutEdition(body))
    return new VmsError('refused', `The installed edition of XProtect has no ${what}`);
  if (status === 403) return new VmsError('refused', `XProtect does not let this user use ${what}`);
  return new VmsError('unexpected-answer', `XProtect refuses ${what} (status ${status})`);
}
