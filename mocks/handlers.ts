import { http, HttpResponse, type HttpHandler } from 'msw';
import { z } from 'zod';
import { News } from '#contract/news.ts';
import { problemStatus, type Problem, type ProblemCode } from '#contract/problem.ts';
import { otherRoutes, routes, type Route, type RouteName } from '#contract/routes.ts';
import { Refused, type PretendBff } from './pretend-bff.ts';
import { recordingHandlers } from './recordings.ts';

interface Asked<R extends Route> {
  readonly params: z.output<R['params']>;
  readonly body: z.output<R['body']>;
}

type Answers = {
  readonly [Name in RouteName]: (
    asked: Asked<(typeof routes)[Name]>,
  ) => z.output<(typeof routes)[Name]['answer']>;
};

/** Every JSON route of the contract; the compiler misses one that is not here, or that answers something else. */
function answersOf(bff: PretendBff): Answers {
  return {
    signIn: ({ body }) => {
      bff.signIn(body.name, body.password);
      return bff.session();
    },
    readSession: () => bff.session(),
    signOut: () => {
      bff.signOut();
      return undefined;
    },
    signOutEverywhere: () => {
      bff.signOut();
      return undefined;
    },
    listUsers: () => bff.users(),
    changeUser: ({ params, body }) => bff.changeUser(params.userId, body),
    signOutUser: ({ params }) => {
      bff.signOutUser(params.userId);
      return undefined;
    },
    readDirectory: () => bff.directory(),
    readStreams: ({ params }) => bff.camera(params.cameraId).streams,
    reserve: ({ body }) => ({ outcomes: bff.reserve(body) }),
    renew: ({ body }) => bff.renew(body.ids),
    release: ({ body }) => {
      bff.release(body.ids);
      return undefined;
    },
    enterLiveKit: () => {
      throw new Refused('not-supported');
    },
    listWalls: () => bff.walls(),
    readWall: ({ params }) => bff.wall(params.wallId),
    createWall: ({ body }) => bff.createWall(body),
    changeWall: ({ params, body }) => bff.changeWall(params.wallId, body),
    deleteWall: ({ params }) => {
      bff.deleteWall(params.wallId);
      return undefined;
    },
    reportQuality: ({ body }) => {
      bff.reportQuality(body);
      return undefined;
    },
    readQuality: () => bff.quality(),
    readHealth: () => ({ isAlive: true }),
    readReadiness: () => ({ isReady: true, parts: [{ part: 'database', isUp: true }] }),
  };
}

/** MSW handlers that answer as a {@link PretendBff} would, in the contract's wire form. */
export function handlersFor(bff: PretendBff): HttpHandler[] {
  const answers = answersOf(bff);
  const json = (Object.keys(routes) as RouteName[]).map((name) =>
    handlerFor(bff, routes[name], answers[name] as (asked: Asked<Route>) => unknown),
  );
  return [...json, newsHandler(bff), ...whepHandlers(bff), ...recordingHandlers({ bff, problemFrom })];
}

function handlerFor(bff: PretendBff, route: Route, answer: (asked: Asked<Route>) => unknown): HttpHandler {
  const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
  return http[method](`*${route.path}`, async ({ request, params }) => {
    try {
      bff.admit(route.needs);
      const text = await request.text();
      const wire: unknown = text === '' ? undefined : JSON.parse(text);
      const result = answer({
        params: z.decode(route.params, params),
        body: z.decode(route.body, wire),
      });
      if (result === undefined) return new HttpResponse(null, { status: 204 });
      return HttpResponse.json(z.encode(route.answer, result as never) as Record<string, unknown>);
    } catch (cause) {
      return problemFrom(cause);
    }
  });
}

/** Server-sent events, as news.ts says. */
function newsHandler(bff: PretendBff): HttpHandler {
  return http.get(`*${otherRoutes.news.path}`, ({ request }) => {
    const encoder = new TextEncoder();
    let stop = (): void => undefined;
    try {
      bff.admit(otherRoutes.news.needs);
    } catch (cause) {
      return problemFrom(cause);
    }
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        stop = bff.follow((news) => {
          const data = JSON.stringify(z.encode(News, news));
          controller.enqueue(encoder.encode(`event: ${news.kind}\ndata: ${data}\n\n`));
          if (news.kind !== 'signed-out') return;
          stop();
          controller.close();
        });
        request.signal.addEventListener('abort', () => stop());
      },
      cancel: () => stop(),
    });
    return new HttpResponse(body, { headers: { 'content-type': 'text/event-stream' } });
  });
}

/** There is no media behind the mocks: the page draws its own (test card). A page that asks all the same is told so. */
function whepHandlers(bff: PretendBff): HttpHandler[] {
  const { whepOffer, whepPatch, whepDelete, hlsFile, stillFile, lastStill, metrics } = otherRoutes;
  const refuse = (code: ProblemCode, retryAfterS?: number) => () => {
    try {
      bff.admit({ who: 'signed-in' });
      throw new Refused(code, retryAfterS);
    } catch (cause) {
      return problemFrom(cause);
    }
  };
  return [
    http.post(`*${whepOffer.path}`, refuse('gateway-unavailable', 5)),
    http.patch(`*${whepPatch.path}`, refuse('not-found')),
    http.delete(`*${whepDelete.path}`, refuse('not-found')),
    http.get(`*${hlsFile.path}`, refuse('gateway-unavailable', 5)),
    http.get(`*${stillFile.path}`, refuse('gateway-unavailable', 5)),
    http.get(`*${lastStill.path}`, refuse('not-found')),
    // Machines come with tokens of their own; a page has none.
    http.get(`*${metrics.path}`, () => problem('signed-out')),
  ];
}

function problemFrom(cause: unknown): Response {
  if (cause instanceof Refused) {
    return problem(cause.code, cause.retryAfterS === undefined ? {} : { retryAfterS: cause.retryAfterS });
  }
  if (cause instanceof z.ZodError) {
    const issues = cause.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
    return problem('invalid-request', { issues });
  }
  if (cause instanceof SyntaxError)
    return problem('invalid-request', { issues: [{ path: '', message: 'is not JSON' }] });
  return problem('internal', { detail: String(cause) });
}

function problem(code: ProblemCode, more: Partial<Problem> = {}): Response {
  const status = problemStatus[code];
  const body: Problem = { type: `urn:parapet:problem:${code}`, code, title: code, status, ...more };
  return new HttpResponse(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(body.retryAfterS === undefined ? {} : { 'retry-after': String(body.retryAfterS) }),
    },
  });
}
