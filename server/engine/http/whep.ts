import type { Engine } from '../engine.ts';
import type { Session } from '../whep/session.ts';
import { expectMethod, readPathName } from './control.ts';
import { RequestError, type Answer } from './problem.ts';
import type { Call } from './server.ts';

/** Chromium offers 6 kB, Firefox 8 kB; what is larger is no offer. */
const maxSdp = 64 * 1024;
const fragmentType = 'application/trickle-ice-sdpfrag';

/**
 * WHEP (draft-ietf-wish-whep-04): `/<path>/whep` takes offers, `/<path>/whep/<session>` trickles and ends.
 * Undefined when the URL is neither.
 */
export function whep(engine: Engine): (call: Call) => Promise<Answer | undefined> {
  return async (call) => {
    const match = /^\/(.+?)\/whep(?:\/([^/]*))?$/.exec(call.url);
    if (match === null) return undefined;
    const name = readPathName(match[1] ?? '');
    return match[2] === undefined
      ? await endpoint(engine, name, call)
      : await session(engine, name, match[2], call);
  };
}

async function endpoint(engine: Engine, name: string, call: Call): Promise<Answer> {
  expectMethod(call.method, 'POST', 'GET', 'HEAD', 'OPTIONS');
  if (call.method === 'OPTIONS')
    return { status: 200, headers: { 'accept-post': 'application/sdp', allow: 'POST, GET, HEAD, OPTIONS' } };
  if (call.method !== 'POST') {
    if (!engine.has(name)) throw new RequestError(404, 'There is no such path.');
    return call.method === 'HEAD'
      ? { status: 200, headers: { 'content-type': 'application/sdp' } }
      : { status: 204, headers: {} };
  }
  const sdp = await call.body(maxSdp, 'application/sdp');
  const opened = await engine.offer(name, sdp, call.signal);
  return {
    status: 201,
    headers: {
      'content-type': 'application/sdp',
      location: `/${name}/whep/${opened.id}`,
      etag: opened.etag,
      'accept-patch': fragmentType,
    },
    body: opened.answer,
  };
}

async function session(engine: Engine, name: string, id: string, call: Call): Promise<Answer> {
  expectMethod(call.method, 'PATCH', 'DELETE', 'GET', 'HEAD', 'OPTIONS');
  if (call.method === 'OPTIONS')
    return {
      status: 200,
      headers: { 'accept-patch': fragmentType, allow: 'PATCH, DELETE, GET, HEAD, OPTIONS' },
    };
  const found = engine.session(name, id);
  if (found === undefined) throw new RequestError(404, 'There is no such session.');
  if (call.method === 'DELETE') {
    engine.closeSession(found);
    return { status: 200, headers: {} };
  }
  if (call.method !== 'PATCH') return { status: 204, headers: {} };
  const fragment = await call.body(maxSdp, fragmentType);
  checkTag(found, call.ifMatch);
  try {
    found.trickle(fragment);
  } catch (error) {
    throw asUnprocessable(error);
  }
  return { status: 204, headers: {} };
}

/** `*` is what an ICE restart sends, quoted in the draft's own examples; a player without a tag is one of the older ones. */
function checkTag(found: Session, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === '*' || ifMatch === '"*"') return;
  if (!ifMatch.split(',').some((tag) => tag.trim() === found.etag))
    throw new RequestError(412, 'The session has another entity tag.', { etag: found.etag });
}

function asUnprocessable(error: unknown): unknown {
  const isRestart = error instanceof Error && error.message.startsWith('ICE cannot be restarted');
  return isRestart ? new RequestError(422, error.message) : error;
}
