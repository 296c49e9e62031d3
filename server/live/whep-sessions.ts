import type { StreamName } from '#contract/camera.ts';
import { record } from '#server/audit/audit.ts';
import type { Gateway } from '#server/gateway/gateway.ts';
import type { Principal } from '#server/http/principal.ts';
import type { Db } from '#server/store/store.ts';

/** One picture that somebody is receiving. */
export interface WhepSession {
  /** Opaque; the only name of it that leaves the BFF. */
  readonly id: string;
  readonly reservationId: string;
  readonly cameraId: string;
  readonly stream: StreamName;
  /** The gateway's own name for it. */
  readonly gatewaySession: string;
  readonly etag: string;
}

/** A reservation may be shown twice on a page, and a player may open the next picture before it closes the last. */
const mostPerReservation = 4;
const closePatienceMs = 3000;

/** Writes the session down, and that viewing began. False when its reservation has ended meanwhile. */
export async function addSession(
  db: Db,
  session: WhepSession,
  { sessionId, user }: Principal,
  now: number,
): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    // Locked until the commit: whoever ends the reservation finds this session, or we find the reservation gone.
    const reservation = await trx
      .selectFrom('reservations')
      .select('id')
      .where('id', '=', session.reservationId)
      .where('session_id', '=', sessionId)
      .forKeyShare()
      .executeTakeFirst();
    if (reservation === undefined) return false;
    await trx
      .insertInto('whep_sessions')
      .values({
        id: session.id,
        reservation_id: session.reservationId,
        session_id: sessionId,
        user_id: user.id,
        user_name: user.name,
        camera_id: session.cameraId,
        stream: session.stream,
        gateway_session: session.gatewaySession,
        etag: session.etag,
        created_at: now,
      })
      .execute();
    await record(trx, now, {
      kind: 'viewing-began',
      user,
      cameraId: session.cameraId,
      details: { viewing: session.id, stream: session.stream },
    });
    return true;
  });
}

/** The session, if it belongs to who asks and its reservation lives. */
export async function ownSession(
  db: Db,
  id: string,
  principal: Principal,
): Promise<(WhepSession & { readonly isReserved: boolean }) | undefined> {
  return await db
    .selectFrom('whep_sessions as w')
    .leftJoin('reservations as r', 'r.id', 'w.reservation_id')
    .select((select) => [
      'w.id',
      'w.reservation_id as reservationId',
      'w.camera_id as cameraId',
      'w.stream',
      'w.gateway_session as gatewaySession',
      'w.etag',
      select('r.id', 'is not', null).$castTo<boolean>().as('isReserved'),
    ])
    .where('w.id', '=', id)
    .where('w.session_id', '=', principal.sessionId)
    .executeTakeFirst();
}

type Which = { readonly id: string } | 'unreserved' | { readonly beyondMostOf: string };

/**
 * Ends sessions in the gateway and removes them, with a record that viewing ended: one, those whose reservation is
 * gone, or the oldest of a reservation that has too many. One that cannot be closed now stays for the next time.
 * Gives how many are left over.
 */
export async function closeSessions(db: Db, gateway: Gateway, which: Which, now: number): Promise<number> {
  const all = db.selectFrom('whep_sessions').select(['id', 'gateway_session']);
  const chosen =
    which === 'unreserved'
      ? await all
          .where((where) =>
            where.not(
              where.exists(
                where
                  .selectFrom('reservations')
                  .select('reservations.id')
                  .whereRef('reservations.id', '=', 'whep_sessions.reservation_id'),
              ),
            ),
          )
          .execute()
      : 'id' in which
        ? await all.where('id', '=', which.id).execute()
        : await all
            .where('reservation_id', '=', which.beyondMostOf)
            .orderBy('created_at', 'desc')
            .offset(mostPerReservation)
            .execute();
  const results = await Promise.allSettled(
    chosen.map(async ({ id, gateway_session }) => {
      await gateway.closeSession(gateway_session, AbortSignal.timeout(closePatienceMs));
      await removeSession(db, id, now);
    }),
  );
  return results.filter(({ status }) => status === 'rejected').length;
}

/** Removes the session, which the gateway no longer has, and records the end of the viewing. */
export async function removeSession(db: Db, id: string, now: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const removed = await trx
      .deleteFrom('whep_sessions')
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    if (removed === undefined) return;
    await record(trx, now, {
      kind: 'viewing-ended',
      user: { id: removed.user_id, name: removed.user_name },
      cameraId: removed.camera_id,
      details: { viewing: removed.id, stream: removed.stream },
    });
  });
}
