import type { Right } from '#contract/account.ts';
import { readSession } from '#server/account/sessions.ts';
import type { Principal } from '#server/http/principal.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Db } from '#server/store/store.ts';
import type { Past } from './past.ts';

/** An answer that takes longer than this is checked again while it goes out. */
const everyMs = 1000;

/** Looks again, if it has not just done so, whether this person still may. Throws a {@link Refusal} when not. */
export type RightGuard = () => Promise<void>;

/** For answers that take their time: what the gate found out at their beginning may be over before their end. */
export function rightGuard(
  parts: { readonly db: Db; readonly past: Past; readonly now: () => number },
  principal: Principal,
  cameraIds: readonly string[],
  right: Right,
): RightGuard {
  const { db, past, now } = parts;
  let checkedAt = performance.now();
  return async () => {
    if (performance.now() - checkedAt < everyMs) return;
    const current = await readSession(db, principal.sessionId, now());
    if (current === undefined) throw new Refusal('signed-out');
    await past.cameras(current.user, cameraIds, right);
    checkedAt = performance.now();
  };
}
