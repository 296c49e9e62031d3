import { randomUUID } from 'node:crypto';
import type { ProblemCode } from '#contract/problem.ts';
import type { RenewAnswer, ReserveOutcome, ReserveRequest, WayOffer } from '#contract/reservation.ts';
import { isAllowed, rightsOf, type Snapshot } from '#server/cameras/directory.ts';
import type { Principal } from '#server/http/principal.ts';
import { publish } from '#server/news/envelope.ts';
import type { Db } from '#server/store/store.ts';
import { pathOf, type StreamKey } from './paths.ts';

/** How long a reservation lives without being renewed; pages renew every ten seconds. */
export const leaseMs = 30_000;

export const whepUrl = (reservationId: string): string => `/api/whep/${reservationId}`;

/** What a page may watch a reservation by, the best first: WebRTC is younger by a second or two, HLS passes any proxy. */
export const waysOf = (reservationId: string): WayOffer[] => [
  { way: 'whep', url: whepUrl(reservationId) },
  { way: 'hls', url: `/api/hls/${reservationId}/index.m3u8` },
];

/** Why this person may not reserve this stream; undefined when they may. */
function refusalOf(
  principal: Principal,
  { cameraId, stream }: StreamKey,
  { cameras }: Snapshot,
): { readonly code: ProblemCode; readonly reason: string } | undefined {
  const camera = cameras.get(cameraId);
  if (camera === undefined || rightsOf(principal.user, camera).length === 0)
    return { code: 'not-found', reason: 'There is no such camera.' };
  if (!isAllowed(principal.user, camera, 'live'))
    return { code: 'not-permitted', reason: 'Live pictures of this camera are not yours to see.' };
  if (camera.streams.length > 0 && !camera.streams.some(({ name }) => name === stream))
    return { code: 'no-such-stream', reason: `The camera has no ${stream} stream.` };
  return undefined;
}

/**
 * Reserves what may be reserved, in one statement; asking again for what the session holds already renews it. Gives
 * an outcome for each thing wanted, in order, and the streams that have to flow now.
 */
export async function reserve(
  db: Db,
  principal: Principal,
  { wanted }: ReserveRequest,
  snapshot: Snapshot,
  now: number,
): Promise<{ readonly outcomes: ReserveOutcome[]; readonly reserved: readonly StreamKey[] }> {
  const allowed = new Map(
    wanted
      .filter((key) => refusalOf(principal, key, snapshot) === undefined)
      .map((key) => [pathOf(key), key]),
  );
  const expiresAt = now + leaseMs;
  const rows =
    allowed.size === 0
      ? []
      : await db
          .insertInto('reservations')
          .values(
            // In one order: two requests of one session that overlap must not wait for each other in a circle.
            [...allowed.entries()]
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([, { cameraId, stream }]) => ({
                id: randomUUID(),
                session_id: principal.sessionId,
                user_id: principal.user.id,
                camera_id: cameraId,
                stream,
                created_at: now,
                expires_at: expiresAt,
              })),
          )
          .onConflict((conflict) =>
            conflict.columns(['session_id', 'camera_id', 'stream']).doUpdateSet({ expires_at: expiresAt }),
          )
          .returning(['id', 'camera_id', 'stream'])
          .execute();
  const idOf = new Map(
    rows.map(({ id, camera_id, stream }) => [pathOf({ cameraId: camera_id, stream }), id]),
  );
  const outcomes = wanted.map((key): ReserveOutcome => {
    const id = idOf.get(pathOf(key));
    if (id !== undefined)
      return {
        status: 'reserved',
        reservation: { id, ...key, expiresAt, whepUrl: whepUrl(id), ways: waysOf(id) },
      };
    const { code, reason } = refusalOf(principal, key, snapshot) ?? {
      code: 'internal',
      reason: 'It could not be reserved.',
    };
    return { status: 'refused', ...key, code, reason };
  });
  return { outcomes, reserved: [...allowed.values()] };
}

/** Moves the end of the session's own reservations; what is not among them any more has ended. */
export async function renew(
  db: Db,
  principal: Principal,
  ids: readonly string[],
  now: number,
): Promise<RenewAnswer> {
  const expiresAt = now + leaseMs;
  const renewed = await db
    .updateTable('reservations')
    .set({ expires_at: expiresAt })
    .where('id', 'in', ids)
    .where('session_id', '=', principal.sessionId)
    .returning('id')
    .execute();
  const alive = new Set(renewed.map(({ id }) => id));
  return {
    renewed: [...alive].map((id) => ({ id, expiresAt })),
    ended: [...new Set(ids)].filter((id) => !alive.has(id)),
  };
}

/** Ends the session's own reservations; gives the streams they were on. */
export async function release(db: Db, principal: Principal, ids: readonly string[]): Promise<StreamKey[]> {
  const rows = await db
    .deleteFrom('reservations')
    .where('id', 'in', ids)
    .where('session_id', '=', principal.sessionId)
    .returning(['camera_id', 'stream'])
    .execute();
  return rows.map(({ camera_id, stream }) => ({ cameraId: camera_id, stream }));
}

/**
 * Ends every reservation whose session has ended or whose user has lost the right, and, if asked, those that have
 * run out; tells their pages. Gives the streams they were on.
 */
export async function endLost(
  db: Db,
  snapshot: Snapshot,
  now: number,
  which: { readonly alsoExpired: boolean },
): Promise<StreamKey[]> {
  const rows = await db
    .selectFrom('reservations as r')
    .leftJoin('sessions as s', (join) => join.onRef('s.id', '=', 'r.session_id').on('s.expires_at', '>', now))
    .leftJoin('users as u', 'u.id', 's.user_id')
    .select(['r.id', 'r.session_id', 'r.camera_id', 'r.expires_at', 'u.grants'])
    .execute();
  const lost = rows.filter(({ camera_id, expires_at, grants }) => {
    if (which.alsoExpired && expires_at <= now) return true;
    const camera = snapshot.cameras.get(camera_id);
    if (grants === null || camera === undefined) return true;
    return !isAllowed({ grants }, camera, 'live');
  });
  if (lost.length === 0) return [];
  return await db.transaction().execute(async (trx) => {
    const ended = await trx
      .deleteFrom('reservations')
      .where(
        'id',
        'in',
        lost.map(({ id }) => id),
      )
      // One that was renewed since the look lives on, unless it is lost for another reason.
      .where((where) =>
        where.or([
          where('expires_at', '<=', now),
          where('id', 'in', [
            ...lost.filter((row) => row.expires_at > now).map(({ id }) => id),
            randomUUID(),
          ]),
        ]),
      )
      .returning(['id', 'session_id', 'camera_id', 'stream'])
      .execute();
    for (const [sessionId, own] of Map.groupBy(ended, (row) => row.session_id))
      await publish(trx, {
        kind: 'news',
        news: { kind: 'reservations-ended', ids: own.map(({ id }) => id) },
        sessions: [sessionId],
      });
    return ended.map(({ camera_id, stream }) => ({ cameraId: camera_id, stream }));
  });
}

/**
 * Nobody was there to be renewed with for a while (a restart, a machine that slept): leases that had not run out
 * before that start afresh. Running pictures outlive a BFF that way.
 */
export async function forgiveOutage(db: Db, lastSeenAt: number, now: number): Promise<void> {
  await db
    .updateTable('reservations')
    .set({ expires_at: now + leaseMs })
    .where('expires_at', '>', lastSeenAt)
    .where('expires_at', '<', now + leaseMs)
    .execute();
}
