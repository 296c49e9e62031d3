import type { StreamName } from '#contract/camera.ts';
import { record } from '#server/audit/audit.ts';
import type { Db } from '#server/store/store.ts';
import type { StreamKey } from './paths.ts';

/** Who is given a ticket: a person in a session, or a machine for a user of its own. */
export type Bearer =
  | { readonly sessionId: string; readonly user: { readonly id: string; readonly name: string } }
  | { readonly service: string };

/** A ticket into a room. */
export interface Viewing extends StreamKey {
  readonly id: string;
  readonly reservationId: string;
  readonly room: string;
  readonly identity: string;
  /** Epoch ms. */
  readonly ticketUntil: number;
}

/** A page may show a reservation twice, and come back before its old connection is known to be gone. */
const mostPerReservation = 8;
/** A token of LiveKit's own making, given to whoever is connected, opens the room for ten minutes; and its clock may differ. */
const afterlifeMs = 660_000;
/** LiveKit's leeway with a ticket's end. */
const leewayMs = 60_000;

const columns = ['id', 'room', 'identity', 'user_id', 'user_name', 'camera_id', 'stream'] as const;
interface Row {
  readonly id: string;
  readonly room: string;
  readonly identity: string;
  readonly user_id: string | null;
  readonly user_name: string;
  readonly camera_id: string;
  readonly stream: StreamName;
}
/** Somebody who may have to be put out of a room. */
export type Presence = Pick<Row, 'id' | 'room' | 'identity'>;

async function note(db: Db, now: number, kind: 'viewing-began' | 'viewing-ended', row: Row): Promise<void> {
  await record(db, now, {
    kind,
    user: row.user_id === null ? undefined : { id: row.user_id, name: row.user_name },
    cameraId: row.camera_id,
    details: {
      viewing: row.id,
      stream: row.stream,
      ...(row.user_id === null ? { service: row.user_name } : {}),
    },
  });
}

/** Writes the ticket down before it is given out. False when the reservation has ended meanwhile. */
export async function addViewing(db: Db, viewing: Viewing, bearer: Bearer, now: number): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    const isMachine = 'service' in bearer;
    // Locked until the commit: whoever ends the reservation finds this ticket, or we find the reservation gone.
    const reservation = await trx
      .selectFrom('reservations')
      .select('id')
      .where('id', '=', viewing.reservationId)
      .where((where) =>
        isMachine
          ? where('service_user', '=', bearer.service)
          : where('session_id', '=', bearer.sessionId).and('service_user', 'is', null),
      )
      .forKeyShare()
      .executeTakeFirst();
    if (reservation === undefined) return false;
    const row = {
      id: viewing.id,
      reservation_id: viewing.reservationId,
      session_id: isMachine ? null : bearer.sessionId,
      user_id: isMachine ? null : bearer.user.id,
      user_name: isMachine ? bearer.service : bearer.user.name,
      camera_id: viewing.cameraId,
      stream: viewing.stream,
      room: viewing.room,
      identity: viewing.identity,
      created_at: now,
      ticket_until: viewing.ticketUntil,
    };
    await trx.insertInto('livekit_viewings').values(row).execute();
    await note(trx, now, 'viewing-began', row);
    return true;
  });
}

/** Those whose reservation is gone, and who have not been put out yet. */
export async function lostViewings(db: Db): Promise<Presence[]> {
  return await db
    .selectFrom('livekit_viewings as v')
    .leftJoin('reservations as r', 'r.id', 'v.reservation_id')
    .select(['v.id', 'v.room', 'v.identity'])
    .where('r.id', 'is', null)
    .where('v.ended_at', 'is', null)
    .execute();
}

/**
 * Those who are in a room by a reservation that too many are there by already: all but the newest few. A ticket that has not
 * been used counts for nothing: a machine gets one with each renewal, and means the viewer it has let in.
 */
export async function crowdedViewings(db: Db): Promise<Presence[]> {
  const crowded = await db
    .selectFrom('livekit_viewings')
    .select('reservation_id')
    .where('seen_at', 'is not', null)
    .where('ended_at', 'is', null)
    .where('left_at', 'is', null)
    .groupBy('reservation_id')
    .having(({ fn }) => fn.countAll(), '>', mostPerReservation)
    .execute();
  const beyond = await Promise.all(
    crowded.map(({ reservation_id }) =>
      db
        .selectFrom('livekit_viewings')
        .select(['id', 'room', 'identity'])
        .where('reservation_id', '=', reservation_id)
        .where('seen_at', 'is not', null)
        .where('ended_at', 'is', null)
        .where('left_at', 'is', null)
        .orderBy('created_at', 'desc')
        .offset(mostPerReservation)
        .execute(),
    ),
  );
  return beyond.flat();
}

/** Writes down that somebody was put out. */
export async function endViewing(db: Db, id: string, now: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const before = await trx
      .selectFrom('livekit_viewings')
      .select('left_at')
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    const row = await trx
      .updateTable('livekit_viewings')
      // Whoever was put out is looked for again soon.
      .set({ ended_at: now, looked_at: 0 })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .returning(columns)
      .executeTakeFirst();
    if (row !== undefined && before?.left_at === null) await note(trx, now, 'viewing-ended', row);
  });
}

/** The rooms to look into, the longest unseen first: those of a hint, then those not looked into since `before`. */
export async function roomsToLookInto(db: Db, before: number, most: number): Promise<string[]> {
  const rows = await db
    .selectFrom('livekit_viewings')
    .select('room')
    .groupBy('room')
    .having(({ fn }) => fn.min('looked_at'), '<=', before)
    .orderBy(({ fn }) => fn.min('looked_at'))
    .limit(most)
    .execute();
  return rows.map(({ room }) => room);
}

/**
 * Somebody says that something has happened there. Whoever it happened to has been there: a look that comes too late to see
 * them knows that they have left, and not that they are still to come.
 */
export async function hint(db: Db, room: string, identity: string | undefined, now: number): Promise<void> {
  await db
    .with('there', (cte) =>
      cte.selectFrom('livekit_viewings').select('id').where('room', '=', room).orderBy('id').forUpdate(),
    )
    .updateTable('livekit_viewings')
    .set({ looked_at: 0 })
    .where('id', 'in', (where) => where.selectFrom('there').select('there.id'))
    .execute();
  if (identity !== undefined)
    await db
      .updateTable('livekit_viewings')
      .set({ seen_at: now })
      .where('room', '=', room)
      .where('identity', '=', identity)
      .where('seen_at', 'is', null)
      .execute();
}

/**
 * Compares what is known of a room with who is in it: writes down who came, left and came back. Gives those who were put
 * out and are there all the same. The room is looked into again at `soon` where somebody was put out whose ticket opens it
 * still. Both times are epoch ms, `soon` as {@link roomsToLookInto} compares it.
 */
export async function compareRoom(
  db: Db,
  room: string,
  present: ReadonlySet<string>,
  now: number,
  soon: number,
): Promise<Presence[]> {
  return await db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom('livekit_viewings')
      .select([...columns, 'seen_at', 'left_at', 'ended_at'])
      .where('room', '=', room)
      .orderBy('id')
      .forUpdate()
      .execute();
    for (const row of rows) {
      if (row.ended_at !== null) continue;
      const isHere = present.has(row.identity);
      if (isHere && row.left_at !== null) await note(trx, now, 'viewing-began', row);
      const hasLeft = !isHere && row.seen_at !== null && row.left_at === null;
      if (hasLeft) await note(trx, now, 'viewing-ended', row);
      await trx
        .updateTable('livekit_viewings')
        .set(isHere ? { seen_at: now, left_at: null } : hasLeft ? { left_at: now } : { looked_at: now })
        .where('id', '=', row.id)
        .execute();
    }
    await trx.updateTable('livekit_viewings').set({ looked_at: now }).where('room', '=', room).execute();
    // Whoever was on the way in when the right was lost arrives a moment later, and LiveKit lets in whoever comes back.
    await trx
      .updateTable('livekit_viewings')
      .set({ looked_at: soon })
      .where('room', '=', room)
      .where('ended_at', 'is not', null)
      .where('ticket_until', '>', now - leewayMs)
      .execute();
    return rows.filter(({ ended_at, identity }) => ended_at !== null && present.has(identity));
  });
}

/** Removes tickets that open nothing any more: never used, or put out long ago. */
export async function forgetViewings(db: Db, now: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const unused = await trx
      .deleteFrom('livekit_viewings')
      .where('seen_at', 'is', null)
      .where('ended_at', 'is', null)
      .where('ticket_until', '<', now - leewayMs)
      .returning(columns)
      .execute();
    for (const row of unused) await note(trx, now, 'viewing-ended', row);
    await trx
      .deleteFrom('livekit_viewings')
      .where('ended_at', '<', now - afterlifeMs)
      .execute();
  });
}

/**
 * Brings the table of publications in step with who wants one: machines by their lease, people by a ticket they have not
 * left behind. Gives what is wanted now, and what nobody has wanted for `lingerMs` and is therefore struck out.
 */
export async function settlePublications(
  db: Db,
  lingerMs: number,
  now: number,
): Promise<{ readonly wanted: readonly StreamKey[]; readonly over: readonly StreamKey[] }> {
  return await db.transaction().execute(async (trx) => {
    const byTicket = await trx
      .selectFrom('livekit_viewings as v')
      .innerJoin('reservations as r', 'r.id', 'v.reservation_id')
      .select(['v.camera_id', 'v.stream'])
      .where('v.left_at', 'is', null)
      .where('v.ended_at', 'is', null)
      .distinct()
      .execute();
    const byLease = await trx
      .selectFrom('reservations')
      .select(['camera_id', 'stream'])
      .where('service_user', 'is not', null)
      .distinct()
      .execute();
    const wanted = [...byTicket, ...byLease];
    if (wanted.length > 0) await want(trx, wanted, now);
    const over = await trx
      .deleteFrom('livekit_publications')
      .where('wanted_at', '<=', now - lingerMs)
      .where('wanted_at', '<', now)
      .returning(['camera_id', 'stream'])
      .execute();
    const key = ({ camera_id, stream }: { camera_id: string; stream: StreamName }): StreamKey => ({
      cameraId: camera_id,
      stream,
    });
    const unique = new Map(wanted.map((one) => [`${one.camera_id} ${one.stream}`, key(one)]));
    return { wanted: [...unique.values()], over: over.map(key) };
  });
}

/** Every stream that is published or lingers. */
export async function publishedStreams(db: Db): Promise<StreamKey[]> {
  return await db.selectFrom('livekit_publications').select(['camera_id as cameraId', 'stream']).execute();
}

/** Says that a stream is wanted now. */
export async function wantPublication(db: Db, { cameraId, stream }: StreamKey, now: number): Promise<void> {
  await want(db, [{ camera_id: cameraId, stream }], now);
}

async function want(
  db: Db,
  streams: readonly { readonly camera_id: string; readonly stream: StreamName }[],
  now: number,
  olderByMs = 0,
): Promise<void> {
  const rows = [...new Map(streams.map((one) => [`${one.camera_id} ${one.stream}`, one])).values()];
  await db
    .insertInto('livekit_publications')
    .values(rows.map(({ camera_id, stream }) => ({ camera_id, stream, wanted_at: now })))
    .onConflict((conflict) =>
      conflict
        .columns(['camera_id', 'stream'])
        .doUpdateSet({ wanted_at: now })
        .where('livekit_publications.wanted_at', '<=', now - olderByMs),
    )
    .execute();
}
