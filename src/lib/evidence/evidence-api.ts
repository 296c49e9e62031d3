import type {
  Bookmark,
  BookmarkDraft,
  EvidenceLock,
  EvidenceLockDraft,
  Export,
  ExportEstimate,
  ExportRequest,
} from '#contract/evidence.ts';
import type { RecordingAbilities } from '#contract/recording.ts';
import { recordingMediaRoutes, recordingRoutes } from '#contract/recording-routes.ts';
import { call } from '#lib/api/call.ts';
import type { Span } from '#lib/recordings/spans.ts';

/** What is done to an export that is under way. */
export type ExportChange = 'pause' | 'resume' | 'cancel';

/** Where evidence is kept. Everything throws what the API's calls throw, or the signal's reason. */
export interface EvidenceApi {
  abilities(signal: AbortSignal): Promise<RecordingAbilities>;
  bookmarks(cameras: readonly string[], window: Span, signal: AbortSignal): Promise<readonly Bookmark[]>;
  /** Makes one, or changes the one with that id. */
  saveBookmark(draft: BookmarkDraft, id?: string): Promise<Bookmark>;
  deleteBookmark(id: string): Promise<void>;
  locks(cameras: readonly string[], window: Span, signal: AbortSignal): Promise<readonly EvidenceLock[]>;
  saveLock(draft: EvidenceLockDraft, id?: string): Promise<EvidenceLock>;
  liftLock(id: string): Promise<void>;
  exports(signal: AbortSignal): Promise<readonly Export[]>;
  readExport(id: string, signal: AbortSignal): Promise<Export>;
  estimate(request: ExportRequest, signal: AbortSignal): Promise<ExportEstimate>;
  begin(request: ExportRequest): Promise<Export>;
  change(id: string, change: ExportChange): Promise<Export>;
}

/** Writing to a VMS takes its time. */
const writeMs = 30_000;

/** The BFF. */
export const bffEvidence: EvidenceApi = {
  abilities: (signal) => call(recordingRoutes.readRecordingAbilities, { signal }),
  bookmarks: (cameras, { start, end }, signal) =>
    call(recordingRoutes.listBookmarks, { query: { cameras: [...cameras], from: start, to: end }, signal }),
  saveBookmark: (body, id) =>
    id === undefined
      ? call(recordingRoutes.createBookmark, { body, timeoutMs: writeMs })
      : call(recordingRoutes.changeBookmark, { params: { bookmarkId: id }, body, timeoutMs: writeMs }),
  deleteBookmark: (bookmarkId) =>
    call(recordingRoutes.deleteBookmark, { params: { bookmarkId }, timeoutMs: writeMs }),
  locks: (cameras, { start, end }, signal) =>
    call(recordingRoutes.listEvidenceLocks, {
      query: { cameras: [...cameras], from: start, to: end },
      signal,
    }),
  saveLock: (body, id) =>
    id === undefined
      ? call(recordingRoutes.createEvidenceLock, { body, timeoutMs: writeMs })
      : call(recordingRoutes.changeEvidenceLock, { params: { lockId: id }, body, timeoutMs: writeMs }),
  liftLock: (lockId) => call(recordingRoutes.deleteEvidenceLock, { params: { lockId }, timeoutMs: writeMs }),
  exports: (signal) => call(recordingRoutes.listExports, { signal }),
  readExport: (exportId, signal) => call(recordingRoutes.readExport, { params: { exportId }, signal }),
  estimate: (body, signal) => call(recordingRoutes.estimateExport, { body, signal, timeoutMs: writeMs }),
  begin: (body) => call(recordingRoutes.createExport, { body, timeoutMs: writeMs }),
  change: (exportId, change) => {
    const params = { exportId };
    switch (change) {
      case 'pause':
        return call(recordingRoutes.pauseExport, { params });
      case 'resume':
        return call(recordingRoutes.resumeExport, { params });
      case 'cancel':
        return call(recordingRoutes.cancelExport, { params });
    }
  },
};

/** Where a file of an export is fetched from. */
export function fileUrl(exportId: string, name: string): string {
  const { path } = recordingMediaRoutes.exportFile;
  return path.replace(':exportId', exportId).replace(':name', encodeURIComponent(name));
}
