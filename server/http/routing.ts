import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { Needs, ServiceScope } from '#contract/routes.ts';
import { parsed, readJson } from './body.ts';
import type { Logger } from './log.ts';
import type { RequestOrigin } from './origin.ts';
import type { Principal } from './principal.ts';
import { Refusal } from './refusal.ts';
import { otherRoutes, type RouteName, routes, type Routes } from './route-table.ts';
import { isCrossSite } from './same-site.ts';

/** What every request carries through the app. */
export interface Variables {
  requestId: string;
  origin: RequestOrigin;
  log: Logger;
}
export type App = Hono<{ Variables: Variables }>;
export type AppContext = Context<{ Variables: Variables }>;

/** Routes that may be called without a session; the compiler gives their handlers no principal. */
type PublicName = 'signIn' | 'readHealth' | 'readReadiness';
type PrincipalOf<Name> = Name extends PublicName ? undefined : Principal;

/** A request that has passed the gate: allowed to be here, and of the right form. */
export interface Call<Name extends RouteName> {
  readonly principal: PrincipalOf<Name>;
  readonly params: z.output<Routes[Name]['params']>;
  readonly query: z.output<Routes[Name]['query']>;
  readonly body: z.output<Routes[Name]['body']>;
  readonly origin: RequestOrigin;
  readonly requestId: string;
  readonly log: Logger;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  readonly cookieHeader: string | undefined;
  readonly setHeader: (name: string, value: string) => void;
  readonly setStatus: (status: 200 | 503) => void;
}

export type Handler<Name extends RouteName> = (
  call: Call<Name>,
) => Promise<z.output<Routes[Name]['answer']>> | z.output<Routes[Name]['answer']>;
/** One handler for every JSON route: leaving one out does not compile. */
export type Handlers = { readonly [Name in RouteName]: Handler<Name> };

export type OtherName = keyof typeof otherRoutes;
/** Machines come with a token and without a principal. */
type OtherPrincipal<Name extends OtherName> = (typeof otherRoutes)[Name]['needs'] extends {
  readonly who: 'service' | 'webhook';
}
  ? undefined
  : Principal;
/** Handlers of the routes whose bodies are not JSON. */
export type OtherHandlers = {
  readonly [Name in OtherName]: (
    context: AppContext,
    principal: OtherPrincipal<Name>,
  ) => Promise<Response> | Response;
};

/** What the gate has to know. */
export interface Gate {
  authenticate(
    cookieHeader: string | undefined,
    isSecure: boolean,
    now: number,
  ): Promise<Principal | undefined>;
  /** Whether the `Authorization` header holds the token that is configured for this scope. */
  isService(scope: ServiceScope, authorization: string | undefined): boolean;
  readonly publicUrl: string | undefined;
  readonly now: () => number;
}

/** Lets the request through or throws: other sites first, then who asks, then what they may. */
async function pass(gate: Gate, needs: Needs, context: AppContext): Promise<Principal | undefined> {
  const { headers } = context.req.raw;
  const { origin } = context.var;
  const isOurs = context.req.path.startsWith('/api/');
  if (isOurs && isCrossSite(headers, { host: origin.host, publicUrl: gate.publicUrl }))
    throw new Refusal('cross-site');
  if (needs.who === 'anyone') return undefined;
  if (needs.who === 'service') {
    if (gate.isService(needs.scope, headers.get('authorization') ?? undefined)) return undefined;
    throw new Refusal('signed-out', { headers: { 'www-authenticate': 'Bearer' } });
  }
  if (needs.who === 'webhook') {
    if (headers.has('authorization')) return undefined;
    throw new Refusal('signed-out');
  }
  const principal = await gate.authenticate(headers.get('cookie') ?? undefined, origin.isSecure, gate.now());
  if (principal === undefined) throw new Refusal('signed-out');
  if (needs.who !== 'signed-in' && !needs.who.includes(principal.user.role))
    throw new Refusal('not-permitted', { detail: `This is for ${needs.who.join(', ')}.` });
  return principal;
}

const isEmpty = (schema: z.ZodType): boolean => schema instanceof z.ZodUndefined;

function mountJson<Name extends RouteName>(app: App, gate: Gate, name: Name, handler: Handler<Name>): void {
  const route = routes[name];
  app.on(route.method, route.path, async (context) => {
    const principal = (await pass(gate, route.needs, context)) as PrincipalOf<Name>;
    const request = context.req.raw;
    const params = parsed(route.params, context.req.param()) as z.output<Routes[Name]['params']>;
    const query = parsed(route.query, context.req.query()) as z.output<Routes[Name]['query']>;
    const body = (isEmpty(route.body) ? undefined : parsed(route.body, await readJson(request))) as z.output<
      Routes[Name]['body']
    >;
    const headers = new Headers({ 'cache-control': 'no-store' });
    let status = isEmpty(route.answer) ? 204 : 200;
    const answer = await handler({
      principal,
      params,
      query,
      body,
      origin: context.var.origin,
      requestId: context.var.requestId,
      log: context.var.log,
      signal: request.signal,
      cookieHeader: request.headers.get('cookie') ?? undefined,
      setHeader: (header, value) => headers.append(header, value),
      setStatus: (other) => (status = other),
    });
    if (status === 204) return new Response(null, { status, headers });
    headers.set('content-type', 'application/json');
    return new Response(JSON.stringify(z.encode(route.answer as z.ZodType, answer)), { status, headers });
  });
}

/**
 * Mounts every route of the contract behind the gate its `needs` describe; there is no other way in. A path that
 * exists answers other methods with 405.
 */
export function mountRoutes(app: App, gate: Gate, handlers: Handlers, others: OtherHandlers): void {
  for (const name of Object.keys(routes) as RouteName[])
    mountJson(app, gate, name, handlers[name] as Handler<RouteName>);
  for (const name of Object.keys(otherRoutes) as OtherName[]) {
    const { method, path, needs } = otherRoutes[name];
    app.on(method, path, async (context) => {
      const principal = await pass(gate, needs, context);
      const answer = others[name] as (
        context: AppContext,
        principal: Principal | undefined,
      ) => Promise<Response> | Response;
      return await answer(context, principal);
    });
  }
}

/** Mounts further methods on a path of {@link otherRoutes}, behind the same gate. */
export function mountBeside(
  app: App,
  gate: Gate,
  name: OtherName,
  methods: readonly string[],
  answer: (context: AppContext) => Response,
): void {
  const { path, needs } = otherRoutes[name];
  app.on([...methods], path, async (context) => {
    await pass(gate, needs, context);
    return answer(context);
  });
}

/** After everything is mounted: a known path with another method is 405 and names those it takes. */
export function mountMethodNotAllowed(app: App): void {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of app.routes)
    if (method !== 'ALL') methods.set(path, (methods.get(path) ?? new Set<string>()).add(method));
  for (const [path, allowed] of methods) {
    if (allowed.has('GET')) allowed.add('HEAD');
    app.all(path, () => {
      throw new Refusal('method-not-allowed', { headers: { allow: [...allowed].sort().join(', ') } });
    });
  }
}
