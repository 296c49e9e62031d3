import type { Engine } from '../engine.ts';
import { SourceRequest } from '../source/source.ts';
import { RequestError, type Answer } from './problem.ts';
import type { Call } from './server.ts';

/** Path names are `<cameraId>/<stream>`; anything URL-safe passes. */
const pathName = /^[\w-]{1,64}(?:\/[\w-]{1,64}){0,3}$/;

/** What `GET /v3/info` says. */
export interface Info {
  readonly version: string;
  /** When this process began: changes with every restart, after which all paths are forgotten. */
  readonly started: string;
}

/** The part of the engine's HTTP that configures it; the words are MediaMTX's. Undefined when the URL is not one of these. */
export function control(
  engine: Engine,
  info: Info,
  /** What else there is to say of a path in the list. */
  beside: (path: string) => object = () => ({}),
): (call: Call) => Promise<Answer | undefined> {
  return async (call) => {
    const { url, method } = call;
    if (url === '/v3/info') {
      expectMethod(method, 'GET');
      return json(info);
    }
    if (url === '/v3/paths/list') {
      expectMethod(method, 'GET');
      const items = engine.list().map((item) => ({ ...item, ...beside(item.name) }));
      return json({ itemCount: items.length, pageCount: 1, items });
    }
    const replaced = after(url, '/v3/config/paths/replace/');
    if (replaced !== undefined) {
      expectMethod(method, 'POST');
      const parsed = SourceRequest.safeParse(parse(await call.body(16 * 1024, 'application/json')));
      // Which field is wrong, never what was in it.
      if (!parsed.success)
        throw new RequestError(
          400,
          `The source is not usable: ${[...new Set(parsed.error.issues.map((i) => i.path.join('.') || 'type'))].join(', ')}.`,
        );
      engine.configure(replaced, parsed.data);
      return json({ status: 'ok' });
    }
    const deleted = after(url, '/v3/config/paths/delete/');
    if (deleted !== undefined) {
      expectMethod(method, 'DELETE');
      if (!engine.drop(deleted)) throw new RequestError(404, 'There is no such path.');
      return json({ status: 'ok' });
    }
    return undefined;
  };
}

/** The decoded path name behind a prefix. Throws 400 when it is none. */
export function after(url: string, prefix: string): string | undefined {
  if (!url.startsWith(prefix)) return undefined;
  return readPathName(url.slice(prefix.length));
}

/** Decodes and checks a path name. */
export function readPathName(encoded: string): string {
  let name = '';
  try {
    name = decodeURIComponent(encoded);
  } catch {
    // Falls through to the same answer.
  }
  if (!pathName.test(name)) throw new RequestError(400, 'This is not a path name.');
  return name;
}

export function expectMethod(method: string, ...allowed: readonly string[]): void {
  if (!allowed.includes(method))
    throw new RequestError(405, 'This method is not for this resource.', { allow: allowed.join(', ') });
}

/** The value in a JSON body. Throws 400 when it is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestError(400, 'The body is not JSON.');
  }
}

/** A 200 answer. */
export function json(value: object): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
