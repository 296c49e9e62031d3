import { sql, type Selectable } from 'kysely';
import type { Export, ExportFile, ExportState } from '#contract/evidence.ts';
import type { ProblemCode } from '#contract/problem.ts';
import type { Schema } from '#server/store/schema.ts';
import type { Db } from '#server/store/store.ts';
import { publish } from '#server/news/envelope.ts';
import { holdDuty, leaveDuty } from '#server/store/duty.ts';
import { fairOrder } from './fair-order.ts';

export type ExportRow = Selectable<Schema['exports']>;

/** So many run at once, over all BFFs. */
export const mostRunning = 10;
/** What was recorded less than this ago may not have reached the recorder's database: an export of it waits. */
export const settledMs = 60_000;
/** Who has not said for so long that a folder of exports is looked after is gone, and what waits there waits for it. */
const storeMs = 30_000;
const dutyOf = (storeId: string): string => `exports ${storeId}`;

/** Says that this folder's exports are looked after. To be said every few seconds. */
export const tendStore = (db: Db, storeId: string, holder: string, now: number): Promise<boolean> =>
  holdDuty(db, dutyOf(storeId), holder, now, storeMs);

/** Says that this process looks after them no more. */
export const leaveStore = (db: Db, storeId: string, holder: string): Promise<void> =>
  leaveDuty(db, dutyOf(storeId), holder);

type Waiting = Pick<ExportRow, 'store_id' | 'end_at'>;

/** Takes changes to the queue one after the other, whoever makes them. */
export async function exclusively<T>(db: Db, work: (trx: Db) => Promise<T>): Promise<T> {
  return await db.transaction().execute(async (trx) => {
    await sql`lock table exports in share row exclusive mode`.execute(trx);
    return await work(trx);
  });
}

const countByUser = (rows: readonly { user_id: string }[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { user_id } of rows) counts.set(user_id, (counts.get(user_id) ?? 0) + 1);
  return counts;
};

/** What waits, what is worked on, and what nobody works on any more; in the order, what waits where `isCounted`. */
const queueOf = async (db: Db, now: number, isCounted: (row: Waiting) => boolean = () => true) => {
  const rows = await db
    .selectFrom('exports')
    .select(['id', 'user_id', 'status', 'status_at', 'store_id', 'runner_until', 'end_at'])
    .where('status', 'in', ['queued', 'running'])
    .execute();
  const running = rows.filter(({ status, runner_until }) => status === 'running' && runner_until > now);
  const orphans = rows.filter(({ status, runner_until }) => status === 'running' && runner_until <= now);
  const order = fairOrder(
    rows
      .filter((row) => row.status === 'queued' && isCounted(row))
      .map(({ id, user_id, status_at }) => ({ id, userId: user_id, since: status_at })),
    countByUser(running),
  );
  return { rows, running, orphans, order };
};

/** The folders that somebody looks after, this one too. */
async function tendedStores(db: Db, own: string, now: number): Promise<ReadonlySet<string>> {
  const prefix = dutyOf('');
  const duties = await db
    .selectFrom('duties')
    .select('name')
    .where('name', 'like', `${prefix}%`)
    .where('held_until', '>', now)
    .execute();
  return new Set([own, ...duties.map(({ name }) => name.slice(prefix.length))]);
}

/**
 * Takes what may run now and has its files here: first what was left by a process that died, then what waits, in fair
 * order, while fewer than {@link mostRunning} run anywhere. What nobody works on any more takes no place, and neither
 * does what waits in a folder that nobody looks after.
 */
export async function claimExports(
  db: Db,
  who: { readonly storeId: string; readonly holder: string },
  now: number,
  holdMs: number,
): Promise<string[]> {
  const waiting = await db
    .selectFrom('exports')
    .select('id')
    .where('store_id', '=', who.storeId)
    .where((where) =>
      where.or([
        where.and([where('status', '=', 'queued'), where('end_at', '<=', now - settledMs)]),
        where.and([where('status', '=', 'running'), where('runner_until', '<=', now)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  if (waiting === undefined) return [];
  return await exclusively(db, async (trx) => {
    const stores = await tendedStores(trx, who.storeId, now);
    const { rows, running, order, ...left } = await queueOf(
      trx,
      now,
      ({ store_id, end_at }) => stores.has(store_id) && end_at <= now - settledMs,
    );
    const orphans = left.orphans.filter(({ store_id }) => store_id === who.storeId);
    const here = new Set(rows.filter(({ store_id }) => store_id === who.storeId).map(({ id }) => id));
    const places = Math.max(0, mostRunning - running.length - orphans.length);
    const next = order.slice(0, places).filter(({ id }) => here.has(id));
    const ids = [...orphans, ...next].map(({ id }) => id);
    for (const id of ids)
      await trx
        .updateTable('exports')
        .set({
          status: 'running',
          status_at: now,
          runner: who.holder,
          runner_until: now + holdMs,
          code: null,
        })
        .where('id', '=', id)
        .execute();
    await tell(trx, ids);
    return ids;
  });
}

/** Keeps what this process runs, by their ids; gives those that it may still run. What it holds but does not run it loses. */
export async function keepClaims(
  db: Db,
  holder: string,
  ids: readonly string[],
  now: number,
  holdMs: number,
): Promise<ExportRow[]> {
  return await db
    .updateTable('exports')
    .set({ runner_until: now + holdMs })
    .where('status', '=', 'running')
    .where('runner', '=', holder)
    .where('id', 'in', [...ids])
    .returningAll()
    .execute();
}

/** Frees all running exports to be taken up at once, where no other process can be at work on them. */
export async function freeExports(db: Db): Promise<void> {
  await db.updateTable('exports').set({ runner_until: 0 }).where('status', '=', 'running').execute();
}

/** What happened to an export, in one step from one of the states it may happen in; undefined when it is in none. */
export async function changeState(
  db: Db,
  id: string,
  from: readonly ExportRow['status'][],
  to: {
    readonly status: ExportRow['status'];
    readonly at: number;
    readonly code?: ProblemCode;
    readonly canResume?: boolean;
    readonly files?: readonly ExportFile[];
    readonly expiresAt?: number;
    /** Only while this process has it. */
    readonly holder?: string;
  },
): Promise<ExportRow | undefined> {
  return await db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable('exports')
      .set({
        status: to.status,
        status_at: to.at,
        code: to.code ?? null,
        can_resume: to.canResume ?? false,
        runner: null,
        runner_until: 0,
        ...(to.files === undefined ? {} : { files: JSON.stringify(to.files) }),
        ...(to.expiresAt === undefined ? {} : { expires_at: to.expiresAt }),
      })
      .where('id', '=', id)
      .where('status', 'in', [...from])
      .$if(to.holder !== undefined, (query) => query.where('runner', '=', to.holder ?? ''))
      .returningAll()
      .executeTakeFirst();
    if (row !== undefined) await tell(trx, [id]);
    return row;
  });
}

/** Tells the pages of owners and administrators how far exports are. */
export async function tell(db: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const rows = await db
    .selectFrom('exports')
    .selectAll()
    .where('id', 'in', [...ids])
    .execute();
  await publish(
    db,
    ...rows.map((row) => ({
      kind: 'news' as const,
      user: row.user_id,
      isForAdministrators: true as const,
      news: { kind: 'export' as const, exportId: row.id, status: row.status, progress: progressOf(row) },
    })),
  );
}

const progressOf = ({ done_ms, total_ms, bytes }: ExportRow): Export['progress'] => ({
  doneMs: Math.min(done_ms, total_ms),
  totalMs: total_ms,
  bytes,
});

/** How many wait before one that is asked for now: none where one more may run. */
export async function waitingBefore(db: Db, now: number): Promise<number> {
  const { running, order } = await queueOf(db, now);
  return running.length + order.length < mostRunning ? 0 : order.length;
}

/** Places in the queue by export, from 1. */
export async function placesInQueue(db: Db, now: number): Promise<ReadonlyMap<string, number>> {
  const { order } = await queueOf(db, now);
  return new Map(order.map(({ id }, i) => [id, i + 1]));
}

function stateOf(row: ExportRow, place: number | undefined): ExportState {
  const at = row.status_at;
  switch (row.status) {
    case 'queued': {
      const notBefore = row.end_at + settledMs;
      return { status: 'queued', place: place ?? 1, ...(notBefore > at ? { notBefore } : {}) };
    }
    case 'running':
      return { status: 'running', since: at };
    case 'paused':
      return { status: 'paused', since: at };
    case 'done':
      return { status: 'done', at, expiresAt: row.expires_at ?? at };
    case 'failed':
      return { status: 'failed', at, code: row.code ?? 'internal', canResume: row.can_resume };
    case 'cancelled':
    case 'expired':
      return { status: row.status, at };
  }
}

/**
 * The row as the contract has it.
 * @param here the folder of the BFF that answers, and the fingerprint of its key
 */
export const exportOf = (
  row: ExportRow,
  places: ReadonlyMap<string, number>,
  here: { readonly storeId: string; readonly fingerprint: string } | undefined,
): Export => ({
  id: row.id,
  title: row.title,
  cameraIds: row.camera_ids,
  start: row.start_at,
  end: row.end_at,
  stream: row.stream,
  reason: row.reason,
  hasWatermark: row.has_watermark,
  createdAt: row.created_at,
  createdBy: row.display_name,
  state: stateOf(row, places.get(row.id)),
  progress: progressOf(row),
  files: [...row.files],
  ...(row.store_id === here?.storeId ? {} : { isElsewhere: true }),
  ...(row.store_id === here?.storeId && row.status === 'done' ? { signedBy: here.fingerprint } : {}),
});
