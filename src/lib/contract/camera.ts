import { z } from 'zod';
import { Instant } from './instant.ts';
import { Right } from './account.ts';

export const CameraId = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z_-]{0,63}$/, 'is not a camera id');
export type CameraId = z.infer<typeof CameraId>;

/** Which of a camera's encodings: the full one, or the small one made for walls. */
export const StreamName = z.enum(['main', 'sub']);
export type StreamName = z.infer<typeof StreamName>;

/** One encoding of a camera. What the VMS does not tell is absent. */
export const Stream = z.object({
  name: StreamName,
  codec: z.enum(['H264', 'H265', 'MJPEG']).optional(),
  width: z.int().positive().optional(),
  height: z.int().positive().optional(),
  framesPerSecond: z.number().positive().optional(),
});
export type Stream = z.infer<typeof Stream>;

/** `up`: pictures flow or would; `down`: known not to; `unknown`: nobody has asked yet. */
export const CameraState = z.enum(['up', 'down', 'unknown']);
export type CameraState = z.infer<typeof CameraState>;

/** A camera as this person may see it. */
export const Camera = z.object({
  id: CameraId,
  /** The number an operator types to call it up. Unique, stable, small. */
  number: z.int().positive(),
  name: z.string(),
  /** The name in Arabic where the VMS or the site list has one. */
  nameAr: z.string().optional(),
  /** Every group the camera is in, nearest first. */
  groupIds: z.array(z.string()),
  streams: z.array(Stream),
  state: CameraState,
  /** Since when it is in this state, where known. */
  stateSince: Instant.optional(),
  hasPtz: z.boolean(),
  /** What this person may do with it. Never empty: cameras without any right are not listed. */
  rights: z.array(Right),
});
export type Camera = z.output<typeof Camera>;

/** A camera group. One at the top (`parentId` absent) is an agency. */
export const CameraGroup = z.object({
  id: z.string(),
  name: z.string(),
  nameAr: z.string().optional(),
  parentId: z.string().optional(),
});
export type CameraGroup = z.infer<typeof CameraGroup>;

/** Everything this person may see, and how old that knowledge is. */
export const Directory = z.object({
  cameras: z.array(Camera),
  groups: z.array(CameraGroup),
  /** When the VMS was last read completely; absent before the first time. */
  syncedAt: Instant.optional(),
  /** True while the last attempt to read the VMS failed: what is listed is the last known state. */
  isStale: z.boolean(),
});
export type Directory = z.output<typeof Directory>;
