import { recordingMediaRoutes, recordingRoutes } from '#contract/recording-routes.ts';
import { machineRoutes } from '#contract/v1.ts';
import { otherRoutes as otherLiveRoutes, routes as liveRoutes } from '#contract/routes.ts';

/*
 * Every address this BFF answers, from all tables of the contract: what is mounted behind the gate, and what the
 * tests of the gate go through.
 */

/** The JSON routes. */
export const routes = { ...liveRoutes, ...recordingRoutes } as const;
/** Routes whose bodies are not JSON. */
export const otherRoutes = { ...otherLiveRoutes, ...recordingMediaRoutes, ...machineRoutes } as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
