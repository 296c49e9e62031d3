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

/** Streams that run, by path, and since when. One that stops keeps its entry for as long as its path is reported. */
export type Runs = ReadonlyMap<string, number>;

/** Which cameras have begun to send anew since the last look: after a restart they may send what they did not before. */
export function begunSince(
  before: Runs,
  reports: readonly (PathReport & { readonly cameraId: string })[],
): { readonly runs: Runs; readonly begun: ReadonlyMap<string, number> } {
  const runs = new Map<string, number>();
  const begun = new Map<string, number>();
  for (const { path, cameraId, state, since } of reports) {
    const known = before.get(path);
    const run = state === 'running' ? since : known;
    if (run !== undefined) runs.set(path, run);
    if (known !== undefined && run !== known) begun.set(cameraId, since);
  }
  return { runs, begun };
}

/** Tells that cameras send anew, though they are as up as before: whoever gave up on what they sent may try again. */
export async function tellBegun(db: Db, begun: ReadonlyMap<string, number>): Promise<void> {
  if (begun.size === 0) return;
  await publish(
    db,
    ...[...begun].map(([cameraId, since]) => ({
      kind: 'news' as const,
      news: { kind: 'camera' as const, cameraId, state: 'up' as const, since },
    })),
  );
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
