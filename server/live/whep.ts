import { randomUUID } from 'node:crypto';
import type { CameraDirectory } from '#server/cameras/directory.ts';
import { type Gateway, GatewayError, type WhepAnswer } from '#server/gateway/gateway.ts';
import { readText } from '#server/http/body.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { AppContext, OtherHandlers } from '#server/http/routing.ts';
import type { Store } from '#server/store/store.ts';
import { iceLinks, type IceServer } from './ice-links.ts';
import type { StreamKey } from './paths.ts';
import { pathOf } from './paths.ts';
import type { Allowance } from './allowance.ts';
import { readId, refusalFrom, reservedStream, supplied } from './reserved.ts';
import type { Supply } from './supply.ts';
import { addSession, closeSessions, ownSession, removeSession } from './whep-sessions.ts';

/** Bytes. A browser's offer with every codec it knows is about 8 KiB. */
const offerLimit = 64 * 1024;
const fragmentLimit = 16 * 1024;
const patienceMs = 15_000;
const sdpType = 'application/sdp';
const fragmentType = 'application/trickle-ice-sdpfrag';

export interface WhepParts {
  readonly store: Store;
  readonly directory: CameraDirectory;
  readonly gateway: Gateway;
  readonly supply: Supply;
  readonly iceServers: readonly IceServer[];
  /** How often one session may ask, see allowance.ts. */
  readonly offers: Allowance;
  readonly patches: Allowance;
  readonly now: () => number;
}

/**
 * WHEP signalling (draft-ietf-wish-whep-04) on this origin: the browser talks to us, we talk to the gateway, media
 * goes past us. Nothing of the gateway's addresses or names gets out.
 */
export function whepRoutes(parts: WhepParts): Pick<OtherHandlers, 'whepOffer' | 'whepPatch' | 'whepDelete'> {
  const { store, directory, gateway, supply, now } = parts;
  const { db } = store;

  const offer = (key: StreamKey, sdp: string, clientSignal: AbortSignal): Promise<WhepAnswer> => {
    const signal = AbortSignal.any([clientSignal, AbortSignal.timeout(patienceMs)]);
    return supplied(supply, key, clientSignal, () => gateway.offer(pathOf(key), sdp, signal));
  };

  return {
    async whepOffer(context: AppContext, principal) {
      const request = context.req.raw;
      const sdp = await readText(request, sdpType, offerLimit);
      if (!sdp.startsWith('v=0'))
        throw new Refusal('invalid-request', { issues: [{ path: '', message: 'is not an SDP offer' }] });
      const reservationId = readId(context.req.param('reservationId'));
      parts.offers.take(`${principal.sessionId} ${reservationId}`, now());
      const key = await reservedStream({ db, directory }, reservationId, principal);
      const answer = await offer(key, sdp, request.signal);
      const id = randomUUID();
      const session = { id, reservationId, ...key, gatewaySession: answer.session, etag: answer.etag };
      if (!(await addSession(db, session, principal, now()))) {
        await gateway.closeSession(answer.session, AbortSignal.timeout(patienceMs)).catch(() => undefined);
        throw new Refusal('reservation-ended');
      }
      await closeSessions(db, gateway, { beyondMostOf: reservationId }, now());
      const headers = new Headers({
        'content-type': sdpType,
        location: `/api/whep/sessions/${id}`,
        etag: answer.etag,
        'accept-patch': fragmentType,
        'cache-control': 'no-store',
      });
      for (const link of iceLinks(parts.iceServers)) headers.append('link', link);
      return new Response(answer.sdp, { status: 201, headers });
    },

    async whepPatch(context, principal) {
      const request = context.req.raw;
      const fragment = await readText(request, fragmentType, fragmentLimit);
      const id = readId(context.req.param('sessionId'));
      parts.patches.take(id, now());
      const session = await ownSession(db, id, principal);
      if (session === undefined) throw new Refusal('not-found');
      if (!session.isReserved) throw new Refusal('reservation-ended');
      await reservedStream({ db, directory }, session.reservationId, principal);
      const ifMatch = request.headers.get('if-match') ?? undefined;
      try {
        const signal = AbortSignal.any([request.signal, AbortSignal.timeout(patienceMs)]);
        // The draft's own examples quote the star; RFC 9110 §13.1.1 does not.
        const restarted = await gateway.patch(
          session.gatewaySession,
          fragment,
          ifMatch === '"*"' ? '*' : ifMatch,
          signal,
        );
        if (restarted === undefined) return new Response(null, { status: 204 });
        await db.updateTable('whep_sessions').set({ etag: restarted.etag }).where('id', '=', id).execute();
        return new Response(restarted.fragment, {
          status: 200,
          headers: { 'content-type': fragmentType, etag: restarted.etag, 'cache-control': 'no-store' },
        });
      } catch (cause) {
        if (cause instanceof GatewayError && cause.code === 'not-found') {
          await removeSession(db, id, now());
          throw new Refusal('not-found', { cause });
        }
        throw refusalFrom(cause, request.signal);
      }
    },

    async whepDelete(context, principal) {
      const id = readId(context.req.param('sessionId'));
      const session = await ownSession(db, id, principal);
      if (session === undefined) throw new Refusal('not-found');
      try {
        await gateway.closeSession(session.gatewaySession, AbortSignal.timeout(patienceMs));
      } catch (cause) {
        throw refusalFrom(cause, context.req.raw.signal);
      }
      await removeSession(db, id, now());
      return new Response(null, { status: 200 });
    },
  };
}

/** OPTIONS, HEAD and GET on the endpoint: discovery and probing, without content. */
export function answerEndpointProbe(context: AppContext): Response {
  switch (context.req.raw.method) {
    case 'OPTIONS':
      return new Response(null, {
        status: 200,
        headers: { 'accept-post': sdpType, allow: 'GET, HEAD, OPTIONS, POST' },
      });
    case 'HEAD':
      return new Response(null, { status: 200, headers: { 'content-type': sdpType } });
    default:
      return new Response(null, { status: 204 });
  }
}

/** OPTIONS and GET on a session. */
export const answerSessionProbe = (context: AppContext): Response =>
  context.req.raw.method === 'OPTIONS'
    ? new Response(null, {
        status: 200,
        headers: { 'accept-patch': fragmentType, allow: 'DELETE, GET, HEAD, OPTIONS, PATCH' },
      })
    : new Response(null, { status: 204 });
