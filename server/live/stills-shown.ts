import { record } from '#server/audit/audit.ts';
import type { Principal } from '#server/http/principal.ts';
import type { Db } from '#server/store/store.ts';

/** One entry for a session and a camera in this time, ms. */
const onceInMs = 60_000;
const mostRemembered = 10_000;

/** Writes down who was shown the last picture of which camera. Remembered per process: a second one may write it again. */
export interface StillsShown {
  /** Before the picture leaves the house. `at` is the moment it shows, epoch ms. */
  note(principal: Principal, cameraId: string, at: number): Promise<void>;
}

export function createStillsShown({
  db,
  now,
}: {
  readonly db: Db;
  /** Epoch ms. */
  readonly now: () => number;
}): StillsShown {
  const noted = new Map<string, { readonly at: number; readonly done: Promise<void> }>();
  return {
    async note({ sessionId, user }, cameraId, at) {
      const key = `${sessionId} ${cameraId}`;
      const last = noted.get(key);
      if (last !== undefined && now() - last.at < onceInMs) {
        await last.done;
        return;
      }
      const done = record(db, now(), {
        kind: 'still-shown',
        user: { id: user.id, name: user.name },
        cameraId,
        details: { at: new Date(at).toISOString() },
      });
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
