import { z } from 'zod';
import { routes, type Route } from '#contract/routes.ts';
import { NetworkError, ProblemError, readProblem } from './errors.ts';
import { announceSignedOut, announceSignedIn } from './signed-out.ts';

/** How long one request may take, unless the caller says otherwise. */
const patienceMs = 10_000;

type Part<Name extends string, Schema extends z.ZodType> =
  Record<string, never> extends z.output<Schema>
    ? { readonly [K in Name]?: z.output<Schema> }
    : undefined extends z.output<Schema>
      ? { readonly [K in Name]?: undefined }
      : { readonly [K in Name]: z.output<Schema> };

/** What a call carries: `params`, `query` and `body` where the route has them, all in decoded form. */
export type CallInput<R extends Route> = Part<'params', R['params']> &
  Part<'query', R['query']> &
  Part<'body', R['body']> & {
    readonly signal?: AbortSignal;
    /** Lets the request outlive the page that sends it; for `pagehide`. */
    readonly keepalive?: boolean;
    readonly timeoutMs?: number;
    /** For tests. */
    readonly fetch?: typeof fetch;
  };

type Rest<R extends Route> =
  Record<string, never> extends CallInput<R> ? [input?: CallInput<R>] : [input: CallInput<R>];

/**
 * Calls one route of the contract and gives its answer decoded: moments are epoch milliseconds.
 * Throws {@link ProblemError} when the BFF says no, {@link NetworkError} when no readable answer came, and the
 * signal's reason when aborted. The first 401 `signed-out` is also announced to {@link onSignedOut}.
 */
export async function call<R extends Route>(route: R, ...[input]: Rest<R>): Promise<z.output<R['answer']>> {
  const given: Loose = input ?? {};
  given.signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(given.timeoutMs ?? patienceMs);
  const signal = given.signal ? AbortSignal.any([given.signal, timeout]) : timeout;
  const body = given.body === undefined ? undefined : JSON.stringify(z.encode(route.body, given.body));

  try {
    const response = await (given.fetch ?? fetch)(urlOf(route, given), {
      method: route.method,
      headers: {
        accept: 'application/json, application/problem+json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      credentials: 'same-origin',
      signal,
      ...(body === undefined ? {} : { body }),
      ...(given.keepalive ? { keepalive: true } : {}),
    });
    if (!response.ok) throw await readProblem(response);
    const answer = await readAnswer(route, response);
    if (route === (routes.signIn as Route) || route === (routes.readSession as Route)) announceSignedIn();
    return answer;
  } catch (cause) {
    given.signal?.throwIfAborted();
    if (cause instanceof ProblemError && cause.code === 'signed-out') announceSignedOut();
    if (cause instanceof ProblemError || cause instanceof NetworkError) throw cause;
    if (timeout.aborted) throw new NetworkError('too-slow', 'The server did not answer in time', { cause });
    throw new NetworkError('unreachable', 'The server cannot be reached', { cause });
  }
}

interface Loose {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly keepalive?: boolean;
  readonly timeoutMs?: number;
  readonly fetch?: typeof fetch;
}

/** The route's path with its parameters filled in and the query behind it. Throws a ZodError for parameters the contract does not know. */
export function urlOf(route: Route, input: { readonly params?: unknown; readonly query?: unknown }): string {
  const params = z.encode(route.params, input.params ?? {}) as Record<string, string>;
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(z.encode(route.query, input.query ?? {}) as object)) {
    if (value !== undefined) query.append(name, String(value));
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

async function readAnswer<R extends Route>(route: R, response: Response): Promise<z.output<R['answer']>> {
  const text = response.status === 204 ? '' : await response.text();
  try {
    const wire: unknown = text === '' ? undefined : JSON.parse(text);
    return z.decode(route.answer, wire) as z.output<R['answer']>;
  } catch (cause) {
    throw new NetworkError(
      'unreadable',
      `${route.method} ${route.path} was answered in a form we do not know`,
      {
        cause,
        status: response.status,
      },
    );
  }
}
