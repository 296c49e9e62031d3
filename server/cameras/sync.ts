import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#server/http/log.ts';
import { holdDuty, leaveDuty } from '#server/store/duty.ts';
import type { Db } from '#server/store/store.ts';
import type { Vms } from '#server/vms/vms.ts';
import { applyDirectory } from './apply-directory.ts';

/** How often a VMS is read, ms. */
export interface SyncPace {
  readonly everyMs: number;
  /** One reading may take so long: lists of whole sites have been seen to take three minutes each. */
  readonly patienceMs: number;
  /** So long after a process has gone in the middle of a reading another one takes over. */
  readonly dutyMs: number;
  readonly longestPauseMs: number;
  /**
   * When a reading is followed by another because it left streams of cameras unknown: a VMS tells first what is quick
   * to tell. Not more than {@link mostCompletions} times, for there may be cameras without any stream.
   */
  readonly completeMs: number;
}

export const usualPace: SyncPace = {
  everyMs: 300_000,
  patienceMs: 600_000,
  dutyMs: 60_000,
  longestPauseMs: 60_000,
  completeMs: 8000,
};
const mostCompletions = 10;

export interface SyncParts {
  readonly db: Db;
  readonly log: Logger;
  /** This process among several. */
  readonly holder: string;
  readonly now: () => number;
  /** After every reading that succeeded. */
  readonly onSynced: () => Promise<void>;
  readonly pace?: SyncPace;
  readonly random?: () => number;
}

/**
 * Reads the VMS into the tables now, again and again, until the signal ends it. Failures leave what was known and
 * are tried again, sooner at first, with full jitter. Of several processes one reads at a time, and only what
 * nobody has read lately. Never rejects.
 */
export async function keepSynced(vms: Vms, parts: SyncParts, signal: AbortSignal): Promise<void> {
  const { db, log, holder, now, pace = usualPace, random = Math.random } = parts;
  const duty = `sync:${vms.id}`;
  let failures = 0;
  let isFirst = true;
  let completions = 0;
  /** The last reading of ours left something out that the next one may know. */
  let isPartial = false;
  const isEnding = (): boolean => signal.aborted;
  while (!isEnding()) {
    let pauseMs = pace.everyMs * (0.9 + 0.2 * random());
    try {
      const isRead = await readOnce();
      if (isRead === 'elsewhere') pauseMs = Math.min(pauseMs, 2000 + 1000 * random());
      else failures = 0;
      isFirst = false;
      isPartial &&= completions < mostCompletions;
      if (isPartial) pauseMs = Math.min(pauseMs, pace.completeMs);
    } catch (cause) {
      if (isEnding()) break;
      failures += 1;
      pauseMs = random() * Math.min(pace.longestPauseMs, 1000 * 2 ** failures);
      log.warn({ err: cause, vms: vms.id, failures }, 'the VMS could not be read');
      await noteFailure(db, vms.id, now()).catch((err: unknown) =>
        log.error({ err }, 'nor could that be noted'),
      );
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }

  async function readOnce(): Promise<'read' | 'recent' | 'elsewhere'> {
    if (!isFirst && !isPartial && failures === 0) {
      const row = await db.selectFrom('vms').select('synced_at').where('id', '=', vms.id).executeTakeFirst();
      if (now() - (row?.synced_at ?? 0) < pace.everyMs * 0.8) return 'recent';
    }
    if (!(await holdDuty(db, duty, holder, now(), pace.dutyMs))) return 'elsewhere';
    let renewal: Promise<unknown> = Promise.resolve();
    const holding = setInterval(() => {
      renewal = holdDuty(db, duty, holder, now(), pace.dutyMs).catch((err: unknown) =>
        log.warn({ err, vms: vms.id }, 'could not say that the VMS is being read'),
      );
    }, pace.dutyMs / 3);
    try {
      const startedAt = performance.now();
      const read = await vms.readDirectory(AbortSignal.any([signal, AbortSignal.timeout(pace.patienceMs)]));
      if (isPartial) completions += 1;
      isPartial = read.cameras.some(({ streams }) => streams.length === 0);
      const { hasChanged, conflicts } = await applyDirectory(db, vms.id, read, now());
      log.info(
        {
          vms: vms.id,
          cameras: read.cameras.length,
          groups: read.groups.length,
          hasChanged,
          tookMs: Math.round(performance.now() - startedAt),
        },
        'read the VMS',
      );
      if (conflicts.length > 0)
        log.warn({ vms: vms.id, conflicts }, 'cameras left out: another VMS has the same ids');
      await parts.onSynced();
      return 'read';
    } finally {
      clearInterval(holding);
      await renewal;
      await leaveDuty(db, duty, holder);
    }
  }
}

async function noteFailure(db: Db, vmsId: string, now: number): Promise<void> {
  await db.updateTable('vms').set({ attempted_at: now }).where('id', '=', vmsId).execute();
  await db
    .updateTable('vms')
    .set({ is_up: false, since: now })
    .where('id', '=', vmsId)
    .where('is_up', '=', true)
    .execute();
}
