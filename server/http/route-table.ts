import { recordingMediaRoutes, recordingRoutes } from '#contract/recording-routes.ts';
import { otherRoutes as otherLiveRoutes, routes as liveRoutes } from '#contract/routes.ts';

/*
 * Every address this BFF answers, from all tables of the contract: what is mounted behind the gate, and what the
 * tests of the gate go through.
 */

// Not answered yet: no recorder we speak to changes or lifts a lock.
const { changeEvidenceLock: _change, deleteEvidenceLock: _lift, ...builtRecordingRoutes } = recordingRoutes;

/** The JSON routes. */
export const routes = { ...liveRoutes, ...builtRecordingRoutes } as const;
/** Routes whose bodies are not JSON. */
export const otherRoutes = { ...otherLiveRoutes, ...recordingMediaRoutes } as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
