import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, PGliteDialect, sql } from 'kysely';
import type { Schema } from './schema.ts';
import type { Store } from './store.ts';

/**
 * Makes the directory where there is none. A process killed while the database was being made leaves half of one
 * behind, which would never open again: a note beside it says so until it stands. Gives the removal of the note.
 */
function beginDirectory(directory: string): () => void {
  const note = `${directory}.unfinished`;
  if (existsSync(note)) rmSync(directory, { recursive: true, force: true });
  if (existsSync(directory)) return () => undefined;
  mkdirSync(path.dirname(directory), { recursive: true, mode: 0o700 });
  writeFileSync(note, '');
  return () => rmSync(note);
}

/**
 * Opens the embedded Postgres; one process at a time. Every statement is in the files before it is answered, so
 * a killed process loses nothing that was committed. `template`, a dumped directory, is what it starts from when new.
 */
export async function openPglite(directory: string | undefined, template?: Blob): Promise<Store> {
  const settleIn = directory === undefined ? undefined : beginDirectory(directory);
  // The default of 128 MB is for servers; our tables fit here and the process is 200 MB smaller (measured).
  const pglite = new PGlite({
    ...(directory === undefined ? {} : { dataDir: directory }),
    ...(template === undefined ? {} : { loadDataDir: template }),
    postgresqlconf: ['shared_buffers=8MB'],
  });
  await pglite.waitReady;
  settleIn?.();
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
