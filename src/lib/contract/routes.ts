import { z } from 'zod';
import { Credentials, type Right, type Role, Session, User, UserChange } from './account.ts';
import { CameraId, Directory, Stream } from './camera.ts';
import { Readiness } from './health.ts';
import { QualityList, QualityReport } from './quality.ts';
import {
  LiveKitEntry,
  RenewAnswer,
  ReservationId,
  ReservationIds,
  ReserveAnswer,
  ReserveRequest,
} from './reservation.ts';
import { Wall, WallChange, WallDraft } from './wall.ts';

/** What a machine may be let in for, each by a token of its own. */
export type ServiceScope = 'reservations' | 'metrics';

/**
 * Who may call a route. `anyone` needs no session; `signed-in` any session; a role list one of those roles. `service` is
 * for machines: a bearer token that is configured for the scope, and no session. `webhook`: a machine that signs what it
 * sends; the route itself checks the signature, over the body as it came.
 * `camera` adds: the named right on each camera that the request names, checked by the route itself.
 */
export type Needs =
  | { readonly who: 'anyone' }
  | { readonly who: 'service'; readonly scope: ServiceScope }
  | { readonly who: 'webhook' }
  | { readonly who: 'signed-in'; readonly camera?: Right }
  | { readonly who: readonly Role[]; readonly camera?: Right };

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One line of the route table: everything the four readers (app, server, mocks, tests) need to agree on. */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  readonly method: Method;
  /** Hono and MSW spelling: `/api/walls/:wallId`. */
  readonly path: string;
  readonly needs: Needs;
  readonly params: Params;
  readonly query: Query;
  /** The JSON body; `z.undefined()` when there is none. */
  readonly body: Body;
  /** The JSON answer; `z.undefined()` for 204. */
  readonly answer: Answer;
}

const nothing = z.undefined();
const noParams = z.object({});

/** One line of the table, with what it does not have filled in. */
export function route<
  Answer extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
  Params extends z.ZodType = typeof noParams,
  Query extends z.ZodType = typeof noParams,
>(line: {
  method: Method;
  path: string;
  needs: Needs;
  params?: Params;
  query?: Query;
  body?: Body;
  answer?: Answer;
}): Route<Params, Query, Body, Answer> {
  return {
    method: line.method,
    path: line.path,
    needs: line.needs,
    params: (line.params ?? noParams) as Params,
    query: (line.query ?? noParams) as Query,
    body: (line.body ?? nothing) as Body,
    answer: (line.answer ?? nothing) as Answer,
  };
}

const signedIn = { who: 'signed-in' } as const;
const administrators = { who: ['administrator'] } as const;
const wallParams = z.object({ wallId: z.uuid() });
const userParams = z.object({ userId: z.uuid() });

/** The JSON routes. Everything else the BFF answers is in {@link otherRoutes}. */
export const routes = {
  signIn: route({
    method: 'POST',
    path: '/api/session',
    needs: { who: 'anyone' },
    body: Credentials,
    answer: Session,
  }),
  readSession: route({ method: 'GET', path: '/api/session', needs: signedIn, answer: Session }),
  signOut: route({ method: 'DELETE', path: '/api/session', needs: signedIn }),
  /** Ends every session of the person who asks, this one too. */
  signOutEverywhere: route({ method: 'DELETE', path: '/api/sessions', needs: signedIn }),

  listUsers: route({ method: 'GET', path: '/api/users', needs: administrators, answer: z.array(User) }),
  /** Loss of a right ends the pictures that needed it. */
  changeUser: route({
    method: 'PATCH',
    path: '/api/users/:userId',
    needs: administrators,
    params: userParams,
    body: UserChange,
    answer: User,
  }),
  /** Ends every session of that user. */
  signOutUser: route({
    method: 'DELETE',
    path: '/api/users/:userId/sessions',
    needs: administrators,
    params: userParams,
  }),

  /** Cameras and groups this person may see. Search is done in the app over this list. */
  readDirectory: route({ method: 'GET', path: '/api/directory', needs: signedIn, answer: Directory }),
  /** One camera's streams, read afresh from the VMS. */
  readStreams: route({
    method: 'GET',
    path: '/api/cameras/:cameraId/streams',
    needs: { who: 'signed-in', camera: 'live' },
    params: z.object({ cameraId: CameraId }),
    answer: z.array(Stream),
  }),

  reserve: route({
    method: 'POST',
    path: '/api/reservations',
    needs: { who: 'signed-in', camera: 'live' },
    body: ReserveRequest,
    answer: ReserveAnswer,
  }),
  renew: route({
    method: 'POST',
    path: '/api/reservations/renew',
    needs: signedIn,
    body: ReservationIds,
    answer: RenewAnswer,
  }),
  /** Releasing what has ended already is fine. POST, so that a page being closed can send it with keepalive. */
  release: route({
    method: 'POST',
    path: '/api/reservations/release',
    needs: signedIn,
    body: ReservationIds,
  }),
  /** A ticket into the LiveKit room behind a reservation; has its picture published there. */
  enterLiveKit: route({
    method: 'POST',
    path: '/api/livekit/:reservationId',
    needs: { who: 'signed-in', camera: 'live' },
    params: z.object({ reservationId: ReservationId }),
    answer: LiveKitEntry,
  }),

  listWalls: route({ method: 'GET', path: '/api/walls', needs: signedIn, answer: z.array(Wall) }),
  readWall: route({
    method: 'GET',
    path: '/api/walls/:wallId',
    needs: signedIn,
    params: wallParams,
    answer: Wall,
  }),
  createWall: route({
    method: 'POST',
    path: '/api/walls',
    needs: { who: ['administrator', 'operator', 'investigator'] },
    body: WallDraft,
    answer: Wall,
  }),
  changeWall: route({
    method: 'PUT',
    path: '/api/walls/:wallId',
    needs: { who: ['administrator', 'operator', 'investigator'] },
    params: wallParams,
    body: WallChange,
    answer: Wall,
  }),
  deleteWall: route({
    method: 'DELETE',
    path: '/api/walls/:wallId',
    needs: { who: ['administrator', 'operator', 'investigator'] },
    params: wallParams,
  }),

  /** What it was like to watch the tiles of a page. Of cameras that may no longer be watched nothing is taken. */
  reportQuality: route({
    method: 'POST',
    path: '/api/quality',
    needs: { who: 'signed-in', camera: 'live' },
    body: QualityReport,
  }),
  /** Cameras that are watched or were a moment ago, the worst first. */
  readQuality: route({ method: 'GET', path: '/api/quality', needs: administrators, answer: QualityList }),

  /** Liveness: this process answers. Says nothing else, to nobody in particular. */
  readHealth: route({
    method: 'GET',
    path: '/healthz',
    needs: { who: 'anyone' },
    answer: z.object({ isAlive: z.literal(true) }),
  }),
  readReadiness: route({ method: 'GET', path: '/readyz', needs: { who: 'anyone' }, answer: Readiness }),
} as const;

/** What an answer with a still says of it. */
export const stillHeaders = {
  /** ISO: when the camera took it, by the recorder's clock. */
  captured: 'Parapet-Captured',
} as const;

/** Routes whose bodies are not JSON: signalling and the event stream. Named here so that tests find every door. */
export const otherRoutes = {
  /** Server-sent events, see news.ts. */
  news: { method: 'GET', path: '/api/news', needs: signedIn },
  /** WHEP endpoint of a reservation: `application/sdp` offer in, 201 answer out (draft-ietf-wish-whep-04). */
  whepOffer: {
    method: 'POST',
    path: '/api/whep/:reservationId',
    needs: { who: 'signed-in', camera: 'live' },
  },
  /** Trickle and ICE restart: `application/trickle-ice-sdpfrag`. Only the session's owner. */
  whepPatch: { method: 'PATCH', path: '/api/whep/sessions/:sessionId', needs: signedIn },
  whepDelete: { method: 'DELETE', path: '/api/whep/sessions/:sessionId', needs: signedIn },
  /**
   * Low-Latency HLS of a reservation (draft-pantos-hls-rfc8216bis): `index.m3u8` and what it names, all of it relative.
   * Playlists and parts may block until there is something new.
   */
  hlsFile: {
    method: 'GET',
    path: '/api/hls/:reservationId/:file',
    needs: { who: 'signed-in', camera: 'live' },
  },
  /**
   * The newest still of a reservation, `image/jpeg`, with {@link stillHeaders}. `?after=` an ISO moment: waits for one
   * taken later, 5 s at most, then 204.
   */
  stillFile: {
    method: 'GET',
    path: '/api/stills/:reservationId',
    needs: { who: 'signed-in', camera: 'live' },
  },
  /**
   * The last picture of a camera that is known, however old, `image/jpeg` with {@link stillHeaders}: what a tile shows
   * while it connects. `?width=` its width in device pixels. 404 `not-found` where there is none.
   */
  lastStill: {
    method: 'GET',
    path: '/api/cameras/:cameraId/last-still',
    needs: { who: 'signed-in', camera: 'live' },
  },
  /** For Prometheus, in its text format. `?cameras=true`: also a number for each camera that is watched. */
  metrics: { method: 'GET', path: '/metrics', needs: { who: 'service', scope: 'metrics' } },
} as const satisfies Record<string, { method: Method; path: string; needs: Needs }>;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
