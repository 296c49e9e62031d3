import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { Schema } from './schema.ts';
import type { Listener, Store } from './store.ts';

/** How many connections one BFF may hold, beside the one that listens. */
const poolSize = 10;
const longestPauseMs = 5000;

// int8 arrives as text by default, as it may exceed 2^53; ours are epoch ms and counters, which do not.
const types: pg.CustomTypesConfig = {
  getTypeParser: (id, format) =>
    id === pg.types.builtins.INT8
      ? Number
      : (pg.types.getTypeParser(id, format) as (text: string) => unknown),
};

/** Opens a pool on a Postgres server. */
export async function openPostgres(url: string): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    types,
    connectionTimeoutMillis: 5000,
    statement_timeout: 15_000,
    // A BFF that hangs in the middle of a transaction must not keep its locks from the others.
    idle_in_transaction_session_timeout: 10_000,
    application_name: 'parapet',
  });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  // So would one that breaks while it is in use, in a transaction between two statements; the next statement rejects.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  try {
    await sql`select 1`.execute(db);
  } catch (cause) {
    await db.destroy();
    throw cause;
  }
  const notifications = new Notifications(url);
  let closing: Promise<void> | undefined;
  return {
    kind: 'postgres',
    db,
    listen: (channel, listener) => notifications.listen(channel, listener),
    async ping() {
      await sql`select 1`.execute(db);
    },
    close: () =>
      (closing ??= (async () => {
        await notifications.close();
        await db.destroy();
      })()),
  };
}

/** One connection that listens for everybody in this process, made anew whenever it breaks. */
class Notifications {
  readonly #url: string;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #closing = new AbortController();
  #client: Promise<pg.Client> | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  async listen(channel: string, listener: Listener): Promise<() => Promise<void>> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    try {
      const client = await (this.#client ??= this.#connect());
      await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (cause) {
      listeners.delete(listener);
      throw cause;
    }
    return () => {
      listeners.delete(listener);
      return Promise.resolve();
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const client = await this.#client?.catch(() => undefined);
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#url,
      keepAlive: true,
      connectionTimeoutMillis: 5000,
      application_name: 'parapet news',
    });
    client.on('notification', ({ channel, payload }) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener.onText(payload ?? '');
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      for (const channel of this.#listeners.keys())
        await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (cause) {
      this.#client = undefined;
      await client.end().catch(() => undefined);
      throw cause;
    }
    client.once('end', () => {
      if (this.#closing.signal.aborted) return;
      this.#client = this.#reconnect();
      // Rejects only when the store is closed meanwhile.
      this.#client.catch(() => undefined);
    });
    return client;
  }

  /** Tries until it stands or the store is closed; then everybody is told that texts may be missing. */
  async #reconnect(): Promise<pg.Client> {
    for (let attempt = 0; ; attempt += 1) {
      await sleep(Math.random() * Math.min(longestPauseMs, 250 * 2 ** attempt), undefined, {
        signal: this.#closing.signal,
      });
      const client = await this.#connect().catch(() => undefined);
      if (client === undefined) continue;
      for (const listeners of this.#listeners.values()) for (const listener of listeners) listener.onGap();
      return client;
    }
  }
}
