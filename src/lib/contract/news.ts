import { z } from 'zod';
import { CameraId, CameraState } from './camera.ts';
import { Instant } from './instant.ts';

/**
 * What the BFF tells on its one event stream (`GET /api/news`, server-sent events). The event's name is `kind`,
 * its data this object as JSON on one line. Every stream starts with `hello`; a client that reconnects reads
 * afresh what it shows, because news is a hint and never the only source of a fact.
 */
export const News = z.discriminatedUnion('kind', [
  /** The stream stands. `serverTime` lets a viewer notice a wrong clock. */
  z.object({ kind: z.literal('hello'), serverTime: Instant }),
  /** A camera went up or down. Sent only to those who may see it. */
  z.object({ kind: z.literal('camera'), cameraId: CameraId, state: CameraState, since: Instant }),
  /** Cameras or groups were added, renamed or removed: read the directory again. */
  z.object({ kind: z.literal('directory') }),
  /** A wall was saved or deleted. */
  z.object({
    kind: z.literal('wall'),
    wallId: z.uuid(),
    change: z.enum(['saved', 'deleted']),
    version: z.int(),
  }),
  /** Reservations that have ended by force (rights lost, sign-out elsewhere): close their pictures now. */
  z.object({ kind: z.literal('reservations-ended'), ids: z.array(z.uuid()) }),
  /** How far an export of this person's is. Once a second at most while it runs. */
  z.object({
    kind: z.literal('export'),
    exportId: z.uuid(),
    status: z.enum(['queued', 'running', 'paused', 'done', 'failed', 'cancelled', 'expired']),
    progress: z.object({
      doneMs: z.int().nonnegative(),
      totalMs: z.int().nonnegative(),
      bytes: z.int().nonnegative(),
    }),
  }),
  /**
   * Recordings or motion of these cameras have begun or ended just now: worth reading the end of their strip again. Sent
   * only to those who may play them back, once a second at most; not every VMS tells, so the end is read now and then too.
   */
  z.object({ kind: z.literal('recordings'), cameraIds: z.array(CameraId).min(1) }),
  /** The session has ended; the stream closes after this. */
  z.object({ kind: z.literal('signed-out') }),
]);
export type News = z.output<typeof News>;
