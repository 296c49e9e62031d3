import { randomUUID } from 'node:crypto';
import type { User } from '#contract/account.ts';
import type { Wall, WallChange, WallContent, WallDraft } from '#contract/wall.ts';
import { isAllowed, type Snapshot } from '#server/cameras/directory.ts';
import { Refusal } from '#server/http/refusal.ts';
import { publish } from '#server/news/envelope.ts';
import type { Db } from '#server/store/store.ts';
import { keepHidden, shownTo } from './hidden-cells.ts';

type Reader = Pick<User, 'id' | 'role' | 'grants'>;

const wallRows = (db: Db) =>
  db
    .selectFrom('walls as w')
    .innerJoin('users as u', 'u.id', 'w.owner_id')
    .select([
      'w.id',
      'w.name',
      'w.is_shared as isShared',
      'w.owner_id as ownerId',
      'u.display_name as ownerName',
      'w.version',
      'w.saved_at as savedAt',
      'w.content',
    ]);
type Row = Awaited<ReturnType<ReturnType<typeof wallRows>['execute']>>[number];

/** Private walls are the owner's alone, administrators included. */
const maySee = (user: Reader, row: Pick<Row, 'isShared' | 'ownerId'>): boolean =>
  row.isShared || row.ownerId === user.id;
const mayEdit = (user: Reader, row: Pick<Row, 'isShared' | 'ownerId'>): boolean =>
  row.ownerId === user.id || (row.isShared && user.role === 'administrator');

const mayShowTo =
  (user: Reader, { cameras }: Snapshot) =>
  (cameraId: string): boolean => {
    const camera = cameras.get(cameraId);
    return camera !== undefined && isAllowed(user, camera, 'live');
  };

function wallFor(user: Reader, { ownerId, ...row }: Row, snapshot: Snapshot): Wall {
  const { layout, cameraIds } = row.content;
  return {
    ...row,
    canEdit: mayEdit(user, { isShared: row.isShared, ownerId }),
    content: { layout, cameraIds: shownTo(cameraIds, mayShowTo(user, snapshot)) },
  };
}

export async function listWalls(db: Db, user: Reader, snapshot: Snapshot): Promise<Wall[]> {
  const rows = await wallRows(db)
    .where((where) => where.or([where('w.is_shared', '=', true), where('w.owner_id', '=', user.id)]))
    .orderBy('w.name')
    .orderBy('w.id')
    .execute();
  return rows.map((row) => wallFor(user, row, snapshot));
}

/** Throws `not-found` for walls that are not this person's to see. */
export async function readWall(db: Db, user: Reader, id: string, snapshot: Snapshot): Promise<Wall> {
  const row = await wallRows(db).where('w.id', '=', id).executeTakeFirst();
  if (row === undefined || !maySee(user, row)) throw new Refusal('not-found');
  return wallFor(user, row, snapshot);
}

/** A wall names only cameras that its saver may watch: their ids are no secret to be probed for. */
function checkCameras(user: Reader, { cameraIds }: WallContent, snapshot: Snapshot): void {
  const mayShow = mayShowTo(user, snapshot);
  if (!cameraIds.every((id) => id === null || mayShow(id)))
    throw new Refusal('not-permitted', { detail: 'The wall names cameras that are not yours to see live.' });
}

export async function createWall(
  db: Db,
  user: Reader,
  draft: WallDraft,
  snapshot: Snapshot,
  now: number,
): Promise<Wall> {
  checkCameras(user, draft.content, snapshot);
  const id = randomUUID();
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('walls')
      .values({
        id,
        name: draft.name,
        is_shared: draft.isShared,
        owner_id: user.id,
        version: 1,
        saved_at: now,
        content: JSON.stringify(draft.content),
      })
      .execute();
    await publish(trx, {
      kind: 'news',
      news: { kind: 'wall', wallId: id, change: 'saved', version: 1 },
      ...(draft.isShared ? {} : { user: user.id }),
    });
  });
  return await readWall(db, user, id, snapshot);
}

/** The row, locked, if this person may change it; `not-found` or `not-permitted`. */
async function lockWall(db: Db, user: Reader, id: string) {
  const row = await db
    .selectFrom('walls')
    .select(['owner_id as ownerId', 'is_shared as isShared', 'version', 'content'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined || !maySee(user, row)) throw new Refusal('not-found');
  if (!mayEdit(user, row))
    throw new Refusal('not-permitted', { detail: 'Only its owner may change this wall.' });
  return row;
}

/** Saves a change made from the newest version, or throws `version-conflict`. */
export async function changeWall(
  db: Db,
  user: Reader,
  id: string,
  change: WallChange,
  snapshot: Snapshot,
  now: number,
): Promise<Wall> {
  await db.transaction().execute(async (trx) => {
    const row = await lockWall(trx, user, id);
    if (row.version !== change.version)
      throw new Refusal('version-conflict', { detail: `The newest version is ${row.version}.` });
    checkCameras(user, change.content, snapshot);
    if (row.ownerId !== user.id && !change.isShared)
      throw new Refusal('not-permitted', { detail: 'Only its owner may make this wall private.' });
    const version = row.version + 1;
    const cameraIds = keepHidden(row.content.cameraIds, change.content.cameraIds, mayShowTo(user, snapshot));
    await trx
      .updateTable('walls')
      .set({
        name: change.name,
        is_shared: change.isShared,
        version,
        saved_at: now,
        content: JSON.stringify({ layout: change.content.layout, cameraIds }),
      })
      .where('id', '=', id)
      .execute();
    await publish(trx, {
      kind: 'news',
      news: { kind: 'wall', wallId: id, change: 'saved', version },
      ...(change.isShared ? {} : { user: row.ownerId }),
    });
    // For everybody else a wall that turns private is gone.
    if (row.isShared && !change.isShared)
      await publish(trx, {
        kind: 'news',
        news: { kind: 'wall', wallId: id, change: 'deleted', version },
        notUser: row.ownerId,
      });
  });
  return await readWall(db, user, id, snapshot);
}

export async function deleteWall(db: Db, user: Reader, id: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const row = await lockWall(trx, user, id);
    await trx.deleteFrom('walls').where('id', '=', id).execute();
    await publish(trx, {
      kind: 'news',
      news: { kind: 'wall', wallId: id, change: 'deleted', version: row.version },
      ...(row.isShared ? {} : { user: row.ownerId }),
    });
  });
}
