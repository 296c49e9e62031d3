import {
  dayMs,
  type HistoryBook,
  type Kept,
  type NoHistory,
  type Stretch,
} from '#lib/player/quality-history.ts';

/** A stretch and whose it is. */
export interface CameraStretch extends Stretch {
  readonly cameraId: string;
}

const databaseName = 'parapet.quality-history';
const [stretchesStore, ownerStore, byCamera] = ['stretches', 'owner', 'by-camera'];
/** Where the owner's mark stands in its store. */
const ownerKey = 'mark';
/** Between two times that the old is thrown away, writes: five minutes. */
const writesPerSweep = 30;
/** As many as one page of 64 tiles makes in a day. Beyond them the oldest go first, whatever their age. */
const mostKept = (64 * dayMs) / 10_000;

/** What a transaction works on. */
interface Stores {
  readonly stretches: IDBObjectStore;
  readonly owner: IDBObjectStore;
}

/** What a store needs. */
export interface HistoryStoreParts {
  readonly userId: string;
  /** For tests. */
  readonly factory?: IDBFactory | undefined;
  readonly now?: () => number;
  readonly most?: number;
}

/**
 * How this browser's cameras were to watch over the last day, in its IndexedDB: of each stretch the camera's id and
 * numbers, nothing of who watched. It belongs to one person at a time, known again by a mark that does not name him;
 * another one begins with nothing. Nothing here throws: where nothing can be kept, {@link read} says why.
 */
export class HistoryStore implements HistoryBook {
  readonly #mark: string;
  readonly #factory: IDBFactory | undefined;
  readonly #now: () => number;
  readonly #most: number;
  #database: Promise<IDBDatabase> | undefined;
  /** Why the last that was to be kept was not. */
  #unkept: NoHistory | undefined;
  #writes = 0;
  /** One thing after the other: a claim is through before anything is written under it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ userId, factory = factoryHere(), now = Date.now, most = mostKept }: HistoryStoreParts) {
    this.#mark = markOf(userId);
    this.#factory = factory;
    this.#now = now;
    this.#most = most;
    void this.claim();
  }

  /** Makes the history this person's: another one's is thrown away. Again after somebody has signed in anew. */
  async claim(): Promise<void> {
    await this.#write(async ({ stretches, owner }) => {
      if ((await answer(owner.get(ownerKey))) === this.#mark) return;
      stretches.clear();
      owner.put(this.#mark, ownerKey);
    });
  }

  /** Keeps these, all in one transaction. */
  async add(added: readonly CameraStretch[]): Promise<void> {
    if (added.length === 0) return;
    await this.#write(async ({ stretches, owner }) => {
      await this.#expectOwn(owner);
      for (const one of added) stretches.put(one);
      if (this.#writes++ % writesPerSweep === 0) await this.#sweep(stretches);
    });
  }

  async read(cameraId: string, since: number): Promise<Kept> {
    try {
      const stretches = await this.#in('readonly', async ({ stretches: all, owner }) => {
        await this.#expectOwn(owner);
        const range = IDBKeyRange.bound([cameraId, since], [cameraId, Infinity], true);
        return (await answer(all.index(byCamera).getAll(range))) as CameraStretch[];
      });
      // One that has stopped would look as if nobody had watched since.
      return this.#unkept ? { status: 'none', why: this.#unkept } : { status: 'kept', stretches };
    } catch (error) {
      return { status: 'none', why: whyOf(error) };
    }
  }

  /** Ends it. Safe to call twice. */
  close(): void {
    this.#last = this.#last
      .then(async () => {
        const opened = this.#database;
        this.#database = undefined;
        (await opened)?.close();
      })
      .catch(ignore);
  }

  async #expectOwn(owner: IDBObjectStore): Promise<void> {
    if ((await answer(owner.get(ownerKey))) !== this.#mark) throw new OtherPersonError();
  }

  /** Throws away what is older than a day, and of the rest what is too much. */
  async #sweep(stretches: IDBObjectStore): Promise<void> {
    // By time first: a range goes at once, without a look at each.
    stretches.delete(IDBKeyRange.upperBound([this.#now() - dayMs]));
    const excess = (await answer(stretches.count())) - this.#most;
    if (excess <= 0) return;
    const request = stretches.openKeyCursor();
    const cursor = await answer(request);
    if (excess > 1) cursor?.advance(excess - 1);
    const last = excess > 1 ? await answer(request) : cursor;
    if (last) stretches.delete(IDBKeyRange.upperBound(last.key));
  }

  async #write(work: (stores: Stores) => Promise<void>): Promise<void> {
    try {
      await this.#in('readwrite', work);
      this.#unkept = undefined;
    } catch (error) {
      this.#unkept = whyOf(error);
    }
  }

  /** Does something in one transaction, after everything before it. */
  #in<Found>(mode: IDBTransactionMode, work: (stores: Stores) => Promise<Found>): Promise<Found> {
    const done = this.#last.then(async () => during(await (this.#database ??= this.#open()), mode, work));
    this.#last = done.catch(ignore);
    return done;
  }

  #open(): Promise<IDBDatabase> {
    const opening = openDatabase(this.#factory).then((database) => {
      // Another page wants to change or delete it, or the browser has: what comes next opens it anew.
      const leave = (): void => {
        database.close();
        if (this.#database === opening) this.#database = undefined;
      };
      database.onversionchange = leave;
      database.onclose = leave;
      return database;
    });
    opening.catch(() => {
      if (this.#database === opening) this.#database = undefined;
    });
    return opening;
  }
}

/** Throws away all history: somebody has signed out. Pages that are still open keep none from then on. Never throws. */
export async function forgetHistory(factory: IDBFactory | undefined = factoryHere()): Promise<void> {
  try {
    const database = await openDatabase(factory);
    await during(database, 'readwrite', ({ stretches, owner }) => {
      stretches.clear();
      owner.clear();
      return Promise.resolve();
    });
    database.close();
  } catch {
    // Nothing can be kept here, so nothing was.
  }
}

/** Somebody else has signed in, or this person out, on another page. */
class OtherPersonError extends Error {}

function whyOf(error: unknown): NoHistory {
  if (error instanceof OtherPersonError) return 'other-person';
  return error instanceof DOMException && error.name === 'QuotaExceededError' ? 'full' : 'refused';
}

/**
 * A mark to know a person again by, which does not name him: FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) of 32
 * bits. Not a secret, and not safe from somebody who makes up an id for it; ids here are the server's.
 */
function markOf(userId: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(userId)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}

function factoryHere(): IDBFactory | undefined {
  try {
    return globalThis.indexedDB;
  } catch {
    // Some browsers refuse even to be asked.
    return undefined;
  }
}

function openDatabase(factory: IDBFactory | undefined): Promise<IDBDatabase> {
  const { promise, resolve, reject } = Promise.withResolvers<IDBDatabase>();
  if (factory === undefined) throw new Error('There is no IndexedDB.');
  const request = factory.open(databaseName, 1);
  let isGivenUp = false;
  request.onupgradeneeded = () => {
    const stretches = request.result.createObjectStore(stretchesStore, { keyPath: ['at', 'cameraId'] });
    stretches.createIndex(byCamera, ['cameraId', 'at']);
    request.result.createObjectStore(ownerStore);
  };
  request.onblocked = () => {
    isGivenUp = true;
    reject(new Error('Another page holds the history.'));
  };
  request.onerror = () => reject(request.error ?? new Error('The history cannot be opened.'));
  request.onsuccess = () => {
    if (isGivenUp) request.result.close();
    else resolve(request.result);
  };
  return promise;
}

/** Resolves when the transaction has ended well. Rejects with what went wrong, and nothing of it is kept then. */
async function during<Found>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  work: (stores: Stores) => Promise<Found>,
): Promise<Found> {
  // Relaxed: nobody waits for the disk because of numbers.
  const transaction = database.transaction([stretchesStore, ownerStore], mode, { durability: 'relaxed' });
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  transaction.oncomplete = () => resolve(undefined);
  transaction.onabort = () => reject(transaction.error ?? new Error('The history was not written.'));
  promise.catch(ignore);
  let found: Found;
  try {
    found = await work({
      stretches: transaction.objectStore(stretchesStore),
      owner: transaction.objectStore(ownerStore),
    });
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // It has been aborted already.
    }
    throw error;
  }
  await promise;
  return found;
}

/** What a request gives. Only within the work of a transaction: anything else awaited there would end it. */
function answer<Result>(request: IDBRequest<Result>): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error ?? new Error('The history did not answer.'));
  return promise;
}

const ignore = (): undefined => undefined;
