import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { eventually } from '#server/testing/eventually.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openStore } from './open-store.ts';
import { databases, postgres, type TestStore, titleOf } from './testing/databases.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const user = (name: string) => ({
  id: randomUUID(),
  name,
  display_name: name,
  role: 'operator' as const,
  password_hash: '',
  grants: JSON.stringify([{ groupId: '*', rights: ['live'] }]),
  pending_grants: '[]',
  created_at: 1_795_190_621_387,
});

describe.each(databases)('the store', (database) => {
  describe.skipIf(database.missing !== undefined)(titleOf(database), () => {
    let held: TestStore;
    beforeAll(async () => {
      held = await database.open();
    });
    afterAll(() => held.close());
    beforeEach(() => held.empty());

    it('gives back moments, lists and objects as they were put in', async () => {
      const { db } = held.store;
      await db.insertInto('users').values(user('anna')).execute();
      const read = await db.selectFrom('users').selectAll().executeTakeFirstOrThrow();
      expect(read).toMatchObject({
        created_at: 1_795_190_621_387,
        grants: [{ groupId: '*', rights: ['live'] }],
        pending_grants: [],
      });
    });

    it('keeps other statements out of an open transaction', async () => {
      const { db } = held.store;
      const between: Promise<unknown>[] = [];
      await db
        .transaction()
        .execute(async (trx) => {
          await trx.insertInto('users').values(user('rolled-back')).execute();
          between.push(db.insertInto('users').values(user('kept')).execute());
          throw new Error('no');
        })
        .catch(() => undefined);
      await Promise.all(between);
      const names = await db.selectFrom('users').select('name').execute();
      expect(names).toEqual([{ name: 'kept' }]);
    });

    it('tells listeners what was published, after the commit and not after a rollback', async () => {
      const { store } = held;
      const heard: string[] = [];
      const stop = await store.listen('test', { onText: (text) => heard.push(text), onGap: () => undefined });
      await store.db
        .transaction()
        .execute(async (trx) => {
          await sql`select pg_notify('test', 'never')`.execute(trx);
          throw new Error('no');
        })
        .catch(() => undefined);
      await store.db.transaction().execute(async (trx) => {
        await sql`select pg_notify('test', 'first')`.execute(trx);
      });
      await sql`select pg_notify('test', 'second')`.execute(store.db);
      await eventually(() => heard).toEqual(['first', 'second']);
      await stop();
      await sql`select pg_notify('test', 'third')`.execute(store.db);
      await store.ping();
      expect(heard).toEqual(['first', 'second']);
    });

    it('does not let anybody change or delete the audit trail', async () => {
      const { db } = held.store;
      await db.insertInto('audit').values({ at: 1, kind: 'signed-in', details: '{}' }).execute();
      await expect(db.updateTable('audit').set({ kind: 'x' }).execute()).rejects.toThrow(/cannot be changed/);
      await expect(db.deleteFrom('audit').execute()).rejects.toThrow(/cannot be changed/);
    });

    it('closes twice without complaint', async () => {
      const other = await database.open();
      await other.close();
      await expect(other.store.close()).resolves.toBeUndefined();
    });
  });
});

describe.skipIf(postgres.missing !== undefined)('a store that several BFFs share, on Postgres', () => {
  let held: TestStore;
  beforeAll(async () => {
    held = await postgres.open();
  });
  afterAll(() => held.close());

  it('migrates once when two open it at the same moment, and carries texts between them', async () => {
    await sql`drop schema public cascade`.execute(held.store.db);
    await sql`create schema public`.execute(held.store.db);
    const [one, two] = await Promise.all([held.another(), held.another()]);
    const heard: string[] = [];
    await two.listen('test', { onText: (text) => heard.push(text), onGap: () => undefined });
    await sql`select pg_notify('test', 'hello')`.execute(one.db);
    await eventually(() => heard).toEqual(['hello']);
  });

  it('listens again after the connection was lost, and says that something may be missing', async () => {
    const heard: string[] = [];
    let gaps = 0;
    await held.store.listen('test', { onText: (text) => heard.push(text), onGap: () => (gaps += 1) });
    await held.disconnectAll();
    await eventually(() => gaps).toBe(1);
    await sql`select pg_notify('test', 'again')`.execute(held.store.db);
    await eventually(() => heard).toEqual(['again']);
  });

  it('says so when nobody answers', async () => {
    await expect(openStore({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none' })).rejects.toThrow(
      /DATABASE_URL/,
    );
  });
});
