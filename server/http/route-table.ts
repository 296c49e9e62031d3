import { recordingMediaRoutes, recordingRoutes } from '#contract/recording-routes.ts';
import { otherRoutes as otherLiveRoutes, routes as liveRoutes } from '#contract/routes.ts';

/*
 * Every address this BFF answers, from all tables of the contract: what is mounted behind the gate, and what the
 * tests of the gate go through.
 */

const {
  readSpans,
  readRecordingAbilities,
  listBookmarks,
  createBookmark,
  changeBookmark,
  deleteBookmark,
  listEvidenceLocks,
  createEvidenceLock,
} = recordingRoutes;
const { recordedFrames, recordedStill, recordedPlaylist, recordedSegment } = recordingMediaRoutes;

/** The JSON routes. */
export const routes = {
  ...liveRoutes,
  readSpans,
  readRecordingAbilities,
  listBookmarks,
  createBookmark,
  changeBookmark,
  deleteBookmark,
  listEvidenceLocks,
  createEvidenceLock,
} as const;
/** Routes whose bodies are not JSON. */
export const otherRoutes = {
  ...otherLiveRoutes,
  recordedFrames,
  recordedStill,
  recordedPlaylist,
  recordedSegment,
} as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
