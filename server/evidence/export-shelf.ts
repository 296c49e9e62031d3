import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import type { Db } from '#server/store/store.ts';
import { changeState } from './export-table.ts';
import { codeOf } from './growing-file.ts';

export interface ShelfSettings {
  readonly db: Db;
  readonly now: () => number;
  /** A folder of its own. */
  readonly directory: string;
  /** What is done, failed or paused is deleted after so long. */
  readonly keepMs: number;
  /** What one person may store. */
  readonly quotaBytes: number;
  /** What has to stay free on the disk. */
  readonly reserveBytes: number;
}

/** Where exports lie, how much room there is, and what has to go. */
export interface Shelf {
  /** The name of this folder of exports among those of other BFFs. */
  readonly storeId: string;
  directoryOf(id: string): string;
  /** Bytes that may still be written to this disk. */
  freeOnDisk(): Promise<number>;
  /** Bytes this person has stored, but for one export. */
  usedBy(userId: string, butId: string): Promise<number>;
  /**
   * Bytes that this person may still store: what they have, and what exports that wait or run will come to, is taken off.
   * @param by where to ask: within the transaction that takes some of it
   */
  freeFor(userId: string, by?: Db): Promise<number>;
  /** Lets expire what is old, and removes the files of what is cancelled, expired, or unknown. */
  clean(isRunning: (id: string) => boolean): Promise<void>;
}

async function openStoreId(directory: string): Promise<string> {
  const file = path.join(directory, 'store-id');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(file, randomUUID(), { flag: 'wx', mode: 0o600 }).catch((cause: unknown) => {
    if (codeOf(cause) !== 'EEXIST') throw cause;
  });
  return (await readFile(file, 'utf8')).trim();
}

export async function openShelf(settings: ShelfSettings): Promise<Shelf> {
  const { db, now, directory, keepMs, quotaBytes, reserveBytes } = settings;
  const storeId = await openStoreId(directory);
  const directoryOf = (id: string): string => path.join(directory, id);

  async function freeOnDisk(): Promise<number> {
    const { bavail, bsize } = await statfs(directory);
    return Math.max(0, bavail * bsize - reserveBytes);
  }

  const sumOf = (rows: readonly { sum: string | number | null }[]): number => Number(rows[0]?.sum ?? 0);

  const usedBy: Shelf['usedBy'] = async (userId, butId) =>
    sumOf(
      await db
        .selectFrom('exports')
        .select(({ fn }) => fn.sum<string | number | null>('bytes').as('sum'))
        .where('user_id', '=', userId)
        .where('status', 'not in', ['cancelled', 'expired'])
        .where('id', '<>', butId)
        .execute(),
    );

  /** What is there and what will be, of this person. */
  const takenBy = async (userId: string, by: Db): Promise<number> =>
    sumOf(
      await by
        .selectFrom('exports')
        .select(
          sql<
            string | number | null
          >`sum(case when status in ('queued', 'running') then greatest(bytes, expected_bytes) else bytes end)`.as(
            'sum',
          ),
        )
        .where('user_id', '=', userId)
        .where('status', 'not in', ['cancelled', 'expired'])
        .execute(),
    );

  /** What is still to come onto this disk, of anybody. */
  const toCome = async (by: Db): Promise<number> =>
    sumOf(
      await by
        .selectFrom('exports')
        .select(sql<string | number | null>`sum(greatest(expected_bytes - bytes, 0))`.as('sum'))
        .where('store_id', '=', storeId)
        .where('status', 'in', ['queued', 'running'])
        .execute(),
    );

  return {
    storeId,
    directoryOf,
    freeOnDisk,
    usedBy,
    async freeFor(userId, by = db) {
      const taken = await takenBy(userId, by);
      const onDisk = (await freeOnDisk()) - (await toCome(by));
      return Math.max(0, Math.min(quotaBytes - taken, onDisk));
    },
    async clean(isRunning) {
      const time = now();
      const old = await db
        .selectFrom('exports')
        .select('id')
        .where((where) =>
          where.or([
            where.and([where('status', '=', 'done'), where('expires_at', '<=', time)]),
            where.and([where('status', 'in', ['failed', 'paused']), where('status_at', '<=', time - keepMs)]),
          ]),
        )
        .execute();
      for (const { id } of old)
        await changeState(db, id, ['done', 'failed', 'paused'], { status: 'expired', at: time, files: [] });
      // First what is there, then what is known: what is begun meanwhile is nobody's to remove.
      const entries = await readdir(directory, { withFileTypes: true });
      const rows = await db
        .selectFrom('exports')
        .select('id')
        .where('status', 'not in', ['cancelled', 'expired'])
        .execute();
      const kept = new Set(rows.map(({ id }) => id));
      for (const entry of entries)
        if (
          entry.isDirectory() &&
          /^[0-9a-f-]{36}$/.test(entry.name) &&
          !kept.has(entry.name) &&
          !isRunning(entry.name)
        )
          await rm(directoryOf(entry.name), { recursive: true, force: true });
    },
  };
}
