import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { FeatureSet } from './features.ts';
import { errorBody, oddJson, xprotectTime } from './odd-json.ts';

export interface StoreAnswer {
  readonly status: number;
  readonly body: string;
}

export interface StoreRequest {
  readonly method: string;
  /** The id in the path, if there is one. */
  readonly id: string | undefined;
  readonly task: string | undefined;
  readonly body: string;
}

const Moment = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'not a time');
const DevicePath = z.object({ type: z.literal('cameras'), id: z.guid() });

const Bookmark = z.object({
  header: z.string().default(''),
  description: z.string().default(''),
  timeBegin: Moment,
  timeEnd: Moment,
  timeTriggered: Moment,
  reference: z.string().default(''),
  devicePath: DevicePath,
});
type Bookmark = z.infer<typeof Bookmark>;

const BookmarkSearch = z.object({
  time: Moment,
  /** Microseconds from `time` on, as everywhere in the SDK. */
  timeLimit: z.number().nonnegative(),
  count: z.int().positive(),
  deviceIds: z.array(z.guid()).default([]),
  searchText: z.string().default(''),
});

/** The fields' names are our guess after the SDK's `BookmarkSearchFromBookmark`; its samples show none. */
const SearchFrom = z.object({
  bookmarkId: z.guid(),
  /** Microseconds; below zero means back from the bookmark. */
  timeLimit: z.number(),
  count: z.int().positive(),
  deviceIds: z.array(z.guid()).default([]),
  searchText: z.string().default(''),
});

const Lock = z.object({
  header: z.string().default(''),
  description: z.string().default(''),
  startTime: Moment,
  tagTime: Moment,
  endTime: Moment,
  reference: z.string().default(''),
  retentionExpire: Moment.optional(),
  retentionOption: z.object({ retentionUnits: z.int(), retentionType: z.string() }).optional(),
  devicePaths: z.array(DevicePath).min(1),
});
type Lock = z.infer<typeof Lock>;

const LockSearch = z.object({
  startTime: Moment.optional(),
  endTime: Moment.optional(),
  deviceIds: z.array(z.guid()).default([]),
  searchText: z.string().default(''),
  pageIndex: z.int().nonnegative().default(0),
  pageSize: z.int().positive().default(100),
});

/** How an evidence lock without an end says so. */
const forEver = '9999-12-31T22:59:59.9999999Z';

const refuse = (status: number, text: string): StoreAnswer => ({ status, body: errorBody(status, text) });
const overlaps = (start: string, end: string, from: number, to: number): boolean =>
  Date.parse(end) >= from && Date.parse(start) <= to;
const stamp = (moment: string): string => xprotectTime(Date.parse(moment));

/** Bookmarks and evidence locks of the pretend XProtect, kept while it runs. */
export class EvidenceStore {
  readonly #cameraIds: ReadonlySet<string>;
  readonly #user: string;
  readonly #bookmarks = new Map<string, Bookmark>();
  readonly #locks = new Map<string, Lock & { created: string; lastModified: string }>();

  constructor(cameraIds: ReadonlySet<string>, user: string) {
    this.#cameraIds = cameraIds;
    this.#user = user;
  }

  /** `/bookmarks`. There is no list: it is asked for by a task. */
  bookmarks(request: StoreRequest, features: FeatureSet): StoreAnswer {
    if (!features.bookmarks) return refuse(404, 'Unknown resource: bookmarks');
    const { method, id, task } = request;
    if (id === undefined) {
      if (method !== 'POST') return refuse(400, 'Bad request: Unknown request');
      if (task === 'searchtime') return this.#searchBookmarks(request.body);
      if (task === 'searchfrombookmark') return this.#searchFromBookmark(request.body);
      if (task === 'newreference')
        return { status: 200, body: oddJson({ result: { reference: newReference() } }) };
      if (task !== undefined) return refuse(400, `Bad request: Unknown task ${task}`);
      const made = read(Bookmark, request.body);
      if ('status' in made) return made;
      if (!this.#cameraIds.has(made.data.devicePath.id.toLowerCase())) return refuse(400, 'Device not found');
      const created = randomUUID();
      this.#bookmarks.set(created, { ...made.data, reference: made.data.reference || newReference() });
      return { status: 201, body: oddJson({ data: this.#bookmark(created) }) };
    }
    const known = this.#bookmarks.get(id);
    if (known === undefined) return refuse(404, `Not found: bookmarks/${id}`);
    switch (method) {
      case 'GET':
        return { status: 200, body: oddJson({ data: this.#bookmark(id) }) };
      case 'PATCH':
      case 'PUT': {
        const changed = read(method === 'PUT' ? Bookmark : Bookmark.partial(), request.body);
        if ('status' in changed) return changed;
        this.#bookmarks.set(id, { ...known, ...sentFields<Bookmark>(changed.data, request.body, method) });
        return { status: 200, body: oddJson({ data: this.#bookmark(id) }) };
      }
      case 'DELETE':
        this.#bookmarks.delete(id);
        return { status: 200, body: oddJson({ state: 'Success' }) };
      default:
        return refuse(400, 'Bad request: Unknown request');
    }
  }

  /** `/evidenceLocks`, which only the Corporate edition has. */
  evidenceLocks(request: StoreRequest, features: FeatureSet): StoreAnswer {
    if (!features.bookmarks) return refuse(404, 'Unknown resource: evidenceLocks');
    // The words are ours; that Expert refuses is on record.
    if (features.edition === 'expert')
      return refuse(403, 'Evidence lock is not supported by the installed license');
    const { method, id, task } = request;
    if (id === undefined) {
      if (method !== 'POST') return refuse(400, 'Bad request: Unknown request');
      if (task === 'search') return this.#searchLocks(request.body);
      if (task === 'newreference')
        return { status: 200, body: oddJson({ result: { reference: newReference() } }) };
      if (task !== undefined) return refuse(400, `Bad request: Unknown task ${task}`);
      const made = read(Lock, request.body);
      if ('status' in made) return made;
      if (made.data.devicePaths.some((path) => !this.#cameraIds.has(path.id.toLowerCase())))
        return refuse(400, 'Device not found');
      const created = randomUUID();
      const now = xprotectTime(Date.now());
      this.#locks.set(created, { ...made.data, created: now, lastModified: now });
      return { status: 201, body: oddJson({ data: this.#lock(created) }) };
    }
    const known = this.#locks.get(id);
    if (known === undefined) return refuse(404, `Not found: evidenceLocks/${id}`);
    switch (method) {
      case 'GET':
        return { status: 200, body: oddJson({ data: this.#lock(id) }) };
      case 'PATCH':
      case 'PUT': {
        if (!features.changesLocks) return refuse(405, 'Method not allowed');
        const changed = read(method === 'PUT' ? Lock : Lock.partial(), request.body);
        if ('status' in changed) return changed;
        if (changed.data.devicePaths?.some((path) => !this.#cameraIds.has(path.id.toLowerCase())) === true)
          return refuse(400, 'Device not found');
        const fields = sentFields<Lock>(changed.data, request.body, method);
        // Of the two ways to say how long, the one sent last counts.
        const rest = 'retentionOption' in fields ? withoutExpiry(known) : known;
        const lastModified = xprotectTime(Date.now());
        this.#locks.set(id, { ...rest, ...fields, lastModified });
        return { status: 200, body: oddJson({ data: this.#lock(id) }) };
      }
      case 'DELETE':
        this.#locks.delete(id);
        return { status: 200, body: oddJson({ state: 'Success' }) };
      default:
        return refuse(400, 'Bad request: Unknown request');
    }
  }

  #searchBookmarks(body: string): StoreAnswer {
    const search = read(BookmarkSearch, body);
    if ('status' in search) return search;
    const { time, timeLimit, count } = search.data;
    const from = Date.parse(time);
    const found = this.#matching(search.data).filter(([, { timeBegin, timeEnd }]) =>
      overlaps(timeBegin, timeEnd, from, from + timeLimit / 1000),
    );
    return this.#listed(found.slice(0, count));
  }

  /** Those after a bookmark, or before it: how clients turn the page. The bookmark itself is not among them. */
  #searchFromBookmark(body: string): StoreAnswer {
    const search = read(SearchFrom, body);
    if ('status' in search) return search;
    const { bookmarkId, timeLimit, count } = search.data;
    const here = this.#bookmarks.get(bookmarkId);
    if (here === undefined) return refuse(400, 'Bookmark not found');
    const order = this.#matching({ ...search.data, always: bookmarkId });
    const place = order.findIndex(([id]) => id === bookmarkId);
    const begin = Date.parse(here.timeBegin);
    const isNear = ([, { timeBegin }]: readonly [string, Bookmark]): boolean =>
      Math.abs(Date.parse(timeBegin) - begin) <= Math.abs(timeLimit) / 1000;
    const found =
      timeLimit < 0
        ? order.slice(0, place).filter(isNear).slice(-count)
        : order
            .slice(place + 1)
            .filter(isNear)
            .slice(0, count);
    return this.#listed(found);
  }

  /** Bookmarks of these cameras with this text, and one `always`, in the order of their beginnings. */
  #matching({
    deviceIds,
    searchText,
    always,
  }: {
    readonly deviceIds: readonly string[];
    readonly searchText: string;
    readonly always?: string;
  }): (readonly [string, Bookmark])[] {
    const wanted = new Set(deviceIds.map((id) => id.toLowerCase()));
    return [...this.#bookmarks]
      .filter(
        ([id, { devicePath, header, description }]) =>
          id === always ||
          ((wanted.size === 0 || wanted.has(devicePath.id.toLowerCase())) &&
            `${header}\n${description}`.includes(searchText)),
      )
      .toSorted(([, a], [, b]) => Date.parse(a.timeBegin) - Date.parse(b.timeBegin));
  }

  #listed(found: readonly (readonly [string, Bookmark])[]): StoreAnswer {
    return {
      status: 200,
      body: oddJson({ result: { bookmarks: found.map(([id]) => this.#bookmark(id)), state: 'Success' } }),
    };
  }

  #searchLocks(body: string): StoreAnswer {
    const search = read(LockSearch, body);
    if ('status' in search) return search;
    const { startTime, endTime, deviceIds, searchText, pageIndex, pageSize } = search.data;
    const wanted = new Set(deviceIds.map((id) => id.toLowerCase()));
    const found = [...this.#locks]
      .filter(([, lock]) =>
        overlaps(
          lock.startTime,
          lock.endTime,
          startTime === undefined ? -Infinity : Date.parse(startTime),
          endTime === undefined ? Infinity : Date.parse(endTime),
        ),
      )
      .filter(
        ([, { devicePaths }]) =>
          wanted.size === 0 || devicePaths.some(({ id }) => wanted.has(id.toLowerCase())),
      )
      .filter(([, { header, description }]) => `${header}\n${description}`.includes(searchText))
      .toSorted(([, a], [, b]) => Date.parse(a.startTime) - Date.parse(b.startTime))
      .slice(pageIndex * pageSize, (pageIndex + 1) * pageSize);
    return {
      status: 200,
      body: oddJson({ result: { evidenceLocks: found.map(([id]) => this.#lock(id)), state: 'Success' } }),
    };
  }

  #bookmark(id: string): object {
    const bookmark = this.#bookmarks.get(id)!;
    return {
      ...bookmark,
      timeBegin: stamp(bookmark.timeBegin),
      timeEnd: stamp(bookmark.timeEnd),
      timeTriggered: stamp(bookmark.timeTriggered),
      user: this.#user,
      relations: { self: { type: 'bookmarks', id } },
    };
  }

  #lock(id: string): object {
    const lock = this.#locks.get(id)!;
    return {
      ...lock,
      id,
      startTime: stamp(lock.startTime),
      tagTime: stamp(lock.tagTime),
      endTime: stamp(lock.endTime),
      user: this.#user,
      retentionExpire: lock.retentionExpire === undefined ? forEver : stamp(lock.retentionExpire),
      retentionSize: 0,
      retentionOption: lock.retentionOption ?? { retentionUnits: -1, retentionType: 'Indefinite' },
      relations: { self: { type: 'evidenceLocks', id } },
    };
  }
}

/** What was not sent stays, whatever a new entry would have there. */
function sentFields<T extends object>(given: object, body: string, method: string): Partial<T> {
  const sent = Object.keys(JSON.parse(body) as object);
  const fields = Object.entries(given).filter(([name]) => method === 'PUT' || sent.includes(name));
  return Object.fromEntries(fields) as Partial<T>;
}

function withoutExpiry<T extends { retentionExpire?: unknown }>(lock: T): Omit<T, 'retentionExpire'> {
  const { retentionExpire: _expiry, ...rest } = lock;
  return rest;
}

let references = 0;
const newReference = (): string => `no.${String(++references).padStart(6, '0')}`;

function read<T extends z.ZodType>(schema: T, body: string): { data: z.output<T> } | StoreAnswer {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return refuse(400, 'Incorrect formatted JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { data: parsed.data };
  const [issue] = parsed.error.issues;
  return refuse(400, `Invalid value of property ${String(issue?.path.join('.'))}`);
}
