import { randomUUID } from 'node:crypto';
import type { User } from '#contract/account.ts';
import type { Export, ExportEstimate, ExportRequest } from '#contract/evidence.ts';
import { record } from '#server/audit/audit.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Handlers, OtherHandlers } from '#server/http/routing.ts';
import type { Abilities } from '#server/recordings/abilities.ts';
import type { Frames } from '#server/recordings/frames.ts';
import type { Past } from '#server/recordings/past.ts';
import type { Db } from '#server/store/store.ts';
import { downloadHandler } from './export-download.ts';
import { estimateCamera } from './export-estimate.ts';
import type { ExportRunner } from './export-runner.ts';
import {
  changeState,
  exclusively,
  exportOf,
  type ExportRow,
  placesInQueue,
  settledMs,
  tell,
  waitingBefore,
} from './export-table.ts';

type Names =
  | 'listExports'
  | 'estimateExport'
  | 'createExport'
  | 'readExport'
  | 'pauseExport'
  | 'resumeExport'
  | 'cancelExport';

const mostListed = 200;

export interface ExportParts {
  readonly db: Db;
  readonly past: Past;
  readonly frames: Frames;
  readonly abilities: Abilities;
  readonly runner: ExportRunner | undefined;
  readonly now: () => number;
}

/** Exports: asked for, followed, fetched. */
export function exportRoutes(parts: ExportParts): {
  readonly routes: Pick<Handlers, Names>;
  readonly others: Pick<OtherHandlers, 'exportFile'>;
} {
  const { db, past, frames, abilities, now } = parts;
  const runnerHere = (): ExportRunner => {
    if (parts.runner === undefined) throw new Refusal('not-supported', { detail: 'Exports are not set up.' });
    return parts.runner;
  };

  const shown = async (row: ExportRow): Promise<Export> =>
    exportOf(row, await placesInQueue(db, now()), parts.runner);

  /** The export, if it is this person's or they administer; `not-found` else. */
  async function find(user: User, id: string): Promise<ExportRow> {
    const row = await db.selectFrom('exports').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined || (row.user_id !== user.id && user.role !== 'administrator'))
      throw new Refusal('not-found');
    return row;
  }

  async function change(
    user: User,
    id: string,
    from: readonly ExportRow['status'][],
    status: ExportRow['status'],
  ): Promise<ExportRow> {
    const before = await find(user, id);
    const row = await changeState(db, id, from, {
      status,
      at: now(),
      ...(status === 'cancelled' ? { files: [] } : {}),
    });
    if (row === undefined) throw new Refusal('wrong-state', { detail: `It is ${before.status}.` });
    return row;
  }

  async function estimate(user: User, request: ExportRequest, viewer: string, signal: AbortSignal) {
    const runner = runnerHere();
    if (request.end > now() + settledMs)
      throw new Refusal('invalid-request', { issues: [{ path: 'end', message: 'is in the future' }] });
    const cameras = await past.cameras(user, request.cameraIds, 'export');
    const [each, freeBytes, queued, canWatermark] = await Promise.all([
      Promise.all(
        cameras.map((camera) => estimateCamera(camera, request, frames, abilities, viewer, signal)),
      ),
      runner.freeFor(user.id),
      waitingBefore(db, now()),
      runner.canWatermark(),
    ]);
    const films = each.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
    return {
      cameras: each,
      // A copy is about as large as its film.
      bytes: request.hasWatermark ? 2 * films : films,
      freeBytes,
      queued,
      // Only films whose form is known get a copy.
      canWatermark: canWatermark && !each.some((camera) => camera.isMadeByVms === true),
    } satisfies ExportEstimate;
  }

  return {
    routes: {
      async listExports({ principal: { user } }) {
        const rows = await db
          .selectFrom('exports')
          .selectAll()
          .$if(user.role !== 'administrator', (query) => query.where('user_id', '=', user.id))
          .orderBy('created_at', 'desc')
          .limit(mostListed)
          .execute();
        const places = await placesInQueue(db, now());
        return rows.map((row) => exportOf(row, places, parts.runner));
      },

      estimateExport: ({ principal, body, signal }) =>
        estimate(principal.user, body, principal.sessionId, signal),

      async createExport({ principal, body, signal }) {
        const runner = runnerHere();
        const { user, sessionId } = principal;
        const expected = await estimate(user, body, sessionId, signal);
        if (body.hasWatermark && !expected.canWatermark)
          throw new Refusal('not-supported', { detail: 'No copies with a watermark can be made of this.' });
        const unable = expected.cameras.find(({ cannot }) => cannot === 'codec-unsupported');
        if (unable !== undefined)
          throw new Refusal('codec-unsupported', {
            detail: `No film can be made of what camera ${unable.cameraId} has recorded.`,
          });
        const total = expected.cameras.reduce((sum, { recordedMs }) => sum + recordedMs, 0);
        if (total === 0) throw new Refusal('no-recording');
        const id = randomUUID();
        const time = now();
        const row = await exclusively(db, async (trx) => {
          // Two that are asked for at the same time do not get the same room.
          if (expected.bytes > (await runner.freeFor(user.id, trx))) throw new Refusal('quota-exceeded');
          const made = await trx
            .insertInto('exports')
            .values({
              id,
              user_id: user.id,
              user_name: user.name,
              display_name: user.displayName,
              title: body.title,
              reason: body.reason,
              camera_ids: body.cameraIds,
              start_at: body.start,
              end_at: body.end,
              stream: body.stream,
              has_watermark: body.hasWatermark,
              created_at: time,
              status: 'queued',
              status_at: time,
              total_ms: total,
              expected_bytes: expected.bytes,
              store_id: runner.storeId,
            })
            .returningAll()
            .executeTakeFirstOrThrow();
          const details = { export: id, title: body.title, reason: body.reason };
          await record(
            trx,
            time,
            ...body.cameraIds.map((cameraId) => ({
              kind: 'export-requested' as const,
              user,
              cameraId,
              details,
            })),
          );
          await tell(trx, [id]);
          return made;
        });
        runner.wake();
        return await shown(row);
      },

      readExport: async ({ principal, params }) => shown(await find(principal.user, params.exportId)),

      async pauseExport({ principal, params }) {
        const row = await change(principal.user, params.exportId, ['queued', 'running'], 'paused');
        await parts.runner?.stop(row.id);
        return await shown(row);
      },

      async resumeExport({ principal, params }) {
        const before = await find(principal.user, params.exportId);
        await past.cameras(principal.user, before.camera_ids, 'export');
        if (before.status === 'failed' && !before.can_resume)
          throw new Refusal('wrong-state', { detail: 'It would fail again.' });
        const row = await change(principal.user, params.exportId, ['paused', 'failed'], 'queued');
        parts.runner?.wake();
        return await shown(row);
      },

      async cancelExport({ principal, params }) {
        const every = ['queued', 'running', 'paused', 'failed', 'done'] as const;
        const row = await change(principal.user, params.exportId, every, 'cancelled');
        await record(db, now(), {
          kind: 'export-deleted',
          user: principal.user,
          details: { export: row.id, title: row.title },
        });
        await parts.runner?.remove(row.id);
        return await shown(row);
      },
    },

    others: { exportFile: downloadHandler({ ...parts, find }) },
  };
}
