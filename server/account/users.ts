import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Role, User, UserChange } from '#contract/account.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { PendingGrant } from '#server/store/schema.ts';
import type { Db } from '#server/store/store.ts';

/** A transaction of its own, unless the caller is in one already. */
const inTransaction = <T>(db: Db, work: (trx: Db) => Promise<T>): Promise<T> =>
  db.isTransaction ? work(db) : db.transaction().execute(work);

const columns = ['id', 'name', 'display_name as displayName', 'role', 'grants'] as const;

export const listUsers = (db: Db): Promise<User[]> =>
  db.selectFrom('users').select(columns).orderBy('name').execute();

/** The user and the hash to check a password against. Names are compared without case. */
export async function findUser(
  db: Db,
  name: string,
): Promise<{ readonly user: User; readonly passwordHash: string } | undefined> {
  const row = await db
    .selectFrom('users')
    .select([...columns, 'password_hash as passwordHash'])
    .where('name', '=', name.toLowerCase())
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { passwordHash, ...user } = row;
  return { user, passwordHash };
}

export async function createUser(
  db: Db,
  user: Omit<User, 'id' | 'grants'> & {
    readonly grants?: User['grants'];
    readonly pendingGrants?: readonly PendingGrant[];
    readonly passwordHash: string;
  },
  now: number,
): Promise<void> {
  await db
    .insertInto('users')
    .values({
      id: randomUUID(),
      name: user.name.toLowerCase(),
      display_name: user.displayName,
      role: user.role,
      password_hash: user.passwordHash,
      grants: JSON.stringify(user.grants ?? []),
      pending_grants: JSON.stringify(user.pendingGrants ?? []),
      created_at: now,
    })
    // Two BFFs at their first start: one of them is first.
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
}

/**
 * Changes a user; gives what was and what is. Throws a {@link Refusal}: `not-found`, or `invalid-request` when
 * nobody would be left to administer.
 */
export async function changeUser(
  db: Db,
  userId: string,
  change: UserChange,
): Promise<{ readonly before: User; readonly after: User }> {
  return await inTransaction(db, async (trx) => {
    // All administrators are locked, so that two cannot depose each other at the same moment.
    const rows = await trx
      .selectFrom('users')
      .select(columns)
      .where((where) =>
        where.or([where('id', '=', userId), where('role', '=', 'administrator' satisfies Role)]),
      )
      .orderBy('id')
      .forUpdate()
      .execute();
    const before = rows.find(({ id }) => id === userId);
    if (before === undefined) throw new Refusal('not-found');
    const isLast = rows.every(({ id, role }) => id === userId || role !== 'administrator');
    if (before.role === 'administrator' && isLast && (change.role ?? 'administrator') !== 'administrator')
      throw new Refusal('invalid-request', {
        issues: [{ path: 'role', message: 'must stay administrator: there is no other' }],
      });
    const after: User = {
      ...before,
      displayName: change.displayName ?? before.displayName,
      role: change.role ?? before.role,
      grants: change.grants ?? before.grants,
    };
    await trx
      .updateTable('users')
      .set({
        display_name: after.displayName,
        role: after.role,
        grants: JSON.stringify(after.grants),
        // What somebody set by hand is not added to later.
        ...(change.grants === undefined ? {} : { pending_grants: '[]' }),
      })
      .where('id', '=', userId)
      .execute();
    return { before, after };
  });
}

/** Turns grants on agencies known by name into grants on their ids; gives the users who gained some. */
export async function resolvePendingGrants(db: Db): Promise<string[]> {
  return await db.transaction().execute(async (trx) => {
    const agencies = await trx
      .selectFrom('camera_groups')
      .select(['id', 'name'])
      .where('parent_id', 'is', null)
      .execute();
    const idOf = new Map(agencies.map(({ id, name }) => [name.toLowerCase(), id]));
    const users = await trx
      .selectFrom('users')
      .select(['id', 'grants', 'pending_grants'])
      .where(sql<boolean>`jsonb_array_length(pending_grants) > 0`)
      .orderBy('id')
      .forUpdate()
      .execute();
    const changed: string[] = [];
    for (const { id, grants, pending_grants } of users) {
      const found = pending_grants.flatMap(({ groupName, rights }) => {
        const groupId = idOf.get(groupName.toLowerCase());
        return groupId === undefined ? [] : [{ groupName, groupId, rights: [...rights] }];
      });
      if (found.length === 0) continue;
      changed.push(id);
      await trx
        .updateTable('users')
        .set({
          grants: JSON.stringify([...grants, ...found.map(({ groupId, rights }) => ({ groupId, rights }))]),
          pending_grants: JSON.stringify(
            pending_grants.filter(({ groupName }) => !found.some((one) => one.groupName === groupName)),
          ),
        })
        .where('id', '=', id)
        .execute();
    }
    return changed;
  });
}
