import { createHash } from 'node:crypto';

/** The form a room's prefix may have: names end up in URLs, logs and traces. */
export const roomPrefixForm = /^[A-Za-z0-9_.-]{0,64}$/;

/** The room of a camera. One for each: in LiveKit the room is what a right can be given to. */
export const roomOf = (cameraId: string, prefix: string): string => `${prefix}${cameraId}`;

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * The identity of the participant that publishes a stream of a camera, in the form of a LiveKit ingress id. The same
 * for the same stream, whoever starts it, so that two BFFs never publish twice; says nothing of the camera.
 */
export function publisherOf(path: string): string {
  const bytes = createHash('sha256').update(`parapet publisher ${path}`).digest().subarray(0, 12);
  return `IN_${[...bytes].map((byte) => letters[byte % letters.length] ?? '').join('')}`;
}
