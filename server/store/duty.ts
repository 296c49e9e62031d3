import type { Db } from './store.ts';

/**
 * Takes or keeps a piece of work that one process at a time does for all; false while another holds it. It falls
 * free by itself `forMs` after the last time its holder said so.
 */
export async function holdDuty(
  db: Db,
  name: string,
  holder: string,
  now: number,
  forMs: number,
): Promise<boolean> {
  const held = await db
    .insertInto('duties')
    .values({ name, holder, held_until: now + forMs, done_at: now })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder, held_until: now + forMs, done_at: now })
        .where((where) =>
          where.or([where('duties.holder', '=', holder), where('duties.held_until', '<=', now)]),
        ),
    )
    .returning('name')
    .executeTakeFirst();
  return held !== undefined;
}

/** When somebody last held the duty, epoch ms; undefined when nobody ever did. */
export async function dutyDoneAt(db: Db, name: string): Promise<number | undefined> {
  const row = await db.selectFrom('duties').select('done_at').where('name', '=', name).executeTakeFirst();
  return row?.done_at;
}

/** Gives the duty up, so that the next may take it at once. */
export async function leaveDuty(db: Db, name: string, holder: string): Promise<void> {
  await db
    .updateTable('duties')
    .set({ held_until: 0 })
    .where('name', '=', name)
    .where('holder', '=', holder)
    .execute();
}

/** Frees all duties, where no other process can be holding one. When they were last done stays known. */
export async function freeDuties(db: Db): Promise<void> {
  await db.updateTable('duties').set({ held_until: 0 }).execute();
}
