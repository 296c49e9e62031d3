import { randomBytes } from 'node:crypto';
import type { Right, Role } from '#contract/account.ts';
import type { Db } from '#server/store/store.ts';
import { hashPassword, isPassword } from './passwords.ts';
import { createUser, findUser } from './users.ts';

/** The database was begun by a demo and now a real site shall use it, or the other way round. */
export class WrongSiteError extends Error {
  override readonly name = 'WrongSiteError';
}

/** Marks the database at its first start, and refuses a demo on a real site's database and vice versa. */
export async function claimSite(db: Db, kind: 'demo' | 'real'): Promise<void> {
  await db
    .insertInto('site')
    .values({ kind })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { kind: found } = await db.selectFrom('site').select('kind').executeTakeFirstOrThrow();
  if (found !== kind)
    throw new WrongSiteError(
      kind === 'demo'
        ? 'This database belongs to a real site. The demo, whose passwords are known, does not start on it: configure a VMS, or use another database.'
        : 'This database was begun by the demo, whose passwords are known. Use another database for a real site.',
    );
}

interface DemoAccount {
  readonly name: Role;
  readonly displayName: string;
  /** By agency name; `*` is everything. */
  readonly rights: readonly (readonly [string, readonly Right[]])[];
}

const demoAccounts: readonly DemoAccount[] = [
  {
    name: 'administrator',
    displayName: 'Administrator',
    rights: [['*', ['live', 'playback', 'export', 'ptz']]],
  },
  {
    name: 'operator',
    displayName: 'Operator',
    rights: ['Police', 'Metro', 'Bus', 'Others'].map(
      (agency) => [agency, ['live', 'playback', 'ptz']] as const,
    ),
  },
  { name: 'investigator', displayName: 'Investigator', rights: [['*', ['live', 'playback', 'export']]] },
  {
    name: 'kiosk',
    displayName: 'Kiosk',
    rights: [
      ['Metro', ['live']],
      ['Bus', ['live']],
    ],
  },
];

/** Makes the demo's accounts where they are missing, and gives all of them the demo's password. */
export async function seedDemoAccounts(db: Db, password: string, now: number): Promise<void> {
  const passwordHash = await hashPassword(password);
  for (const { name, displayName, rights } of demoAccounts) {
    const known = await findUser(db, name);
    if (known === undefined)
      await createUser(
        db,
        {
          name,
          displayName,
          role: name,
          passwordHash,
          grants: rights
            .filter(([agency]) => agency === '*')
            .map(([groupId, granted]) => ({ groupId, rights: [...granted] })),
          // Ids of agencies come with the first reading of the VMS.
          pendingGrants: rights
            .filter(([agency]) => agency !== '*')
            .map(([groupName, granted]) => ({ groupName, rights: granted })),
        },
        now,
      );
    else if (!(await isPassword(password, known.passwordHash)))
      await db
        .updateTable('users')
        .set({ password_hash: passwordHash })
        .where('id', '=', known.user.id)
        .execute();
  }
}

/**
 * Makes the first administrator when there is no user at all. Gives the password when it had to make one up: for
 * the person at the terminal, once, and for nobody else.
 */
export async function seedAdministrator(
  db: Db,
  password: string | undefined,
  now: number,
): Promise<string | undefined> {
  const anybody = await db.selectFrom('users').select('id').limit(1).executeTakeFirst();
  if (anybody !== undefined) return undefined;
  const chosen = password ?? randomBytes(15).toString('base64url');
  await createUser(
    db,
    {
      name: 'administrator',
      displayName: 'Administrator',
      role: 'administrator',
      passwordHash: await hashPassword(chosen),
      grants: [{ groupId: '*', rights: ['live', 'playback', 'export', 'ptz'] }],
    },
    now,
  );
  return password === undefined ? chosen : undefined;
}
