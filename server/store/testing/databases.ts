import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, PGliteDialect, sql } from 'kysely';
import pg from 'pg';
import { migrate, openStore } from '../open-store.ts';
import { openPglite } from '../pglite.ts';
import type { Schema } from '../schema.ts';
import type { Db, Store } from '../store.ts';
import { findPostgres } from '../../../.ci/machine.ts';
import { startPostgres } from './throwaway-postgres.ts';

/** A store for one test file, emptied between its tests. */
export interface TestStore {
  readonly store: Store;
  /** By which another process opens it; undefined on PGlite, which serves one only. */
  readonly url: string | undefined;
  /** The same database once more, as a second BFF would open it, named so to the server. Only on Postgres. */
  another(name?: string): Promise<Store>;
  /** Cuts every connection to the database. Only on Postgres. */
  disconnectAll(): Promise<void>;
  /** Cuts every connection of the one that was opened under this name. Only on Postgres. */
  disconnect(name: string): Promise<void>;
  /** Everything as after the migrations. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

export interface TestDatabase {
  readonly name: string;
  /** Why tests on it have to be skipped here. */
  readonly missing: string | undefined;
  open(): Promise<TestStore>;
}

const kept = new Set(['directory_version', 'kysely_migration', 'kysely_migration_lock']);

async function empty(db: Db): Promise<void> {
  const tables = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public'`.execute(db);
  const names = tables.rows.filter(({ name }) => !kept.has(name)).map(({ name }) => sql.table(name));
  await sql`truncate ${sql.join(names)}`.execute(db);
  await db.updateTable('directory_version').set({ version: 1 }).execute();
}

/**
 * A database with all tables in it, made once per machine and version: the first start of a PGlite takes seconds of
 * a whole core, a copy a quarter of one.
 */
async function template(): Promise<Blob> {
  const directory = path.resolve(import.meta.dirname, '../../../node_modules/.cache/parapet');
  const recipe = readFileSync(path.join(import.meta.dirname, '../migrations.ts'), 'utf8') + pgliteVersion();
  const file = path.join(
    directory,
    `pglite-${createHash('sha256').update(recipe).digest('hex').slice(0, 16)}.tar`,
  );
  if (!existsSync(file)) {
    mkdirSync(directory, { recursive: true });
    const made = new PGlite();
    await migrate(new Kysely<Schema>({ dialect: new PGliteDialect({ pglite: made }) }));
    const dump = await made.dumpDataDir('none');
    await made.close();
    // Several test files may make it at the same moment; each puts a whole one into place.
    const own = `${file}.${randomUUID()}`;
    writeFileSync(own, Buffer.from(await dump.arrayBuffer()));
    renameSync(own, file);
  }
  return new Blob([readFileSync(file)]);
}

const pgliteVersion = (): string =>
  readFileSync(
    path.resolve(import.meta.dirname, '../../../node_modules/@electric-sql/pglite/package.json'),
    'utf8',
  );

export const pglite: TestDatabase = {
  name: 'PGlite',
  missing: undefined,
  async open() {
    const store = await openPglite(undefined, await template());
    const notHere = (): never => {
      throw new Error('PGlite serves one process only');
    };
    return {
      store,
      url: undefined,
      another: notHere,
      disconnectAll: notHere,
      disconnect: notHere,
      empty: () => empty(store.db),
      close: () => store.close(),
    };
  },
};

const given = process.env['PARAPET_TEST_DATABASE_URL'];
const binaries = findPostgres();

/** A database of its own on the server that `PARAPET_TEST_DATABASE_URL` names, or on one started for the test. */
async function create(): Promise<{ url: string; disconnectAll(): Promise<void>; close(): Promise<void> }> {
  if (given === undefined) {
    const server = await startPostgres(binaries ?? '');
    return {
      url: await server.create(),
      disconnectAll: () => server.disconnectAll(),
      close: () => server.close(),
    };
  }
  const name = `parapet_test_${randomUUID().replaceAll('-', '')}`;
  const run = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: given });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await run(`create database ${name}`);
  const url = new URL(given);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    disconnectAll: () =>
      run(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`),
    close: () => run(`drop database ${name} with (force)`),
  };
}

export const postgres: TestDatabase = {
  name: 'Postgres',
  missing:
    given === undefined && binaries === undefined
      ? 'neither PARAPET_TEST_DATABASE_URL nor a Postgres on this machine'
      : undefined,
  async open() {
    const database = await create();
    const stores: Store[] = [];
    const another = async (name?: string): Promise<Store> => {
      const url = new URL(database.url);
      if (name !== undefined) url.searchParams.set('application_name', name);
      const store = await openStore({ databaseUrl: url.href });
      stores.push(store);
      return store;
    };
    const store = await another();
    return {
      store,
      url: database.url,
      another,
      disconnectAll: () => database.disconnectAll(),
      async disconnect(name) {
        await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${name}`.execute(
          store.db,
        );
      },
      empty: () => empty(store.db),
      async close() {
        for (const one of stores) await one.close();
        await database.close();
      },
    };
  },
};

export const databases: readonly TestDatabase[] = [pglite, postgres];

/** For a test's title: the database, and why it is left out where it is. */
export const titleOf = ({ name, missing }: TestDatabase): string =>
  missing === undefined ? `on ${name}` : `on ${name} (skipped: ${missing})`;
