import { z } from 'zod';
import { CameraId, StreamName } from './camera.ts';
import { Instant } from './instant.ts';
import { ProblemCode } from './problem.ts';

export const ReservationId = z.uuid();

/** A wall asks for all its cameras in one request. */
export const ReserveRequest = z.object({
  wanted: z
    .array(z.object({ cameraId: CameraId, stream: StreamName }))
    .min(1)
    .max(64),
  /** Made anew by each page as it loads: what one page of a session releases, another may still hold. */
  pageId: z.uuid().optional(),
});
export type ReserveRequest = z.infer<typeof ReserveRequest>;

/**
 * One way of watching what is reserved, and where on this origin it begins. `whep`: POST an offer there (WebRTC);
 * `hls`: a Low-Latency HLS multivariant playlist. A page takes the ways it knows and leaves the others.
 */
export const WayOffer = z.discriminatedUnion('way', [
  z.object({ way: z.literal('whep'), url: z.string() }),
  z.object({ way: z.literal('hls'), url: z.string() }),
]);
export type WayOffer = z.output<typeof WayOffer>;

/** Ways of a newer server are left out: a page outlives an update. */
const WayOffers = z.codec(z.array(z.looseObject({ way: z.string() })), z.array(WayOffer), {
  decode: (all) => all.flatMap((one) => WayOffer.safeParse(one).data ?? []),
  encode: (ways) => ways,
});

/** A lease on one stream of one camera, held by one page of one session until it is released or runs out. */
export const Reservation = z.object({
  id: ReservationId,
  cameraId: CameraId,
  stream: StreamName,
  expiresAt: Instant,
  /** Where to POST a WHEP offer, on this origin. The same as in `ways`. */
  whepUrl: z.string(),
  /** Every way of watching it, the best first. */
  ways: WayOffers,
});
export type Reservation = z.output<typeof Reservation>;

/** One answer for each thing wanted, in the order of the request: a reservation, or the reason why not. */
export const ReserveOutcome = z.discriminatedUnion('status', [
  z.object({ status: z.literal('reserved'), reservation: Reservation }),
  z.object({
    status: z.literal('refused'),
    cameraId: CameraId,
    stream: StreamName,
    code: ProblemCode,
    /** English, for the panel and the log; the tile words the code. */
    reason: z.string(),
  }),
]);
export type ReserveOutcome = z.output<typeof ReserveOutcome>;

export const ReserveAnswer = z.object({ outcomes: z.array(ReserveOutcome) });
export type ReserveAnswer = z.output<typeof ReserveAnswer>;

export const ReservationIds = z.object({ ids: z.array(ReservationId).min(1).max(64) });

/** Which reservations live on, and until when; ids that are missing have ended. */
export const RenewAnswer = z.object({
  renewed: z.array(z.object({ id: ReservationId, expiresAt: Instant })),
  ended: z.array(ReservationId),
});
export type RenewAnswer = z.output<typeof RenewAnswer>;
