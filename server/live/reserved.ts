import { z } from 'zod';
import { isAllowed, type CameraDirectory } from '#server/cameras/directory.ts';
import { vmsRefusal } from '#server/cameras/routes.ts';
import { GatewayError } from '#server/gateway/gateway.ts';
import type { Principal } from '#server/http/principal.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Db } from '#server/store/store.ts';
import { VmsError } from '#server/vms/vms.ts';
import type { StreamKey } from './paths.ts';
import type { Supply } from './supply.ts';

/** The gateway's reason, as the browser may know it. */
export function gatewayRefusal(error: GatewayError): Refusal {
  const retry = (retryAfterS: number) => ({ cause: error, retryAfterS: error.retryAfterS ?? retryAfterS });
  switch (error.code) {
    case 'gateway-unavailable':
    case 'not-found':
      return new Refusal('gateway-unavailable', retry(1));
    case 'camera-offline':
      return new Refusal('camera-offline', retry(5));
    case 'source-refused':
      return new Refusal('camera-offline', {
        ...retry(15),
        detail: 'The camera or its recorder refused the credentials it was given.',
      });
    case 'codec-unsupported':
    case 'b-frames':
      return new Refusal(error.code, { cause: error });
    case 'bad-offer':
      return new Refusal('invalid-request', {
        cause: error,
        issues: [{ path: '', message: 'is not acceptable to the media gateway' }],
      });
    case 'overloaded':
      return new Refusal('overloaded', retry(2));
  }
}

/** What failed while the gateway was asked, as an answer. */
export function refusalFrom(cause: unknown, signal: AbortSignal): unknown {
  if (cause instanceof GatewayError) return gatewayRefusal(cause);
  if (cause instanceof VmsError) return vmsRefusal(cause);
  if (signal.aborted || !(cause instanceof DOMException)) return cause;
  // Our patience ran out, not the browser's.
  return new Refusal('gateway-unavailable', { cause, retryAfterS: 2 });
}

/** An id of ours out of an address. Throws `not-found`. */
export function readId(text: string | undefined): string {
  const id = z.uuid().safeParse(text);
  if (!id.success) throw new Refusal('not-found');
  return id.data;
}

/**
 * The stream behind a reservation of this session that lives and is still permitted. Throws `reservation-ended` for one
 * that has ended, is unknown or is somebody else's, and `not-permitted`.
 */
export async function reservedStream(
  { db, directory }: { readonly db: Db; readonly directory: CameraDirectory },
  reservationId: string,
  principal: Principal,
): Promise<StreamKey> {
  const reservation = await db
    .selectFrom('reservations')
    .select(['camera_id as cameraId', 'stream'])
    .where('id', '=', reservationId)
    .where('session_id', '=', principal.sessionId)
    .executeTakeFirst();
  if (reservation === undefined) throw new Refusal('reservation-ended');
  const camera = (await directory.snapshot()).cameras.get(reservation.cameraId);
  if (camera === undefined || !isAllowed(principal.user, camera, 'live')) throw new Refusal('not-permitted');
  return reservation;
}

/**
 * Asks the gateway for something of a stream; where it does not know the stream (it has restarted, or another BFF
 * reserved and has not got so far) supplies it and asks again. Throws a {@link Refusal}.
 */
export async function supplied<T>(
  supply: Supply,
  key: StreamKey,
  clientSignal: AbortSignal,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    await supply.settled(key);
    try {
      return await ask();
    } catch (cause) {
      if (!(cause instanceof GatewayError) || cause.code !== 'not-found') throw cause;
      await supply.ensure(key);
      return await ask();
    }
  } catch (cause) {
    throw refusalFrom(cause, clientSignal);
  }
}
