import { StreamError, type StreamErrorCode } from '../media-source.ts';

/** `DisconnectReason` of LiveKit's protocol, as far as one differs from a connection that was just lost. */
const byDisconnect: Readonly<Partial<Record<number, StreamErrorCode>>> = {
  // DUPLICATE_IDENTITY: somebody else joined by our name. Coming back by it would throw them out in turn.
  2: 'protocol',
  // PARTICIPANT_REMOVED, ROOM_DELETED: on somebody's word. Whether there is still a right to it, a new reservation tells.
  4: 'reservation-ended',
  5: 'reservation-ended',
  // ROOM_CLOSED: nobody publishes there any more.
  10: 'camera-offline',
};

/**
 * What it means that a room was left, not by us. `reason`: LiveKit's number. CLIENT_INITIATED (1) is among what comes
 * right by trying again: livekit-client says it of itself when Chromium freezes the page.
 */
export const codeOfDisconnect = (reason: number | undefined): StreamErrorCode =>
  byDisconnect[reason ?? 0] ?? 'unreachable';

/** Why a subscription failed. `reason`: LiveKit's `SubscriptionError`. */
export function subscriptionFailure(reason: number | undefined): StreamError {
  // SE_CODEC_UNSUPPORTED, SE_TRACK_NOTFOUND.
  if (reason === 1)
    return new StreamError('codec-unsupported', 'This browser cannot decode what is published');
  if (reason === 2) return new StreamError('camera-offline', 'What was published is gone');
  return new StreamError('protocol', `The subscription failed: ${String(reason ?? 0)}`);
}

/** `ConnectionErrorReason` NotAllowed. `reasonName` is wrong in 2.23.0, and not looked at. */
const notAllowed = 0;

/** What it means that `Room.connect` failed. */
export function connectFailure(cause: unknown): StreamError {
  if (/so many PeerConnections/i.test(String(cause)))
    return new StreamError('exhausted', 'No more peer connections', { cause });
  const { reason, status } = (typeof cause === 'object' && cause !== null ? cause : {}) as {
    readonly reason?: unknown;
    readonly status?: unknown;
  };
  if (reason !== notAllowed) return new StreamError('unreachable', 'The room could not be joined', { cause });
  // The room is not there yet, or not any more: nobody publishes.
  if (status === 404) return new StreamError('camera-offline', 'There is no such room', { cause });
  return new StreamError('protocol', `The room did not take the token: ${String(status)}`, { cause });
}
