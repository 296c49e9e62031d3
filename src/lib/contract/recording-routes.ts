import { z } from 'zod';
import { CameraId } from './camera.ts';
import {
  Bookmark,
  BookmarkDraft,
  EvidenceId,
  EvidenceLock,
  EvidenceLockDraft,
  Export,
  ExportEstimate,
  ExportRequest,
} from './evidence.ts';
import { Instant } from './instant.ts';
import {
  CameraIdList,
  FramesQuery,
  PlaylistQuery,
  RecordingAbilities,
  SegmentQuery,
  SpansAnswer,
  SpansQuery,
  StillQuery,
} from './recording.ts';
import { KeyframesAnswer, KeyframesQuery, PreviewsQuery } from './recording-previews.ts';
import { route } from './routes.ts';

const playback = { who: 'signed-in', camera: 'playback' } as const;
const exporters = { who: ['administrator', 'operator', 'investigator'], camera: 'export' } as const;
const keepers = { who: ['administrator', 'operator', 'investigator'], camera: 'playback' } as const;
const cameraParams = z.object({ cameraId: CameraId });
const bookmarkParams = z.object({ bookmarkId: EvidenceId });
const lockParams = z.object({ lockId: EvidenceId });
const exportParams = z.object({ exportId: z.uuid() });

/** Marks of these cameras that touch the window. */
const MarksQuery = z
  .object({ cameras: CameraIdList, from: Instant, to: Instant })
  .refine(({ from, to }) => from < to, { message: 'is not after `from`', path: ['to'] });

/** The JSON routes about the past. Each checks its right on every camera that is named. */
export const recordingRoutes = {
  readSpans: route({
    method: 'GET',
    path: '/api/recordings/spans',
    needs: playback,
    query: SpansQuery,
    answer: SpansAnswer,
  }),
  /** Only the cameras this person may play back. */
  readRecordingAbilities: route({
    method: 'GET',
    path: '/api/recordings/abilities',
    needs: { who: 'signed-in' },
    answer: RecordingAbilities,
  }),
  /** When keyframes were taken: where a hand that drags finds pictures at once. */
  listKeyframes: route({
    method: 'GET',
    path: '/api/recordings/:cameraId/keyframes',
    needs: playback,
    params: cameraParams,
    query: KeyframesQuery,
    answer: KeyframesAnswer,
  }),

  listBookmarks: route({
    method: 'GET',
    path: '/api/bookmarks',
    needs: playback,
    query: MarksQuery,
    answer: z.array(Bookmark),
  }),
  createBookmark: route({
    method: 'POST',
    path: '/api/bookmarks',
    needs: keepers,
    body: BookmarkDraft,
    answer: Bookmark,
  }),
  changeBookmark: route({
    method: 'PUT',
    path: '/api/bookmarks/:bookmarkId',
    needs: keepers,
    params: bookmarkParams,
    body: BookmarkDraft,
    answer: Bookmark,
  }),
  deleteBookmark: route({
    method: 'DELETE',
    path: '/api/bookmarks/:bookmarkId',
    needs: keepers,
    params: bookmarkParams,
  }),

  listEvidenceLocks: route({
    method: 'GET',
    path: '/api/evidence-locks',
    needs: playback,
    query: MarksQuery,
    answer: z.array(EvidenceLock),
  }),
  createEvidenceLock: route({
    method: 'POST',
    path: '/api/evidence-locks',
    needs: exporters,
    body: EvidenceLockDraft,
    answer: EvidenceLock,
  }),
  changeEvidenceLock: route({
    method: 'PUT',
    path: '/api/evidence-locks/:lockId',
    needs: exporters,
    params: lockParams,
    body: EvidenceLockDraft,
    answer: EvidenceLock,
  }),
  /** Lifts the lock; the recordings are subject to retention again. */
  deleteEvidenceLock: route({
    method: 'DELETE',
    path: '/api/evidence-locks/:lockId',
    needs: exporters,
    params: lockParams,
  }),

  /** This person's own; everybody's for administrators. Newest first. */
  listExports: route({ method: 'GET', path: '/api/exports', needs: exporters, answer: z.array(Export) }),
  estimateExport: route({
    method: 'POST',
    path: '/api/exports/estimate',
    needs: exporters,
    body: ExportRequest,
    answer: ExportEstimate,
  }),
  createExport: route({
    method: 'POST',
    path: '/api/exports',
    needs: exporters,
    body: ExportRequest,
    answer: Export,
  }),
  readExport: route({
    method: 'GET',
    path: '/api/exports/:exportId',
    needs: exporters,
    params: exportParams,
    answer: Export,
  }),
  pauseExport: route({
    method: 'POST',
    path: '/api/exports/:exportId/pause',
    needs: exporters,
    params: exportParams,
    answer: Export,
  }),
  resumeExport: route({
    method: 'POST',
    path: '/api/exports/:exportId/resume',
    needs: exporters,
    params: exportParams,
    answer: Export,
  }),
  /** Stops it if it runs, and deletes its files. */
  cancelExport: route({
    method: 'DELETE',
    path: '/api/exports/:exportId',
    needs: exporters,
    params: exportParams,
    answer: Export,
  }),
} as const;

/** Routes about the past whose answers are bytes or text. Problems are JSON, as everywhere. */
export const recordingMediaRoutes = {
  /** `video/mp4` with {@link frameHeaders}. Problem `no-recording` before the first recording. */
  recordedFrames: route({
    method: 'GET',
    path: '/api/recordings/:cameraId/frames',
    needs: playback,
    params: cameraParams,
    query: FramesQuery,
  }),
  /** `image/jpeg`, no wider than asked, with {@link recordedStillHeaders}. Problem `no-recording` when there is none within 5 s. */
  recordedStill: route({
    method: 'GET',
    path: '/api/recordings/:cameraId/still',
    needs: playback,
    params: cameraParams,
    query: StillQuery,
  }),
  /**
   * Keyframes or stills of many cameras at many moments, as they are found: `previewsType`. A camera that this person may
   * not play back is a problem among the parts; where that is all of them, of the answer.
   */
  recordedPreviews: route({
    method: 'GET',
    path: '/api/recordings/previews',
    needs: playback,
    query: PreviewsQuery,
  }),
  /** `application/vnd.apple.mpegurl`: one VOD playlist, PROGRAM-DATE-TIME per span, DISCONTINUITY between spans. */
  recordedPlaylist: route({
    method: 'GET',
    path: '/api/recordings/:cameraId/playlist.m3u8',
    needs: playback,
    params: cameraParams,
    query: PlaylistQuery,
  }),
  /** `video/mp4` (CMAF). */
  recordedSegment: route({
    method: 'GET',
    path: '/api/recordings/:cameraId/segment.mp4',
    needs: playback,
    params: cameraParams,
    query: SegmentQuery,
  }),
  /** One file of an export, with Range. */
  exportFile: route({
    method: 'GET',
    path: '/api/exports/:exportId/files/:name',
    needs: exporters,
    params: z.object({ exportId: z.uuid(), name: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z._-]{0,199}$/) }),
  }),
} as const;
