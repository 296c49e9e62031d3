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
 * Why a reservation puts LiveKit before the other ways: everything is set so, or its site, or its agency, or many watch the
 * camera.
 */
export const WayReason = z.enum(['always', 'site', 'group', 'many-viewers']);
export type WayReason = z.infer<typeof WayReason>;

/**
 * One way of watching what is reserved, and where on this origin it begins. `whep`: POST an offer there (WebRTC);
 * `livekit`: POST there for a {@link LiveKitEntry}; `hls`: a Low-Latency HLS multivariant playlist; `stills`: GET the
 * newest JPEG there, see `stillFile` among the routes. A page takes the ways it knows and leaves the others.
 */
export const WayOffer = z.discriminatedUnion('way', [
  z.object({ way: z.literal('whep'), url: z.string() }),
  z.object({
    way: z.literal('livekit'),
    url: z.string(),
    because: WayReason.optional(),
    /** With `many-viewers`: how many held the camera when it was reserved. */
    viewers: z.int().min(0).optional(),
  }),
  z.object({ way: z.literal('hls'), url: z.string() }),
  z.object({ way: z.literal('stills'), url: z.string() }),
]);
export type WayOffer = z.output<typeof WayOffer>;

/**
 * A ticket into the LiveKit room of a reservation. The token lets its bearer watch that room and nothing else, and is
 * minted anew for each connection: kept nowhere, used at once.
 */
export const LiveKitEntry = z.object({
  /** `ws:` or `wss:`. */
  url: z.string(),
  token: z.string(),
  room: z.string(),
  /** Who publishes the camera in that room; a room of a group has several. Absent: whoever publishes video. */
  publisher: z.string().optional(),
  /** Until when the token opens the room, not how long the picture may run. */
  expiresAt: Instant,
});
export type LiveKitEntry = z.output<typeof LiveKitEntry>;

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

/** A quota that has no room left, and who uses it up. */
export const Shortage = z.object({
  /** Whose quota; absent: the one of all agencies together, or of the others. */
  agency: z.string().optional(),
  /** The quota that all agencies without one of their own share. */
  isOthers: z.literal(true).optional(),
  used: z.int().min(0),
  limit: z.int().min(0),
  /** Who holds most of the streams, the most first; nobody where the asking person may not know. */
  shares: z.array(z.object({ name: z.string(), streams: z.int().positive() })),
  /** Those that are not named: how many people, and how many streams they hold. */
  others: z.object({ people: z.int().positive(), streams: z.int().positive() }).optional(),
});
export type Shortage = z.output<typeof Shortage>;

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
    /** With `quota-exceeded`. */
    shortage: Shortage.optional(),
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
