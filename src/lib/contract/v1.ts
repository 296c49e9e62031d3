import { z } from 'zod';
import { Instant } from './instant.ts';
import type { Needs } from './routes.ts';

/*
 * What other machines say to us. The reservation API has the fields, names and addresses that the RTA's document on the
 * integration of Milestone gives it ("WHIP Streaming Integration"); its callers were there before us.
 */

/** What a machine asks for when it wants a camera published into LiveKit. */
export const StreamReserveRequest = z.strictObject({
  /** A camera's id, its number (`17`, `cam-017`, `cam-017-anything`), or its name in that form. */
  camera_id: z.string().trim().min(1).max(128),
  /** Whom the machine does this for, in its own terms. Kept in the audit trail. */
  user_id: z.string().trim().min(1).max(128),
  /** `high` is the camera's full stream; the others are the small one, where it has one. */
  quality: z.enum(['low', 'medium', 'high']).default('medium'),
});
export type StreamReserveRequest = z.output<typeof StreamReserveRequest>;

/** A lease on a camera's publication, and a ticket to watch it. */
export const StreamReservation = z.object({
  reservation_id: z.uuid(),
  /** Who publishes the camera: the identity of its participant in the room. */
  ingress_id: z.string(),
  /** Where the pictures are pushed to. Pushing is our part; no key to it is told. */
  whip_url: z.url(),
  /** Opens the room to one viewer, within two minutes. Asking again gives a fresh one. */
  livekit_token: z.string(),
  room_name: z.string(),
  /** When the lease ends unless the same is asked for again by then. */
  expires_at: Instant,
});
export type StreamReservation = z.output<typeof StreamReservation>;

const reservations = { who: 'service', scope: 'reservations' } as const;

/** Routes for machines. Bodies are JSON, problems RFC 9457, but these are no part of what the app may call. */
export const machineRoutes = {
  /** {@link StreamReserveRequest} in, {@link StreamReservation} out. Asking for the same again renews it. */
  reserveStream: { method: 'POST', path: '/api/v1/stream/reserve', needs: reservations },
  /** 204. 404 for a reservation that has ended or never was. */
  releaseStream: { method: 'DELETE', path: '/api/v1/stream/release/:reservationId', needs: reservations },
  /** LiveKit tells what happens in its rooms, `application/webhook+json`, signed with its API key. A hint to look. */
  livekitWebhook: { method: 'POST', path: '/api/webhooks/livekit', needs: { who: 'webhook' } },
} as const satisfies Record<string, { method: string; path: string; needs: Needs }>;
