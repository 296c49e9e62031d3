import { createHash, randomUUID } from 'node:crypto';
import type { StreamName } from '#contract/camera.ts';
import { record } from '#server/audit/audit.ts';
import type { KnownCamera, Snapshot } from '#server/cameras/directory.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Db } from '#server/store/store.ts';
import { pathOf, type StreamKey } from './paths.ts';
import { type Quotas, shortages, toldOf, wordsOf } from './quota.ts';
import { heldStreams, holdReserving, inTurn, readShares } from './reserving.ts';

/**
 * How long a machine's lease lives without being asked for again. An hour: machines written to the requirements renew
 * nothing, and one that has died holds a stream no longer than this.
 */
export const serviceLeaseMs = 3_600_000;

/** The session of leases that belong to none. */
const noSession = '00000000-0000-0000-0000-000000000000';

/** A machine's user in the form of our own users' ids, so that one user's leases are found again. */
function idOfServiceUser(serviceUser: string): string {
  const hex = createHash('sha256').update(`parapet service user ${serviceUser}`).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** A lease of a machine. */
export interface ServiceLease {
  readonly id: string;
  readonly key: StreamKey;
  readonly expiresAt: number;
}

/** The stream that a quality means: the small one for all but `high`, where the camera has both. */
export function streamFor(quality: 'low' | 'medium' | 'high', camera: KnownCamera): StreamName {
  const names = camera.streams.map(({ name }) => name);
  const wanted: StreamName = quality === 'high' ? 'main' : 'sub';
  return names.length === 0 || names.includes(wanted) ? wanted : (names[0] ?? wanted);
}

/**
 * Leases a stream to a machine, within the same quotas as everybody's; the same user asking again renews the lease it
 * has. Throws `quota-exceeded` with who holds what.
 */
export async function reserveForService(
  db: Db,
  key: StreamKey,
  serviceUser: string,
  { snapshot, quotas }: { readonly snapshot: Snapshot; readonly quotas: Quotas },
  now: number,
): Promise<ServiceLease> {
  const expiresAt = now + serviceLeaseMs;
  const userId = idOfServiceUser(serviceUser);
  return await inTurn(db, () =>
    db.transaction().execute(async (trx) => {
      await holdReserving(trx);
      const renewed = await trx
        .updateTable('reservations')
        .set({ expires_at: expiresAt })
        .where('session_id', '=', noSession)
        .where('page_id', '=', userId)
        .where('camera_id', '=', key.cameraId)
        .where('stream', '=', key.stream)
        .returning('id')
        .executeTakeFirst();
      if (renewed !== undefined) return { id: renewed.id, key, expiresAt };
      const short = shortages([key], await heldStreams(trx), quotas, snapshot).get(pathOf(key));
      if (short !== undefined)
        throw new Refusal('quota-exceeded', {
          detail: wordsOf(toldOf(short, await readShares(trx, short, quotas, snapshot))),
          retryAfterS: 30,
        });
      const id = randomUUID();
      await trx
        .insertInto('reservations')
        .values({
          id,
          session_id: noSession,
          page_id: userId,
          user_id: userId,
          camera_id: key.cameraId,
          stream: key.stream,
          created_at: now,
          expires_at: expiresAt,
          service_user: serviceUser,
        })
        .execute();
      await record(trx, now, {
        kind: 'stream-reserved',
        user: undefined,
        cameraId: key.cameraId,
        details: { reservation: id, service: serviceUser, stream: key.stream },
      });
      return { id, key, expiresAt };
    }),
  );
}

/** Ends a machine's lease; gives its stream. Undefined when there is no such lease. */
export async function releaseForService(db: Db, id: string, now: number): Promise<StreamKey | undefined> {
  return await db.transaction().execute(async (trx) => {
    const row = await trx
      .deleteFrom('reservations')
      .where('id', '=', id)
      .where('service_user', 'is not', null)
      .returning(['camera_id', 'stream', 'service_user'])
      .executeTakeFirst();
    if (row === undefined) return undefined;
    await record(trx, now, {
      kind: 'stream-released',
      user: undefined,
      cameraId: row.camera_id,
      details: { reservation: id, service: row.service_user ?? '', stream: row.stream },
    });
    return { cameraId: row.camera_id, stream: row.stream };
  });
}
