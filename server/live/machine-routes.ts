import { z } from 'zod';
import { StreamReservation, StreamReserveRequest } from '#contract/v1.ts';
import type { CameraDirectory } from '#server/cameras/directory.ts';
import { parsed, readJson, readText } from '#server/http/body.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { OtherHandlers } from '#server/http/routing.ts';
import type { LiveKitKey } from '#server/livekit/tokens.ts';
import { readWebhook } from '#server/livekit/webhook.ts';
import type { Store } from '#server/store/store.ts';
import type { Allowance } from './allowance.ts';
import { findCamera } from './camera-names.ts';
import { isPublishable } from './livekit-choice.ts';
import type { LiveKitDesk } from './livekit-desk.ts';
import type { Quotas } from './quota.ts';
import { readId } from './reserved.ts';
import { releaseForService, reserveForService, streamFor } from './service-reservations.ts';
import type { Supply } from './supply.ts';
import type { Upkeep } from './upkeep.ts';

export interface MachineParts {
  readonly store: Store;
  readonly directory: CameraDirectory;
  readonly supply: Supply;
  readonly upkeep: Upkeep;
  readonly quotas: Quotas;
  /** Undefined: no LiveKit is configured. */
  readonly liveKit: { readonly desk: LiveKitDesk; readonly key: LiveKitKey } | undefined;
  /** How often a machine may ask. */
  readonly requests: Allowance;
  readonly now: () => number;
  readonly inBackground: (work: Promise<unknown>) => void;
}

/** What LiveKit tells of one room with its participant and track. Bytes. */
const webhookLimit = 256 * 1024;
/** Events whose ids are remembered: deliveries are repeated within seconds. */
const mostEvents = 1000;

/** The requirements' reservation API, and LiveKit's webhook. */
export function machineRoutes(
  parts: MachineParts,
): Pick<OtherHandlers, 'reserveStream' | 'releaseStream' | 'livekitWebhook'> {
  const { store, directory, supply, upkeep, quotas, now, inBackground } = parts;
  const seen = new Set<string>();

  const liveKit = (): NonNullable<MachineParts['liveKit']> => {
    if (parts.liveKit === undefined)
      throw new Refusal('not-supported', { detail: 'No LiveKit is configured.' });
    return parts.liveKit;
  };

  return {
    async reserveStream(context) {
      const wish = parsed(StreamReserveRequest, await readJson(context.req.raw));
      const { desk } = liveKit();
      parts.requests.take(wish.user_id, now());
      const snapshot = await directory.snapshot();
      const camera = findCamera(wish.camera_id, snapshot);
      if (camera === undefined)
        throw new Refusal('not-found', { detail: 'There is no camera of that id, or more than one.' });
      const key = { cameraId: camera.id, stream: streamFor(wish.quality, camera) };
      if (!isPublishable(key, snapshot))
        throw new Refusal('codec-unsupported', { detail: 'Only H.264 is published: nothing is transcoded.' });
      const lease = await reserveForService(store.db, key, wish.user_id, { snapshot, quotas }, now());
      inBackground(supply.ensure(key));
      const entry = await desk.enter(lease.id, key, { service: wish.user_id });
      const answer: StreamReservation = {
        reservation_id: lease.id,
        ingress_id: entry.publisher,
        whip_url: desk.whipUrl,
        livekit_token: entry.token,
        room_name: entry.room,
        expires_at: lease.expiresAt,
      };
      return new Response(JSON.stringify(z.encode(StreamReservation, answer)), {
        status: 200,
        headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      });
    },

    async releaseStream(context) {
      const stream = await releaseForService(store.db, readId(context.req.param('reservationId')), now());
      if (stream === undefined) throw new Refusal('not-found', { detail: 'There is no such reservation.' });
      inBackground(upkeep.settle([stream]));
      return new Response(null, { status: 204 });
    },

    async livekitWebhook(context) {
      const { desk, key } = liveKit();
      const request = context.req.raw;
      const body = await readText(request, 'application/webhook+json', webhookLimit);
      const said = await readWebhook(key, body, request.headers.get('authorization') ?? undefined);
      if (said === undefined) throw new Refusal('signed-out', { detail: 'The signature is not right.' });
      if (said.room !== undefined && !seen.has(said.id)) {
        await desk.hint(said.room, said.identity);
        // Only now: one that could not be taken in is delivered again.
        if (said.id !== '') seen.add(said.id);
        const oldest = seen.keys().next();
        if (seen.size > mostEvents && oldest.done !== true) seen.delete(oldest.value);
      }
      return new Response(null, { status: 204 });
    },
  };
}
