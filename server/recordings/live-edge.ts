import type { Logger } from '#server/http/log.ts';
import { publish } from '#server/news/envelope.ts';
import { holdDuty } from '#server/store/duty.ts';
import type { Db } from '#server/store/store.ts';
import type { Vms } from '#server/vms/vms.ts';

/** Changes are told together, this often at most, ms: a site of 500 cameras has one every second. */
const gatherMs = 1000;
/** Cameras in one piece of news. */
const mostTogether = 100;
/** Another process tells when the one that did has been silent for so long, ms. */
const holdMs = 15_000;

export interface LiveEdgeParts {
  readonly db: Db;
  readonly log: Logger;
  /** This process among several: all hear of the changes, one tells them. */
  readonly holder: string;
  readonly now: () => number;
  /** Default: a second. Tests do not wait so long. */
  readonly gatherMs?: number;
}

/** Passes on as news which cameras' recordings have changed, until the signal ends it. Never rejects. */
export async function tellRecordingChanges(
  vms: Vms,
  parts: LiveEdgeParts,
  signal: AbortSignal,
): Promise<void> {
  const { db, log, holder, now } = parts;
  const changed = { everywhere: new Set<string>(), here: new Set<string>() };
  let timer: NodeJS.Timeout | undefined;
  let telling = Promise.resolve();

  async function tell(): Promise<void> {
    // Nobody else has found out what was found out here: it is told whoever is on duty.
    const cameraIds = new Set(changed.here);
    changed.here.clear();
    const shared = [...changed.everywhere];
    changed.everywhere.clear();
    if (shared.length > 0 && (await holdDuty(db, `changes:${vms.id}`, holder, now(), holdMs)))
      for (const id of shared) cameraIds.add(id);
    const all = [...cameraIds];
    for (let at = 0; at < all.length; at += mostTogether)
      await publish(db, {
        kind: 'news',
        news: { kind: 'recordings', cameraIds: all.slice(at, at + mostTogether) },
      });
  }

  await vms.recordings?.followChanges?.((cameraIds, heard) => {
    for (const id of cameraIds) changed[heard].add(id);
    timer ??= setTimeout(() => {
      timer = undefined;
      telling = telling
        .then(tell)
        .catch((err: unknown) => log.warn({ err, vms: vms.id }, 'changes of recordings could not be told'));
    }, parts.gatherMs ?? gatherMs);
  }, signal);
  clearTimeout(timer);
  await telling;
}
