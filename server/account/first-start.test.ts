import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { applyDirectory, claimSystems } from '#server/cameras/apply-directory.ts';
import { pglite, type TestStore } from '#server/store/testing/databases.ts';
import { vmsCamera } from '#server/testing/fake-vms.ts';
import { seedDemoWalls } from '#server/walls/demo-walls.ts';
import { claimSite, seedAdministrator, seedDemoAccounts, WrongSiteError } from './first-start.ts';
import { isPassword } from './passwords.ts';
import { findUser, listUsers, resolvePendingGrants } from './users.ts';

// A database starts in a second; on a machine that does much else, in many.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let held: TestStore;
beforeAll(async () => {
  held = await pglite.open();
});
afterAll(() => held.close());
beforeEach(() => held.empty());

const city = {
  groups: ['Police', 'Metro', 'Bus', 'Others'].map((name) => ({ id: name.toLowerCase(), name })),
  cameras: [vmsCamera('k1', ['metro'], { name: 'Al Souq Station, platform 1' })],
};

describe('the demo', () => {
  it('makes its four accounts once, and a new password reaches all of them', async () => {
    const { db } = held.store;
    await seedDemoAccounts(db, 'first password', 1);
    await seedDemoAccounts(db, 'second password', 2);
    expect((await listUsers(db)).map(({ name, role }) => [name, role])).toEqual([
      ['administrator', 'administrator'],
      ['investigator', 'investigator'],
      ['kiosk', 'kiosk'],
      ['operator', 'operator'],
    ]);
    for (const { name } of await listUsers(db)) {
      const hash = (await findUser(db, name))?.passwordHash;
      expect([await isPassword('first password', hash), await isPassword('second password', hash)]).toEqual([
        false,
        true,
      ]);
    }
  });

  it('grants agencies by their ids as soon as the recorder has told them, once', async () => {
    const { db } = held.store;
    await seedDemoAccounts(db, 'password', 1);
    expect((await findUser(db, 'kiosk'))?.user.grants).toEqual([]);
    expect(await resolvePendingGrants(db)).toEqual([]);
    await claimSystems(db, ['demo'], 1);
    await applyDirectory(db, 'demo', { ...city, groups: city.groups.slice(0, 2) }, 2);
    expect(await resolvePendingGrants(db)).toHaveLength(2);
    expect((await findUser(db, 'kiosk'))?.user.grants).toEqual([{ groupId: 'metro', rights: ['live'] }]);
    await applyDirectory(db, 'demo', city, 3);
    await resolvePendingGrants(db);
    expect(await resolvePendingGrants(db)).toEqual([]);
    expect((await findUser(db, 'kiosk'))?.user.grants.map(({ groupId }) => groupId)).toEqual([
      'metro',
      'bus',
    ]);
    expect((await findUser(db, 'operator'))?.user.grants.map(({ groupId }) => groupId)).toEqual([
      'police',
      'metro',
      'bus',
      'others',
    ]);
  });

  it('makes its walls once its cameras are known, and not again when they were deleted', async () => {
    const { db } = held.store;
    await claimSite(db, 'demo');
    await seedDemoAccounts(db, 'password', 1);
    await seedDemoWalls(db, 1);
    expect(await db.selectFrom('walls').select('id').execute()).toEqual([]);
    await claimSystems(db, ['demo'], 1);
    await applyDirectory(db, 'demo', city, 2);
    await seedDemoWalls(db, 2);
    const walls = await db.selectFrom('walls').selectAll().orderBy('name').execute();
    expect(walls.map(({ name, is_shared }) => [name, is_shared])).toEqual([
      ['Buses on line 8', true],
      ['City overview', true],
      ['Metro platforms', true],
      ['Shore Road', true],
    ]);
    expect(walls[1]?.content.cameraIds).toHaveLength(16);
    expect(walls[1]?.content.cameraIds[1]).toBe('k1');
    await db.deleteFrom('walls').execute();
    await seedDemoWalls(db, 3);
    expect(await db.selectFrom('walls').select('id').execute()).toEqual([]);
  });
});

describe('a real site', () => {
  it('gets one administrator, with the configured password', async () => {
    expect(await seedAdministrator(held.store.db, 'from the environment', 1)).toBeUndefined();
    const found = await findUser(held.store.db, 'administrator');
    expect(await isPassword('from the environment', found?.passwordHash)).toBe(true);
  });

  it('or with a made-up one, told once', async () => {
    const told = await seedAdministrator(held.store.db, undefined, 1);
    expect(told).toMatch(/^[\w-]{20}$/);
    expect(await isPassword(told ?? '', (await findUser(held.store.db, 'administrator'))?.passwordHash)).toBe(
      true,
    );
    expect(await seedAdministrator(held.store.db, undefined, 2)).toBeUndefined();
    expect(await listUsers(held.store.db)).toHaveLength(1);
  });

  it('never runs on the demo’s database, nor the demo on a real site’s', async () => {
    await claimSite(held.store.db, 'real');
    await claimSite(held.store.db, 'real');
    await expect(claimSite(held.store.db, 'demo')).rejects.toThrow(WrongSiteError);
  });
});
