import { WebhookReceiver } from 'livekit-server-sdk';
import type { LiveKitKey } from './tokens.ts';

/** What LiveKit said of one of its rooms. Hints arrive late, twice or never: they say where to look, not what is so. */
export interface RoomHint {
  /** LiveKit's id of the event: the same event may be delivered again. */
  readonly id: string;
  readonly event: string;
  readonly room: string | undefined;
  /** Of whom. */
  readonly identity: string | undefined;
}

/**
 * Reads a webhook. The signature is over the body as it came, by the API key, five minutes long. Undefined when it is
 * not right.
 */
export async function readWebhook(
  { apiKey, apiSecret }: LiveKitKey,
  body: string,
  authorization: string | undefined,
): Promise<RoomHint | undefined> {
  // The receiver takes no signature for none needed.
  if (authorization === undefined || authorization === '') return undefined;
  try {
    const event = await new WebhookReceiver(apiKey, apiSecret).receive(body, authorization);
    return {
      id: event.id,
      event: event.event,
      room: event.room?.name,
      identity: event.participant?.identity,
    };
  } catch {
    return undefined;
  }
}
