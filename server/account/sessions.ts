import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Role, User } from '#contract/account.ts';
import type { Principal } from '#server/http/principal.ts';
import type { Db } from '#server/store/store.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** How long a session lives without a request, and at most. */
export const lifetimes = (role: Role): { readonly idleMs: number; readonly totalMs: number } =>
  role === 'kiosk' ? { idleMs: 30 * day, totalMs: 365 * day } : { idleMs: 12 * hour, totalMs: 7 * day };

/** Being seen is written down at most this often. */
const seenEveryMs = 60_000;

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

const expiryOf = (role: Role, signedInAt: number, seenAt: number): number => {
  const { idleMs, totalMs } = lifetimes(role);
  return Math.min(seenAt + idleMs, signedInAt + totalMs);
};

/** Begins a session. The token (256 random bits, base64url) goes into the cookie and is kept nowhere. */
export async function beginSession(
  db: Db,
  user: User,
  now: number,
): Promise<{ readonly token: string; readonly principal: Principal }> {
  const token = randomBytes(32).toString('base64url');
  const principal = {
    sessionId: randomUUID(),
    user,
    signedInAt: now,
    expiresAt: expiryOf(user.role, now, now),
  };
  await db
    .insertInto('sessions')
    .values({
      id: principal.sessionId,
      token_hash: hashOf(token),
      user_id: user.id,
      signed_in_at: now,
      seen_at: now,
      expires_at: principal.expiresAt,
    })
    .execute();
  return { token, principal };
}

const sessionQuery = (db: Db, now: number) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'sessions.id as sessionId',
      'sessions.signed_in_at as signedInAt',
      'sessions.seen_at as seenAt',
      'sessions.expires_at as expiresAt',
      'users.id as userId',
      'users.name',
      'users.display_name as displayName',
      'users.role',
      'users.grants',
    ])
    .where('sessions.expires_at', '>', now);

type Row = NonNullable<Awaited<ReturnType<ReturnType<typeof sessionQuery>['executeTakeFirst']>>>;

const principalOf = ({
  sessionId,
  signedInAt,
  expiresAt,
  userId,
  name,
  displayName,
  role,
  grants,
}: Row): Principal => ({
  sessionId,
  signedInAt,
  expiresAt,
  user: { id: userId, name, displayName, role, grants },
});

/** Whose session the token opens; being asked keeps it alive. */
export async function findSession(db: Db, token: string, now: number): Promise<Principal | undefined> {
  const row = await sessionQuery(db, now).where('token_hash', '=', hashOf(token)).executeTakeFirst();
  if (row === undefined) return undefined;
  const principal = principalOf(row);
  if (now - row.seenAt < seenEveryMs) return principal;
  const expiresAt = expiryOf(row.role, row.signedInAt, now);
  await db
    .updateTable('sessions')
    .set({ seen_at: now, expires_at: expiresAt })
    .where('id', '=', row.sessionId)
    .execute();
  return { ...principal, expiresAt };
}

/** The session by its id, without keeping it alive: for those who watch it from within. */
export async function readSession(db: Db, sessionId: string, now: number): Promise<Principal | undefined> {
  const row = await sessionQuery(db, now).where('sessions.id', '=', sessionId).executeTakeFirst();
  return row === undefined ? undefined : principalOf(row);
}

/** Ends one session, or all of a user; gives the ids of those that have ended. */
export async function endSessions(
  db: Db,
  which: { readonly sessionId: string } | { readonly userId: string },
): Promise<string[]> {
  const ended = await db
    .deleteFrom('sessions')
    .$if('sessionId' in which, (query) => query.where('id', '=', (which as { sessionId: string }).sessionId))
    .$if('userId' in which, (query) => query.where('user_id', '=', (which as { userId: string }).userId))
    .returning('id')
    .execute();
  return ended.map(({ id }) => id);
}

/** Removes sessions that have run out; gives their ids. */
export async function removeExpiredSessions(db: Db, now: number): Promise<string[]> {
  const expired = await db.deleteFrom('sessions').where('expires_at', '<=', now).returning('id').execute();
  return expired.map(({ id }) => id);
}
