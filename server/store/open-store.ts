import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { migrations } from './migrations.ts';
import { openPglite } from './pglite.ts';
import { openPostgres } from './postgres.ts';
import type { Db, Store } from './store.ts';

/** The database cannot be used: not reachable, not writable, or its tables are from a newer Parapet. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/**
 * Opens the store and brings its tables up to date: Postgres when `databaseUrl` is given, else PGlite in
 * `directory` (in memory when that is absent too). Several BFFs may do so at once. Throws {@link StoreError}.
 */
export async function openStore(where: {
  readonly databaseUrl?: string | undefined;
  readonly directory?: string | undefined;
}): Promise<Store> {
  let store: Store;
  try {
    store =
      where.databaseUrl === undefined
        ? await openPglite(where.directory)
        : await openPostgres(where.databaseUrl);
  } catch (cause) {
    throw new StoreError(
      where.databaseUrl === undefined
        ? `The embedded database in ${where.directory ?? 'memory'} cannot be opened.`
        : 'The database that DATABASE_URL names does not answer.',
      { cause },
    );
  }
  try {
    await migrate(store.db);
  } catch (cause) {
    await store.close();
    throw new StoreError('The tables of the database cannot be brought up to date.', { cause });
  }
  return store;
}

/** Brings the tables up to date. */
export async function migrate(db: Db): Promise<void> {
  const migrator = new Migrator({
    db: db as Kysely<unknown>,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined)
    throw error instanceof Error ? error : new Error('migration failed', { cause: error });
}
