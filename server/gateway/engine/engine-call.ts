import { z } from 'zod';
import { GatewayError, type GatewayErrorCode } from '#server/gateway/gateway.ts';

export interface EngineGatewayOptions {
  /** `http://127.0.0.1:<port>`. A function where the port can change with a restart; undefined while it is not known. */
  readonly url: string | (() => string | undefined);
  /** The bearer secret the engine was started with. */
  readonly secret: string;
  /** For everything but offers, which wait for a source that is just being connected. */
  readonly timeoutMs?: number;
}

const codes = [
  'camera-offline',
  'source-refused',
  'codec-unsupported',
  'b-frames',
  'not-found',
  'bad-offer',
  'overloaded',
] as const satisfies readonly GatewayErrorCode[];
export const Code = z.enum(codes);
const Problem = z.object({ code: Code, retryAfterS: z.number().optional() });

/** Words for what the engine said no to. Ours, so that nothing of an address or a camera's text gets through. */
export const words: Readonly<Record<GatewayErrorCode, string>> = {
  'gateway-unavailable': 'The media engine does not answer.',
  'camera-offline': 'The camera gives no picture.',
  'source-refused': 'The camera or recorder refused the credentials.',
  'codec-unsupported': 'The browser does not take the camera’s codec.',
  'b-frames': 'The camera sends B-frames.',
  'not-found': 'The media engine knows no such path or session.',
  'bad-offer': 'The offer is not acceptable.',
  overloaded: 'The media engine is full.',
};

/** One request to the engine. */
export interface EngineRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
  /** Statuses that are no refusal to the caller. */
  readonly passes?: readonly number[];
}

export interface EngineCaller {
  /** Throws a `GatewayError` for every answer but 2xx and what passes, or the signal's reason. */
  readonly call: (path: string, request: EngineRequest, signal: AbortSignal) => Promise<Response>;
  /** The JSON of an answer. Throws `gateway-unavailable` when it is of another form. */
  readonly read: <T>(response: Response, schema: z.ZodType<T>, signal: AbortSignal) => Promise<T>;
}

/** Speaks HTTP with the embedded engine, with its secret. */
export function engineCaller(options: EngineGatewayOptions): EngineCaller {
  const timeoutMs = options.timeoutMs ?? 3000;

  async function call(path: string, init: EngineRequest, signal: AbortSignal): Promise<Response> {
    signal.throwIfAborted();
    const url = typeof options.url === 'string' ? options.url : options.url();
    if (url === undefined) throw unavailable();
    try {
      const response = await fetch(url + path, {
        method: init.method ?? 'GET',
        headers: { authorization: `Bearer ${options.secret}`, ...init.headers },
        ...(init.body === undefined ? {} : { body: init.body }),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(init.timeoutMs ?? timeoutMs)]),
      });
      if (response.ok || init.passes?.includes(response.status) === true) return response;
      throw await refusal(response);
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      signal.throwIfAborted();
      throw unavailable(cause);
    }
  }

  async function read<T>(response: Response, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    try {
      return schema.parse(await response.json());
    } catch (cause) {
      signal.throwIfAborted();
      throw unavailable(cause);
    }
  }

  return { call, read };
}

/** Says that the engine does not answer. */
export function unavailable(cause?: unknown): GatewayError {
  return new GatewayError('gateway-unavailable', words['gateway-unavailable'], { cause });
}

/** What an answer that is a refusal says. */
export async function refusal(response: Response): Promise<GatewayError> {
  const problem = Problem.safeParse(await response.json().catch(() => undefined));
  // A secret that does not fit, or an answer that is not the engine's: somebody else has its port.
  if (!problem.success || response.status === 401) return unavailable();
  const { code, retryAfterS } = problem.data;
  return new GatewayError(code, words[code], retryAfterS === undefined ? {} : { retryAfterS });
}

/** A path's name as it stands in URLs. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
