import { AccessToken, type VideoGrant } from 'livekit-server-sdk';

/** A viewer connects at once or asks again. LiveKit itself adds a minute of leeway. */
export const viewerTokenMs = 90_000;
/** What the engine connects with; renewed long before its end, for the connection after the next break. */
export const publisherTokenMs = 600_000;

/** What LiveKit's API wants: the key's name and its secret. */
export interface LiveKitKey {
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface Ticket {
  readonly room: string;
  /** Unique per connection: a second one with the same identity ends the first. */
  readonly identity: string;
}

/**
 * Everything a viewer may: watch. Each grant is said, because LiveKit takes what is not said for granted; `hidden`, so
 * that nobody in the room learns who watches.
 */
export const viewerGrant = (room: string): VideoGrant => ({
  roomJoin: true,
  room,
  canSubscribe: true,
  canPublish: false,
  canPublishData: false,
  canUpdateOwnMetadata: false,
  hidden: true,
});

/** Without `canSubscribe: false` every camera would be sent every other one of its room. */
export const publisherGrant = (room: string): VideoGrant => ({
  roomJoin: true,
  room,
  canSubscribe: false,
  canPublish: true,
  canPublishData: false,
  canUpdateOwnMetadata: false,
});

/** A token for one viewer's one connection. Minted here: LiveKit need not be up. */
export const viewerToken = (key: LiveKitKey, ticket: Ticket): Promise<string> =>
  sign(key, ticket, viewerGrant(ticket.room), viewerTokenMs);

/** A token for the engine to publish a camera with. */
export const publisherToken = (key: LiveKitKey, ticket: Ticket): Promise<string> =>
  sign(key, ticket, publisherGrant(ticket.room), publisherTokenMs);

async function sign(
  { apiKey, apiSecret }: LiveKitKey,
  { room, identity }: Ticket,
  grant: VideoGrant,
  ttlMs: number,
): Promise<string> {
  // The SDK signs a token without a room, which older servers took for any room.
  if (room === '' || identity === '') throw new RangeError('A token needs a room and an identity.');
  const token = new AccessToken(apiKey, apiSecret, { identity, ttl: ttlMs / 1000 });
  token.addGrant(grant);
  return await token.toJwt();
}
