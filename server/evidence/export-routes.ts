import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import type { User } from '#contract/account.ts';
import type { Export, ExportEstimate, ExportFile, ExportRequest } from '#contract/evidence.ts';
import { recordingMediaRoutes } from '#contract/recording-routes.ts';
import { record } from '#server/audit/audit.ts';
import { parsed } from '#server/http/body.ts';
import type { Principal } from '#server/http/principal.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Handlers, OtherHandlers } from '#server/http/routing.ts';
import type { Frames } from '#server/recordings/frames.ts';
import type { Past } from '#server/recordings/past.ts';
import { rightGuard, type RightGuard } from '#server/recordings/right-guard.ts';
import type { Db } from '#server/store/store.ts';
import { readRange } from './byte-range.ts';
import { estimateCamera } from './export-estimate.ts';
import type { ExportRunner } from './export-runner.ts';
import { changeState, exportOf, type ExportRow, mostRunning, placesInQueue, tell } from './export-table.ts';

type Names =
  | 'listExports'
  | 'estimateExport'
  | 'createExport'
  | 'readExport'
  | 'pauseExport'
  | 'resumeExport'
  | 'cancelExport';

const readAtOnce = 256 * 1024;
const mostListed = 200;
/** Several ranges of one file, fetched by one page, are one download. */
const downloadMs = 3_600_000;
const mostDownloads = 10_000;

export interface ExportParts {
  readonly db: Db;
  readonly past: Past;
  readonly frames: Frames;
  readonly runner: ExportRunner | undefined;
  readonly now: () => number;
}

/** Exports: asked for, followed, fetched. */
export function exportRoutes(parts: ExportParts): {
  readonly routes: Pick<Handlers, Names>;
  readonly others: Pick<OtherHandlers, 'exportFile'>;
} {
  const { db, past, frames, now } = parts;
  const downloads = new Map<string, number>();

  const runnerHere = (): ExportRunner => {
    if (parts.runner === undefined) throw new Refusal('not-supported', { detail: 'Exports are not set up.' });
    return parts.runner;
  };

  const shown = async (row: ExportRow): Promise<Export> => exportOf(row, await placesInQueue(db));

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
    const cameras = await past.cameras(user, request.cameraIds, 'export');
    const [each, freeBytes, { waiting, running }] = await Promise.all([
      Promise.all(cameras.map((camera) => estimateCamera(camera, request, frames, viewer, signal))),
      runner.freeFor(user.id),
      load(),
    ]);
    return {
      cameras: each,
      bytes: each.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
      freeBytes,
      queued: running + waiting < mostRunning ? 0 : waiting,
      canWatermark: false,
    } satisfies ExportEstimate;
  }

  async function load(): Promise<{ waiting: number; running: number }> {
    const rows = await db
      .selectFrom('exports')
      .select(['status', ({ fn }) => fn.countAll<number | string>().as('count')])
      .where('status', 'in', ['queued', 'running'])
      .groupBy('status')
      .execute();
    const count = (status: string): number => Number(rows.find((row) => row.status === status)?.count ?? 0);
    return { waiting: count('queued'), running: count('running') };
  }

  /** One entry for each file that a page fetches, in however many pieces. */
  async function noteDownload(
    { sessionId, user }: Principal,
    row: ExportRow,
    file: ExportFile,
  ): Promise<void> {
    const key = `${sessionId} ${row.id} ${file.name}`;
    const time = now();
    if (time - (downloads.get(key) ?? -Infinity) < downloadMs) return;
    await record(db, time, {
      kind: 'export-downloaded',
      user,
      ...(file.cameraId === undefined ? {} : { cameraId: file.cameraId }),
      details: { export: row.id, name: file.name },
    });
    downloads.delete(key);
    downloads.set(key, time);
    const oldest = downloads.keys().next();
    if (downloads.size > mostDownloads && oldest.done !== true) downloads.delete(oldest.value);
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
        const places = await placesInQueue(db);
        return rows.map((row) => exportOf(row, places));
      },

      estimateExport: ({ principal, body, signal }) =>
        estimate(principal.user, body, principal.sessionId, signal),

      async createExport({ principal, body, signal }) {
        const runner = runnerHere();
        const { user, sessionId } = principal;
        if (body.hasWatermark) throw new Refusal('not-supported', { detail: 'There is no transcoder.' });
        const expected = await estimate(user, body, sessionId, signal);
        const total = expected.cameras.reduce((sum, { recordedMs }) => sum + recordedMs, 0);
        if (total === 0) throw new Refusal('no-recording');
        if (expected.bytes > expected.freeBytes) throw new Refusal('quota-exceeded');
        const id = randomUUID();
        const time = now();
        const row = await db.transaction().execute(async (trx) => {
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
              has_watermark: false,
              created_at: time,
              status: 'queued',
              status_at: time,
              total_ms: total,
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

    others: {
      async exportFile(context, principal) {
        const { exportId, name } = parsed(recordingMediaRoutes.exportFile.params, context.req.param());
        const row = await find(principal.user, exportId);
        await past.cameras(principal.user, row.camera_ids, 'export');
        const file = row.files.find((one) => one.name === name);
        if (file === undefined || row.store_id !== parts.runner?.storeId) throw new Refusal('not-found');
        const etag = `"${file.sha256}"`;
        const { headers } = context.req.raw;
        const ifRange = headers.get('if-range');
        const range = readRange(
          ifRange === null || ifRange === etag ? headers.get('range') : null,
          file.bytes,
        );
        const common = {
          'accept-ranges': 'bytes',
          etag,
          'cache-control': 'no-store',
          'content-type': file.kind === 'manifest' ? 'application/json' : 'video/mp4',
          'content-disposition': `attachment; filename="${file.name}"`,
        };
        if (range === 'unsatisfiable')
          return new Response(null, {
            status: 416,
            headers: { ...common, 'content-range': `bytes */${file.bytes}` },
          });
        const { start, end } = range === 'all' ? { start: 0, end: file.bytes } : range;
        const answer = {
          status: range === 'all' ? 200 : 206,
          headers: {
            ...common,
            'content-length': String(end - start),
            ...(range === 'all' ? {} : { 'content-range': `bytes ${start}-${end - 1}/${file.bytes}` }),
          },
        };
        if (context.req.method === 'HEAD') return new Response(null, answer);
        const at = path.join(parts.runner.directoryOf(row.id), file.name);
        if (!existsSync(at)) throw new Refusal('not-found');
        await noteDownload(principal, row, file);
        const guard = rightGuard(parts, principal, row.camera_ids, 'export');
        return new Response(partOf(at, start, end, guard), answer);
      },
    },
  };
}

/** Bytes of the file as they are taken, as long as the right lasts. What nobody takes is not even opened. */
function partOf(file: string, start: number, end: number, guard: RightGuard): ReadableStream<Uint8Array> {
  let at = start;
  let handle: FileHandle | undefined;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          await guard();
          handle ??= await open(file, 'r');
          const buffer = new Uint8Array(Math.min(readAtOnce, end - at));
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
          if (bytesRead === 0 && at < end) throw new Error('the file is shorter than its entry says');
          at += bytesRead;
          controller.enqueue(buffer.subarray(0, bytesRead));
          if (at < end) return;
          await handle.close();
          controller.close();
        } catch (cause) {
          await handle?.close();
          controller.error(cause);
        }
      },
      async cancel() {
        await handle?.close();
      },
    },
    { highWaterMark: 0 },
  );
}
