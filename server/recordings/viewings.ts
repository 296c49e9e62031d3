import { record } from '#server/audit/audit.ts';
import type { Principal } from '#server/http/principal.ts';
import type { Db } from '#server/store/store.ts';

/** Who asks for nothing of a camera for so long has stopped looking at it. */
const idleMs = 60_000;
/** Being still there is written down at most this often; a good part of the pause that ends a viewing. */
const noteEveryMs = idleMs / 4;
const mostRemembered = 10_000;

/** Writes down who looks at whose past: once per camera and continuous viewing. */
export interface Viewings {
  /** Before a picture leaves the house. `at` is the recorded moment. */
  note(principal: Principal, cameraId: string, at: number): Promise<void>;
}

export function createViewings(parts: { readonly db: Db; readonly now: () => number }): Viewings {
  const { db, now } = parts;
  /** What is in the table already; several pages and BFFs meet there. */
  const noted = new Map<string, { readonly at: number; readonly done: Promise<void> }>();

  async function write({ sessionId, user }: Principal, cameraId: string, at: number): Promise<void> {
    const time = now();
    await db.transaction().execute(async (trx) => {
      await trx
        .deleteFrom('playbacks')
        .where('seen_at', '<', time - idleMs)
        .execute();
      const isNew = await trx
        .insertInto('playbacks')
        .values({ session_id: sessionId, camera_id: cameraId, seen_at: time })
        .onConflict((conflict) => conflict.columns(['session_id', 'camera_id']).doNothing())
        .returning('seen_at')
        .executeTakeFirst();
      if (isNew === undefined)
        await trx
          .updateTable('playbacks')
          .set({ seen_at: time })
          .where('session_id', '=', sessionId)
          .where('camera_id', '=', cameraId)
          .execute();
      else
        await record(trx, time, {
          kind: 'playback',
          user,
          cameraId,
          details: { at: new Date(at).toISOString() },
        });
    });
  }

  return {
    async note(principal, cameraId, at) {
      const key = `${principal.sessionId} ${cameraId}`;
      const last = noted.get(key);
      if (last !== undefined && now() - last.at < noteEveryMs) {
        await last.done;
        return;
      }
      const done = write(principal, cameraId, at);
      noted.delete(key);
      noted.set(key, { at: now(), done });
      const oldest = noted.keys().next();
      if (noted.size > mostRemembered && oldest.done !== true) noted.delete(oldest.value);
      try {
        await done;
      } catch (cause) {
        noted.delete(key);
        throw cause;
      }
    },
  };
}
