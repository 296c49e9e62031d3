import { sql } from 'kysely';
import type { Db } from '#server/store/store.ts';

/** What is remembered of failed sign-ins with one name, or from one address. */
export interface Attempts {
  readonly failures: number;
  readonly failedAt: number;
  /** No attempt counts before this, epoch ms. */
  readonly blockedUntil: number;
}

export interface ThrottlePolicy {
  /** So many failures cost nothing. */
  readonly free: number;
  /** The first pause; each further failure doubles it. */
  readonly pauseMs: number;
  readonly longestPauseMs: number;
  /** After so long without a failure everything is forgotten. */
  readonly memoryMs: number;
}

const minute = 60_000;
/** A name's pauses stay short, or anybody could lock an operator out; guessing at one a minute leads nowhere. */
export const namePolicy: ThrottlePolicy = {
  free: 5,
  pauseMs: 2000,
  longestPauseMs: minute,
  memoryMs: 15 * minute,
};
/** An address may be a whole control room. */
export const addressPolicy: ThrottlePolicy = {
  free: 20,
  pauseMs: 5000,
  longestPauseMs: 5 * minute,
  memoryMs: 30 * minute,
};

/** One more failure. Pure. */
export function afterFailure(before: Attempts | undefined, policy: ThrottlePolicy, now: number): Attempts {
  const isForgotten = before === undefined || now - before.failedAt > policy.memoryMs;
  const failures = (isForgotten ? 0 : before.failures) + 1;
  const over = failures - policy.free;
  const pauseMs = over <= 0 ? 0 : Math.min(policy.longestPauseMs, policy.pauseMs * 2 ** (over - 1));
  return { failures, failedAt: now, blockedUntil: now + pauseMs };
}

const policyOf = (key: string): ThrottlePolicy => (key.startsWith('name:') ? namePolicy : addressPolicy);

/** The keys an attempt counts under. */
export const attemptKeys = (name: string, address: string): string[] => [
  `name:${name.toLowerCase()}`,
  `address:${address}`,
];

/**
 * Counts an attempt as failed before it is made, so that many at once do not slip through together. Gives the ms
 * to wait when it may not be made now; then nothing is counted.
 */
export async function beginAttempt(db: Db, keys: readonly string[], now: number): Promise<number> {
  return await db.transaction().execute(async (trx) => {
    const sorted = [...keys].sort();
    // A row to lock for each key, always in the same order.
    await trx
      .insertInto('sign_in_attempts')
      .values(sorted.map((key) => ({ key, failures: 0, failed_at: 0, blocked_until: 0 })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const rows = await trx
      .selectFrom('sign_in_attempts')
      .selectAll()
      .where('key', 'in', sorted)
      .orderBy('key')
      .forUpdate()
      .execute();
    const waitMs = Math.max(...rows.map((row) => row.blocked_until - now));
    if (waitMs > 0) return waitMs;
    for (const row of rows) {
      const before = { failures: row.failures, failedAt: row.failed_at, blockedUntil: row.blocked_until };
      const after = afterFailure(before, policyOf(row.key), now);
      await trx
        .updateTable('sign_in_attempts')
        .set({ failures: after.failures, failed_at: after.failedAt, blocked_until: after.blockedUntil })
        .where('key', '=', row.key)
        .execute();
    }
    return 0;
  });
}

/** The attempt succeeded: its name starts afresh; its address only gets this one attempt back. */
export async function attemptSucceeded(db: Db, keys: readonly string[]): Promise<void> {
  await db
    .updateTable('sign_in_attempts')
    .set({
      failures: sql`case when key like 'name:%' then 0 else greatest(failures - 1, 0) end`,
      blocked_until: 0,
    })
    .where('key', 'in', keys)
    .execute();
}

/** Drops what no policy remembers any more. */
export async function forgetAttempts(db: Db, now: number): Promise<void> {
  await db
    .deleteFrom('sign_in_attempts')
    .where('failed_at', '<', now - Math.max(namePolicy.memoryMs, addressPolicy.memoryMs))
    .execute();
}
