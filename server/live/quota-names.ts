import type { CameraDirectory } from '#server/cameras/directory.ts';
import type { Logger } from '#server/http/log.ts';
import type { Db } from '#server/store/store.ts';
import { type Quotas, unknownAgencies } from './quota.ts';

export interface QuotaNameParts {
  readonly db: Db;
  readonly directory: CameraDirectory;
  readonly quotas: Quotas;
  readonly log: Logger;
}

/**
 * Gives a look that warns of names in the quotas that no recorder has, for after each reading: nobody would be held to
 * those. Warns once of the same names, and not before every recorder has been read.
 */
export function watchQuotaNames({ db, directory, quotas, log }: QuotaNameParts): () => Promise<void> {
  let warnedOf = '';
  return async () => {
    const unread = await db.selectFrom('vms').select('id').where('synced_at', 'is', null).executeTakeFirst();
    if (unread !== undefined) return;
    const unknown = unknownAgencies(quotas, await directory.snapshot());
    if (unknown.length > 0 && unknown.join() !== warnedOf)
      log.warn({ unknown }, 'the quotas name agencies that no recorder has');
    warnedOf = unknown.join();
  };
}
