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
});
export type ReserveRequest = z.infer<typeof ReserveRequest>;

/** A lease on one stream of one camera, held by one session until it is released or runs out. */
export const Reservation = z.object({
  id: ReservationId,
  cameraId: CameraId,
  stream: StreamName,
  expiresAt: Instant,
  /** Where to POST a WHEP offer, on this origin. */
  whepUrl: z.string(),
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
