import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** The tables, as every part of the BFF sees them; a transaction has the same shape. */
export type Db = Kysely<Schema>;

/** What listens on a channel. */
export interface Listener {
  /** Called for every text published on the channel, by this process too, in order. */
  onText(text: string): void;
  /** Texts may have been missed (the connection to the database was lost in between). */
  onGap(): void;
}

/** Where everything that outlives a process is kept. PGlite in a directory, or a Postgres that several BFFs share. */
export interface Store {
  readonly kind: 'pglite' | 'postgres';
  readonly db: Db;
  /** Calls the listener from now on; gives the way to stop. Texts of a transaction arrive once it is committed. */
  listen(channel: string, listener: Listener): Promise<() => Promise<void>>;
  /** Rejects when the database does not answer. */
  ping(): Promise<void>;
  /** Ends all connections. Safe to call twice. */
  close(): Promise<void>;
}
