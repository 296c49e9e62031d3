import type { CameraState } from '#contract/camera.ts';
import type { PathReport } from '#server/gateway/gateway.ts';
import { publish } from '#server/news/envelope.ts';
import type { Db } from '#server/store/store.ts';
import { touchDirectory } from './apply-directory.ts';

/** What one path's report says of its camera; undefined: nothing new. */
export function stateFrom(report: Pick<PathReport, 'state' | 'code'>): CameraState | undefined {
  if (report.state === 'running') return 'up';
  if (report.state !== 'error') return undefined;
  switch (report.code) {
    // It sends pictures; that we cannot pass them on is another matter.
    case 'codec-unsupported':
    case 'b-frames':
      return 'up';
    case 'camera-offline':
    case 'source-refused':
      return 'down';
    default:
      return undefined;
  }
}

/** Each camera's state from the reports of all its paths: one that runs is enough to be up. */
export function statesFrom(
  reports: readonly (PathReport & { readonly cameraId: string })[],
): Map<string, { readonly state: CameraState; readonly since: number }> {
  const states = new Map<string, { readonly state: CameraState; readonly since: number }>();
  for (const report of reports) {
    const state = stateFrom(report);
    const other = states.get(report.cameraId);
    if (state === undefined || (other?.state === 'up' && state !== 'up')) continue;
    const isSame = other?.state === state;
    states.set(report.cameraId, {
      state,
      since: isSame ? Math.min(other.since, report.since) : report.since,
    });
  }
  return states;
}

/** Remembers the states that are news, and tells. */
export async function applyStates(
  db: Db,
  states: ReadonlyMap<string, { readonly state: CameraState; readonly since: number }>,
  now: number,
): Promise<void> {
  if (states.size === 0) return;
  const known = await db
    .selectFrom('cameras')
    .select(['id', 'state'])
    .where('id', 'in', [...states.keys()])
    .execute();
  const changed = known.flatMap(({ id, state }) => {
    const next = states.get(id);
    return next === undefined || next.state === state
      ? []
      : [{ id, state: next.state, since: Math.min(next.since, now) }];
  });
  if (changed.length === 0) return;
  await db.transaction().execute(async (trx) => {
    for (const { id, state, since } of changed)
      await trx.updateTable('cameras').set({ state, state_since: since }).where('id', '=', id).execute();
    await touchDirectory(trx);
    await publish(
      trx,
      ...changed.map(({ id, state, since }) => ({
        kind: 'news' as const,
        news: { kind: 'camera' as const, cameraId: id, state, since },
      })),
    );
  });
}
