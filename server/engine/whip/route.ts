import { after, expectMethod, json, parse } from '../http/control.ts';
import { RequestError, type Answer } from '../http/problem.ts';
import type { Call } from '../http/server.ts';
import type { WhipPushes } from './pushes.ts';
import { WhipTarget } from './target.ts';

/**
 * Pushing: `POST /v3/config/whip/replace/{path}` with a {@link WhipTarget}, `DELETE /v3/config/whip/delete/{path}`. How it
 * goes is in `GET /v3/paths/list`. Undefined when the URL is neither.
 */
export function whip(pushes: WhipPushes): (call: Call) => Promise<Answer | undefined> {
  return async (call) => {
    const replaced = after(call.url, '/v3/config/whip/replace/');
    if (replaced !== undefined) {
      expectMethod(call.method, 'POST');
      const parsed = WhipTarget.safeParse(parse(await call.body(16 * 1024, 'application/json')));
      // Which field is wrong, never what was in it.
      if (!parsed.success)
        throw new RequestError(
          400,
          `The target is not usable: ${[...new Set(parsed.error.issues.map((i) => i.path.join('.') || 'body'))].join(', ')}.`,
        );
      pushes.replace(replaced, parsed.data);
      return json({ status: 'ok' });
    }
    const deleted = after(call.url, '/v3/config/whip/delete/');
    if (deleted !== undefined) {
      expectMethod(call.method, 'DELETE');
      if (!pushes.delete(deleted)) throw new RequestError(404, 'Nothing of this path is pushed.');
      return json({ status: 'ok' });
    }
    return undefined;
  };
}
