import { sql } from 'kysely';
import { publish } from '#server/news/envelope.ts';
import type { Db } from '#server/store/store.ts';
import type { VmsDirectory } from '#server/vms/vms.ts';
import { assignNumbers } from './numbers.ts';

interface CameraRow {
  readonly id: string;
  readonly vms_id: string;
  readonly number: number;
  readonly name: string;
  readonly name_ar: string | null;
  readonly group_ids: readonly string[];
  readonly streams: readonly unknown[];
  readonly has_ptz: boolean;
}

interface GroupRow {
  readonly id: string;
  readonly vms_id: string;
  readonly name: string;
  readonly name_ar: string | null;
  readonly parent_id: string | null;
}

/** What a reading of a VMS has changed. */
export interface Applied {
  readonly hasChanged: boolean;
  /** Cameras whose id another VMS uses already: left out. */
  readonly conflicts: readonly string[];
}

// Postgres orders the keys of jsonb by itself: compare content, not spelling.
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/**
 * Makes the tables say what the VMS said, in one transaction: new cameras get numbers, absent ones are marked as
 * removed, and when anything changed everybody is told to read the directory again.
 */
export async function applyDirectory(
  db: Db,
  vmsId: string,
  read: VmsDirectory,
  now: number,
): Promise<Applied> {
  return await db.transaction().execute(async (trx) => {
    // One reading at a time: numbers are given out under this lock.
    await trx.selectFrom('directory_version').select('version').forUpdate().execute();
    const groups = await applyGroups(trx, vmsId, read);
    const cameras = await applyCameras(trx, vmsId, read);
    const hasChanged = groups || cameras.hasChanged;
    if (hasChanged) {
      await touchDirectory(trx);
      await publish(trx, { kind: 'news', news: { kind: 'directory' } });
    }
    await trx
      .updateTable('vms')
      .set({
        synced_at: now,
        attempted_at: now,
        since: sql`case when is_up then since else ${now}::int8 end`,
        is_up: true,
      })
      .where('id', '=', vmsId)
      .execute();
    return { hasChanged, conflicts: cameras.conflicts };
  });
}

/** Every copy of the directory in memory is old from the commit on. */
export async function touchDirectory(db: Db): Promise<void> {
  await db
    .updateTable('directory_version')
    .set({ version: sql`version + 1` })
    .execute();
}

async function applyGroups(db: Db, vmsId: string, read: VmsDirectory): Promise<boolean> {
  const known = await db.selectFrom('camera_groups').selectAll().where('vms_id', '=', vmsId).execute();
  const before = new Map(known.map((row) => [row.id, canonical(row)]));
  const rows = read.groups.map((group): GroupRow => ({
    id: group.id,
    vms_id: vmsId,
    name: group.name,
    name_ar: group.nameAr ?? null,
    parent_id: group.parentId ?? null,
  }));
  const changed = rows.filter((row) => before.get(row.id) !== canonical(row));
  const gone = [...before.keys()].filter((id) => !rows.some((row) => row.id === id));
  if (changed.length > 0)
    await sql`
      insert into camera_groups (id, vms_id, name, name_ar, parent_id)
      select id, vms_id, name, name_ar, parent_id from jsonb_to_recordset(${JSON.stringify(changed)}::jsonb)
        as row (id text, vms_id text, name text, name_ar text, parent_id text)
      on conflict (id) do update set (name, name_ar, parent_id) = (excluded.name, excluded.name_ar, excluded.parent_id)
        where camera_groups.vms_id = excluded.vms_id`.execute(db);
  if (gone.length > 0) await db.deleteFrom('camera_groups').where('id', 'in', gone).execute();
  return changed.length > 0 || gone.length > 0;
}

async function applyCameras(db: Db, vmsId: string, read: VmsDirectory): Promise<Applied> {
  const known = await db
    .selectFrom('cameras')
    .select(['id', 'vms_id', 'number', 'name', 'name_ar', 'group_ids', 'streams', 'has_ptz', 'is_removed'])
    .execute();
  const knownById = new Map(known.map((row) => [row.id, row]));
  const isOthers = (id: string): boolean => {
    const row = knownById.get(id);
    return row !== undefined && row.vms_id !== vmsId && !row.is_removed;
  };
  const conflicts = read.cameras.filter(({ id }) => isOthers(id)).map(({ id }) => id);
  const cameras = [
    ...new Map(read.cameras.filter(({ id }) => !isOthers(id)).map((camera) => [camera.id, camera])).values(),
  ];
  const present = new Set(cameras.map(({ id }) => id));
  const numbers = assignNumbers(
    cameras.map(({ id, name, number }) => ({ id, name, wanted: number, had: knownById.get(id)?.number })),
    new Set(known.filter(({ id }) => !present.has(id)).map(({ number }) => number)),
  );
  const rows = cameras.map((camera): CameraRow => ({
    id: camera.id,
    vms_id: vmsId,
    number: numbers.get(camera.id) ?? 0,
    name: camera.name,
    name_ar: camera.nameAr ?? null,
    group_ids: camera.groupIds,
    streams: camera.streams,
    has_ptz: camera.hasPtz,
  }));
  const changed = rows.filter(
    (row) => canonical({ ...row, is_removed: false }) !== canonical(knownById.get(row.id)),
  );
  const gone = known.filter((row) => row.vms_id === vmsId && !row.is_removed && !present.has(row.id));
  if (changed.length > 0)
    await sql`
      insert into cameras (id, vms_id, number, name, name_ar, group_ids, streams, has_ptz)
      select id, vms_id, number, name, name_ar,
        array(select jsonb_array_elements_text(group_ids)), streams, has_ptz
      from jsonb_to_recordset(${JSON.stringify(changed)}::jsonb)
        as row (id text, vms_id text, number int, name text, name_ar text, group_ids jsonb, streams jsonb, has_ptz boolean)
      on conflict (id) do update set
        (vms_id, number, name, name_ar, group_ids, streams, has_ptz, is_removed) =
        (excluded.vms_id, excluded.number, excluded.name, excluded.name_ar, excluded.group_ids, excluded.streams,
          excluded.has_ptz, false)`.execute(db);
  if (gone.length > 0)
    await db
      .updateTable('cameras')
      .set({ is_removed: true })
      .where(
        'id',
        'in',
        gone.map(({ id }) => id),
      )
      .execute();
  return { hasChanged: changed.length > 0 || gone.length > 0, conflicts };
}

/** The systems that are configured now: cameras of any other are marked as removed. */
export async function claimSystems(db: Db, vmsIds: readonly string[], now: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    for (const id of vmsIds)
      await trx
        .insertInto('vms')
        .values({ id, synced_at: null, attempted_at: null, is_up: false, since: now })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    const others = await trx
      .selectFrom('vms')
      .select('id')
      .where('id', 'not in', [...vmsIds, ''])
      .execute();
    if (others.length === 0) return;
    const gone = others.map(({ id }) => id);
    await trx.deleteFrom('vms').where('id', 'in', gone).execute();
    await trx.deleteFrom('camera_groups').where('vms_id', 'in', gone).execute();
    await trx.updateTable('cameras').set({ is_removed: true }).where('vms_id', 'in', gone).execute();
    await touchDirectory(trx);
  });
}
