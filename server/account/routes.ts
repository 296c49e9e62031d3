import { record } from '#server/audit/audit.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Gate, Handlers } from '#server/http/routing.ts';
import { publish } from '#server/news/envelope.ts';
import type { Db, Store } from '#server/store/store.ts';
import { readSessionCookie, removedCookie, sessionCookie } from './cookie.ts';
import { isPassword } from './passwords.ts';
import { beginSession, endSessions, findSession, lifetimes } from './sessions.ts';
import { attemptKeys, attemptSucceeded, beginAttempt } from './throttle.ts';
import { changeUser, findUser, listUsers } from './users.ts';

export interface AccountParts {
  readonly store: Store;
  readonly now: () => number;
  /** Sessions or rights were lost: closes the pictures that depended on them. Returns before that is done. */
  readonly afterLoss: () => void;
}

/** Tells a request's session from its cookie. */
export const authenticator =
  (store: Store): Gate['authenticate'] =>
  async (cookieHeader, isSecure, now) => {
    const token = readSessionCookie(cookieHeader, isSecure);
    return token === undefined ? undefined : await findSession(store.db, token, now);
  };

type AccountRoutes = Pick<
  Handlers,
  'signIn' | 'readSession' | 'signOut' | 'signOutEverywhere' | 'listUsers' | 'changeUser' | 'signOutUser'
>;

export function accountRoutes({ store, now, afterLoss }: AccountParts): AccountRoutes {
  const { db } = store;

  /** Ends sessions and tells their pages, in one transaction. */
  const end = async (trx: Db, which: Parameters<typeof endSessions>[1]): Promise<void> => {
    const sessions = await endSessions(trx, which);
    if (sessions.length > 0) await publish(trx, { kind: 'sessions-ended', sessions });
  };

  return {
    async signIn({ body: { name, password }, origin, setHeader, cookieHeader }) {
      const keys = attemptKeys(name, origin.address);
      const waitMs = await beginAttempt(db, keys, now());
      if (waitMs > 0) throw new Refusal('slow-down', { retryAfterS: Math.ceil(waitMs / 1000) });
      const found = await findUser(db, name);
      if (!(await isPassword(password, found?.passwordHash)) || found === undefined) {
        await record(db, now(), {
          kind: 'sign-in-refused',
          user: undefined,
          details: { address: origin.address, name: name.toLowerCase() },
        });
        throw new Refusal('wrong-credentials');
      }
      await attemptSucceeded(db, keys);
      // The browser's earlier session goes with its cookie: nobody could end it any more.
      const earlier = await authenticator(store)(cookieHeader, origin.isSecure, now());
      const { token, principal } = await db.transaction().execute(async (trx) => {
        if (earlier !== undefined) await end(trx, { sessionId: earlier.sessionId });
        await record(trx, now(), {
          kind: 'signed-in',
          user: found.user,
          details: { address: origin.address },
        });
        return await beginSession(trx, found.user, now());
      });
      if (earlier !== undefined) afterLoss();
      const { role } = found.user;
      const maxAgeS = role === 'kiosk' ? lifetimes(role).totalMs / 1000 : undefined;
      setHeader('set-cookie', sessionCookie(token, origin.isSecure, maxAgeS));
      return principal;
    },

    readSession: ({ principal }) => principal,

    async signOut({ principal, origin, setHeader }) {
      await db.transaction().execute(async (trx) => {
        await end(trx, { sessionId: principal.sessionId });
        await record(trx, now(), {
          kind: 'signed-out',
          user: principal.user,
          details: { address: origin.address },
        });
      });
      afterLoss();
      setHeader('set-cookie', removedCookie(origin.isSecure));
    },

    async signOutEverywhere({ principal, origin, setHeader }) {
      await db.transaction().execute(async (trx) => {
        await end(trx, { userId: principal.user.id });
        await record(trx, now(), {
          kind: 'signed-out',
          user: principal.user,
          details: { address: origin.address },
        });
      });
      afterLoss();
      setHeader('set-cookie', removedCookie(origin.isSecure));
    },

    listUsers: () => listUsers(db),

    async changeUser({ params, body, principal }) {
      const after = await db.transaction().execute(async (trx) => {
        const change = await changeUser(trx, params.userId, body);
        await record(trx, now(), {
          kind: 'user-changed',
          user: principal.user,
          details: { subject: params.userId, before: change.before, after: change.after },
        });
        await publish(trx, { kind: 'users-changed', users: [params.userId] });
        return change.after;
      });
      afterLoss();
      return after;
    },

    async signOutUser({ params, principal }) {
      const isKnown = await db
        .selectFrom('users')
        .select('id')
        .where('id', '=', params.userId)
        .executeTakeFirst();
      if (isKnown === undefined) throw new Refusal('not-found');
      await db.transaction().execute(async (trx) => {
        await end(trx, { userId: params.userId });
        await record(trx, now(), {
          kind: 'user-signed-out',
          user: principal.user,
          details: { subject: params.userId },
        });
      });
      afterLoss();
    },
  };
}
