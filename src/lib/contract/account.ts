import { z } from 'zod';
import { Instant } from './instant.ts';

/** What somebody may be. Roles open pages and routes; rights open cameras. */
export const Role = z.enum(['administrator', 'operator', 'investigator', 'kiosk']);
export type Role = z.infer<typeof Role>;

/** What can be done with a camera, granted per camera group (agency). */
export const Right = z.enum(['live', 'playback', 'export', 'ptz']);
export type Right = z.infer<typeof Right>;

/** Rights on one camera group and everything below it; `*` is every group, now and later. */
export const Grant = z.object({
  groupId: z.string().min(1),
  rights: z.array(Right),
});
export type Grant = z.infer<typeof Grant>;

/** A person, or a display, that signs in. */
export const User = z.object({
  id: z.string(),
  name: z.string(),
  displayName: z.string(),
  role: Role,
  grants: z.array(Grant),
});
export type User = z.infer<typeof User>;

/** Name and password as typed. Lengths bound the work that a guess can cause. */
export const Credentials = z.object({
  name: z.string().trim().min(1).max(100),
  password: z.string().min(1).max(200),
});
export type Credentials = z.infer<typeof Credentials>;

/** Who is signed in here, and until when if nothing happens. */
export const Session = z.object({
  user: User,
  signedInAt: Instant,
  expiresAt: Instant,
});
export type Session = z.output<typeof Session>;

/** What an administrator may change of a user. Absent fields stay. */
export const UserChange = z.object({
  displayName: z.string().trim().min(1).max(100).optional(),
  role: Role.optional(),
  grants: z.array(Grant).max(200).optional(),
});
export type UserChange = z.infer<typeof UserChange>;
