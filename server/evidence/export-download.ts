import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import type { User } from '#contract/account.ts';
import type { ExportFile } from '#contract/evidence.ts';
import { recordingMediaRoutes } from '#contract/recording-routes.ts';
import { record } from '#server/audit/audit.ts';
import { parsed } from '#server/http/body.ts';
import type { Principal } from '#server/http/principal.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { OtherHandlers } from '#server/http/routing.ts';
import type { Past } from '#server/recordings/past.ts';
import { rightGuard, type RightGuard } from '#server/recordings/right-guard.ts';
import type { Db } from '#server/store/store.ts';
import { readRange } from './byte-range.ts';
import type { ExportRunner } from './export-runner.ts';
import type { ExportRow } from './export-table.ts';

const readAtOnce = 256 * 1024;
/** Several ranges of one file, fetched by one page, are one download. */
const downloadMs = 3_600_000;
const mostDownloads = 10_000;

export interface DownloadParts {
  readonly db: Db;
  readonly past: Past;
  readonly runner: ExportRunner | undefined;
  readonly now: () => number;
  /** The export, if this person may know of it. */
  find(user: User, id: string): Promise<ExportRow>;
}

/** One file of an export, whole or in part, as fast as it is taken and as long as the right lasts. */
export function downloadHandler(parts: DownloadParts): OtherHandlers['exportFile'] {
  const { db, past, now } = parts;
  const downloads = new Map<string, number>();

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

  return async function exportFile(context, principal) {
    const { exportId, name } = parsed(recordingMediaRoutes.exportFile.params, context.req.param());
    const row = await parts.find(principal.user, exportId);
    await past.cameras(principal.user, row.camera_ids, 'export');
    const file = row.files.find((one) => one.name === name);
    if (file === undefined) throw new Refusal('not-found');
    if (row.store_id !== parts.runner?.storeId)
      throw new Refusal('not-supported', {
        detail: 'Another server of this site keeps the files of this export: ask there.',
      });
    const etag = `"${file.sha256}"`;
    const { headers } = context.req.raw;
    const ifRange = headers.get('if-range');
    const range = readRange(ifRange === null || ifRange === etag ? headers.get('range') : null, file.bytes);
    const common = {
      'accept-ranges': 'bytes',
      etag,
      'cache-control': 'no-store',
      'content-type': typeOf(file),
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
  };
}

/** What the VMS has made may be anything: its manifest says what the VMS calls it. */
const typeOf = ({ kind, name }: ExportFile): string => {
  if (kind === 'manifest') return 'application/json';
  return name.endsWith('.mp4') ? 'video/mp4' : 'application/octet-stream';
};

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
