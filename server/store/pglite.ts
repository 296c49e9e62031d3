import { PGlite } from '@electric-sql/pglite';
import { Kysely, PGliteDialect, sql } from 'kysely';
import type { Schema } from './schema.ts';
import type { Store } from './store.ts';

/**
 * Opens the embedded Postgres; one process at a time. Every statement is in the files before it is answered, so
 * a killed process loses nothing that was committed.
 */
export async function openPglite(directory: string | undefined): Promise<Store> {
  // The default of 128 MB is for servers; our tables fit here and the process is 200 MB smaller (measured).
  const pglite = new PGlite({
    ...(directory === undefined ? {} : { dataDir: directory }),
    postgresqlconf: ['shared_buffers=8MB'],
  });
  await pglite.waitReady;
  const db = new Kysely<Schema>({ dialect: new PGliteDialect({ pglite }) });
  let closing: Promise<void> | undefined;
  return {
    kind: 'pglite',
    db,
    async listen(channel, listener) {
      return await pglite.listen(channel, (text) => listener.onText(text));
    },
    async ping() {
      await sql`select 1`.execute(db);
    },
    close: () => (closing ??= db.destroy()),
  };
}
