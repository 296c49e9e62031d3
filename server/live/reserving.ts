import { sql } from 'kysely';
import type { Snapshot } from '#server/cameras/directory.ts';
import type { Db } from '#server/store/store.ts';
import type { StreamKey } from './paths.ts';
import { potOf, potsOf, type Quotas, type Share, type Shortage } from './quota.ts';

/** Who holds the streams that count towards the quota. */
export async function readShares(
  db: Db,
  shortage: Pick<Shortage, 'agency' | 'isOthers'>,
  quotas: Quotas,
  snapshot: Snapshot,
): Promise<Share[]> {
  const rows = await db
    .selectFrom('reservations as r')
    .leftJoin('users as u', 'u.id', 'r.user_id')
    .select(['r.user_id', 'u.display_name', 'r.service_user', 'r.camera_id', 'r.stream'])
    .distinct()
    .execute();
  const pot = potOf(shortage);
  const potOfCamera = potsOf(quotas, snapshot);
  const counted = rows.filter(({ camera_id }) => pot === undefined || potOfCamera(camera_id) === pot);
  return [...Map.groupBy(counted, ({ user_id }) => user_id).values()].map((own) => ({
    displayName: own[0]?.display_name ?? own[0]?.service_user ?? 'somebody',
    streams: own.length,
  }));
}

/** Names our lock among all advisory locks of the database: "prpt" and a number. */
const reservingLock = 0x70727074_01n;

/**
 * Until the end of the transaction nobody else, in any BFF, reserves: what is counted after this stays true but for
 * streams that are let go. Taken before any row is locked, so that nobody waits in a circle.
 */
export async function holdReserving(trx: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(${reservingLock.toString()}::int8)`.execute(trx);
}

const queues = new WeakMap<Db, Promise<unknown>>();

/**
 * Does the work after what was put in line before it. Requests of one process wait here rather than for the lock: there
 * each would keep a connection of the pool from everybody else.
 */
export async function inTurn<T>(db: Db, work: () => Promise<T>): Promise<T> {
  const mine = (queues.get(db) ?? Promise.resolve()).then(work);
  queues.set(
    db,
    mine.catch(() => undefined),
  );
  return await mine;
}

/** The streams that somebody holds, each once. */
export async function heldStreams(db: Db): Promise<StreamKey[]> {
  return await db.selectFrom('reservations').select(['camera_id as cameraId', 'stream']).distinct().execute();
}
