import { randomUUID } from 'node:crypto';
import type { QueryCreator } from 'kysely';
import type { ProblemCode } from '#contract/problem.ts';
import type {
  RenewAnswer,
  ReserveOutcome,
  ReserveRequest,
  Shortage as ToldShortage,
  WayOffer,
} from '#contract/reservation.ts';
import { isAllowed, rightsOf, type Snapshot } from '#server/cameras/directory.ts';
import type { Principal } from '#server/http/principal.ts';
import { publish } from '#server/news/envelope.ts';
import type { Schema } from '#server/store/schema.ts';
import type { Db } from '#server/store/store.ts';
import type { LiveKitChoice, LiveKitOffer } from './livekit-choice.ts';
import { pathOf, type StreamKey } from './paths.ts';
import {
  mayKnowWho,
  type Pot,
  potOf,
  type Quotas,
  shortages,
  type Shortage,
  toldOf,
  wordsOf,
} from './quota.ts';
import { heldStreams, holdReserving, inTurn, readShares } from './reserving.ts';

/** How long a reservation lives without being renewed; pages renew every ten seconds. */
export const leaseMs = 30_000;

export const whepUrl = (reservationId: string): string => `/api/whep/${reservationId}`;

/** What a page may watch a reservation by, the best first: WebRTC is younger by a second or two, HLS passes any proxy. */
export const waysOf = (reservationId: string, liveKit?: LiveKitOffer, hasStills = false): WayOffer[] => {
  const entry: WayOffer[] =
    liveKit === undefined ? [] : [{ way: 'livekit', url: `/api/livekit/${reservationId}`, ...liveKit }];
  const isFirst = liveKit?.because !== undefined;
  return [
    ...(isFirst ? entry : []),
    { way: 'whep', url: whepUrl(reservationId) },
    ...(isFirst ? [] : entry),
    { way: 'hls', url: `/api/hls/${reservationId}/index.m3u8` },
    // One or two pictures a second: better than none.
    ...(hasStills ? [{ way: 'stills' as const, url: `/api/stills/${reservationId}` }] : []),
  ];
};

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

/** What has to be known to say yes or no. */
export interface ReserveGround {
  readonly snapshot: Snapshot;
  readonly quotas: Quotas;
  /** When LiveKit is offered; absent: never. */
  readonly liveKit?: LiveKitChoice | undefined;
  /** The VMSs that make stills, by their ids. */
  readonly withStills?: ReadonlySet<string>;
}

/** The page of requests that name none: all such pages of a session are one. */
const anyPage = '00000000-0000-0000-0000-000000000000';

/**
 * Reserves what may be reserved and what the quotas have room for, in the order of the request; asking again for what
 * the page holds already renews it. Gives an outcome for each thing wanted, in order, and the streams that have to
 * flow now. Any number of BFFs may do so at once: no quota is ever exceeded.
 */
export async function reserve(
  db: Db,
  principal: Principal,
  { wanted, pageId = anyPage }: ReserveRequest,
  { snapshot, quotas, liveKit, withStills }: ReserveGround,
  now: number,
): Promise<{ readonly outcomes: ReserveOutcome[]; readonly reserved: readonly StreamKey[] }> {
  const allowed = new Map(
    wanted
      .filter((key) => refusalOf(principal, key, snapshot) === undefined)
      .map((key) => [pathOf(key), key]),
  );
  const expiresAt = now + leaseMs;
  const { idOf, tight } =
    allowed.size === 0
      ? { idOf: new Map<string, string>(), tight: new Map<string, ToldShortage>() }
      : await inTurn(db, () =>
          db.transaction().execute(async (trx) => {
            await holdReserving(trx);
            const renewed = await renewOwn(trx, principal, pageId, [...allowed.values()], expiresAt);
            const missing = [...allowed].filter(([path]) => !renewed.has(path)).map(([, key]) => key);
            if (missing.length === 0) return { idOf: renewed, tight: new Map<string, ToldShortage>() };
            const short = shortages(missing, await heldStreams(trx), quotas, snapshot);
            const made = missing
              .filter((key) => !short.has(pathOf(key)))
              .map((key) => ({ id: randomUUID(), ...key }));
            if (made.length > 0)
              await trx
                .insertInto('reservations')
                .values(
                  made.map(({ id, cameraId, stream }) => ({
                    id,
                    session_id: principal.sessionId,
                    page_id: pageId,
                    user_id: principal.user.id,
                    camera_id: cameraId,
                    stream,
                    created_at: now,
                    expires_at: expiresAt,
                  })),
                )
                .execute();
            return {
              idOf: new Map([...renewed, ...made.map((one) => [pathOf(one), one.id] as const)]),
              tight: await reasonsOf(trx, principal, short, quotas, snapshot),
            };
          }),
        );
  const viewers = liveKit?.countsViewers === true ? await viewersOf(db, [...allowed.values()]) : undefined;
  const outcomes = wanted.map((key): ReserveOutcome => {
    const id = idOf.get(pathOf(key));
    if (id !== undefined)
      return {
        status: 'reserved',
        reservation: {
          id,
          ...key,
          expiresAt,
          whepUrl: whepUrl(id),
          ways: waysOf(
            id,
            liveKit?.offerFor(key, snapshot, viewers?.get(key.cameraId) ?? 1),
            withStills?.has(snapshot.cameras.get(key.cameraId)?.vmsId ?? ''),
          ),
        },
      };
    const refused = refusalOf(principal, key, snapshot);
    if (refused !== undefined) return { status: 'refused', ...key, ...refused };
    const shortage = tight.get(pathOf(key));
    return {
      status: 'refused',
      ...key,
      code: 'quota-exceeded',
      reason: shortage === undefined ? '' : wordsOf(shortage),
      ...(shortage === undefined ? {} : { shortage }),
    };
  });
  return { outcomes, reserved: [...allowed].filter(([path]) => idOf.has(path)).map(([, key]) => key) };
}

/** How many hold each of these cameras. */
async function viewersOf(db: Db, keys: readonly StreamKey[]): Promise<Map<string, number>> {
  if (keys.length === 0) return new Map();
  const rows = await db
    .selectFrom('reservations')
    .select(['camera_id', ({ fn }) => fn.countAll<number | string>().as('viewers')])
    .where(
      'camera_id',
      'in',
      keys.map(({ cameraId }) => cameraId),
    )
    .groupBy('camera_id')
    .execute();
  return new Map(rows.map(({ camera_id, viewers }) => [camera_id, Number(viewers)]));
}

/** Moves the end of what the page holds already; gives the ids by path. */
async function renewOwn(
  trx: Db,
  principal: Principal,
  pageId: string,
  keys: readonly StreamKey[],
  expiresAt: number,
): Promise<Map<string, string>> {
  const rows = await trx
    .with('own', (cte) =>
      cte
        .selectFrom('reservations')
        .select('id')
        .where('session_id', '=', principal.sessionId)
        .where('page_id', '=', pageId)
        .where((where) =>
          where(
            where.refTuple('camera_id', 'stream'),
            'in',
            keys.map(({ cameraId, stream }) => where.tuple(cameraId, stream)),
          ),
        )
        .orderBy('id')
        .forUpdate(),
    )
    .updateTable('reservations')
    .set({ expires_at: expiresAt })
    .where('id', 'in', (where) => where.selectFrom('own').select('own.id'))
    .returning(['id', 'camera_id', 'stream'])
    .execute();
  return new Map(rows.map(({ id, camera_id, stream }) => [pathOf({ cameraId: camera_id, stream }), id]));
}

/** For each stream there is no room for, by path, what this person is told of it. */
async function reasonsOf(
  trx: Db,
  principal: Principal,
  short: ReadonlyMap<string, Shortage>,
  quotas: Quotas,
  snapshot: Snapshot,
): Promise<Map<string, ToldShortage>> {
  const told = new Map<Pot | undefined, ToldShortage>();
  for (const shortage of short.values()) {
    if (told.has(potOf(shortage))) continue;
    const shares = mayKnowWho(principal.user) ? await readShares(trx, shortage, quotas, snapshot) : [];
    told.set(potOf(shortage), toldOf(shortage, shares));
  }
  return new Map([...short].map(([path, one]) => [path, told.get(potOf(one)) ?? toldOf(one, [])]));
}

/**
 * The session's own among these. Whoever changes several reservations locks them by the order of their ids first: two
 * who want the same ones then never wait for each other in a circle.
 */
const ownInOrder = (cte: QueryCreator<Schema>, principal: Principal, ids: readonly string[]) =>
  cte
    .selectFrom('reservations')
    .select('id')
    .where('id', 'in', ids)
    .where('session_id', '=', principal.sessionId)
    .orderBy('id')
    .forUpdate();

/** Moves the end of the session's own reservations; what is not among them any more has ended. */
export async function renew(
  db: Db,
  principal: Principal,
  ids: readonly string[],
  now: number,
): Promise<RenewAnswer> {
  const expiresAt = now + leaseMs;
  const renewed = await db
    .with('own', (cte) => ownInOrder(cte, principal, ids))
    .updateTable('reservations')
    .set({ expires_at: expiresAt })
    .where('id', 'in', (where) => where.selectFrom('own').select('own.id'))
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
    .with('own', (cte) => ownInOrder(cte, principal, ids))
    .deleteFrom('reservations')
    .where('id', 'in', (where) => where.selectFrom('own').select('own.id'))
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
    .select(['r.id', 'r.session_id', 'r.camera_id', 'r.expires_at', 'r.service_user', 'u.grants'])
    .execute();
  const lost = rows.filter(({ camera_id, expires_at, service_user, grants }) => {
    if (which.alsoExpired && expires_at <= now) return true;
    const camera = snapshot.cameras.get(camera_id);
    // A machine has its leases by its token, not by anybody's session.
    if (service_user !== null) return camera === undefined;
    if (grants === null || camera === undefined) return true;
    return !isAllowed({ grants }, camera, 'live');
  });
  if (lost.length === 0) return [];
  return await db.transaction().execute(async (trx) => {
    const ended = await trx
      .with('gone', (cte) =>
        cte
          .selectFrom('reservations')
          .select('id')
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
          .orderBy('id')
          .forUpdate(),
      )
      .deleteFrom('reservations')
      .where('id', 'in', (where) => where.selectFrom('gone').select('gone.id'))
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
    .with('forgiven', (cte) =>
      cte
        .selectFrom('reservations')
        .select('id')
        .where('expires_at', '>', lastSeenAt)
        .where('expires_at', '<', now + leaseMs)
        .orderBy('id')
        .forUpdate(),
    )
    .updateTable('reservations')
    .set({ expires_at: now + leaseMs })
    .where('id', 'in', (where) => where.selectFrom('forgiven').select('forgiven.id'))
    .execute();
}
