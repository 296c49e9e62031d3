import { z } from 'zod';
import { CameraId, StreamName } from './camera.ts';
import { Instant } from './instant.ts';
import { ProblemCode } from './problem.ts';

/*
 * What people keep of the past: bookmarks and evidence locks (in the VMS), exports (in Parapet). Times are the
 * recorder's clock; spans exclude their end.
 */

/** Ids of the VMS are its own; ours are UUIDs. Both are opaque to the app. */
export const EvidenceId = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z_.-]{0,127}$/, 'is not an id');

const Title = z.string().trim().min(1).max(200);
const Description = z.string().trim().max(2000);

type Stretch = { readonly start: number; readonly end: number };
const isStretch = ({ start, end }: Stretch): boolean => start < end;
const noStretch = { message: 'is not after `start`', path: ['end'] };

const BookmarkFields = z.object({
  cameraId: CameraId,
  start: Instant,
  end: Instant,
  /** The moment it is about, within [start, end). */
  at: Instant,
  title: Title,
  description: Description,
});
const isAround = ({ start, end, at }: Stretch & { at: number }): boolean => start <= at && at < end;
const notAround = { message: 'lies outside of the bookmark', path: ['at'] };

/** A bookmark as it is made or changed. */
export const BookmarkDraft = BookmarkFields.refine(isStretch, noStretch).refine(isAround, notAround);
export type BookmarkDraft = z.output<typeof BookmarkDraft>;

export const Bookmark = BookmarkFields.extend({
  id: EvidenceId,
  /** Who made it, where the VMS tells. */
  author: z.string().optional(),
  /** Whether this person may change or delete it. */
  canEdit: z.boolean(),
});
export type Bookmark = z.output<typeof Bookmark>;

/** Recordings of some cameras that the VMS must not delete. */
export const EvidenceLockDraft = z
  .object({
    cameraIds: z.array(CameraId).min(1).max(100),
    start: Instant,
    end: Instant,
    title: Title,
    description: Description,
    /** When the VMS may delete again; absent: when somebody lifts the lock. */
    expiresAt: Instant.optional(),
  })
  .refine(isStretch, noStretch);
export type EvidenceLockDraft = z.output<typeof EvidenceLockDraft>;

export const EvidenceLock = z.object({
  id: EvidenceId,
  cameraIds: z.array(CameraId),
  start: Instant,
  end: Instant,
  title: z.string(),
  description: z.string(),
  expiresAt: Instant.optional(),
});
export type EvidenceLock = z.output<typeof EvidenceLock>;

/** What is to be exported, by whom is known, and why must be said: it goes into the manifest. */
export const ExportRequest = z
  .object({
    title: Title,
    cameraIds: z
      .array(CameraId)
      .min(1)
      .max(36)
      .refine((ids) => new Set(ids).size === ids.length, 'names a camera twice'),
    start: Instant,
    end: Instant,
    stream: StreamName.default('main'),
    /** Why it leaves the house. */
    reason: z.string().trim().min(1).max(1000),
    /** Burns who and when into the picture. Needs a transcoder; the native export stays beside it as the evidence. */
    hasWatermark: z.boolean().default(false),
  })
  .refine(isStretch, noStretch)
  .refine(({ start, end }) => end - start <= 24 * 3_600_000, {
    message: 'is more than 24 h after `start`',
    path: ['end'],
  });
export type ExportRequest = z.output<typeof ExportRequest>;

/** What an export would be, before it is begun. */
export const ExportEstimate = z.object({
  cameras: z.array(
    z.object({
      cameraId: CameraId,
      /** How much of the range is recorded, ms. */
      recordedMs: z.int().nonnegative(),
      /** Guessed from a sample of its GOPs; absent when nothing is recorded. */
      bytes: z.int().nonnegative().optional(),
      /**
       * Why there will be no film of it. An export with a `codec-unsupported` camera is refused; one whose system keeps no
       * recordings (`not-supported`) is in the manifest as a gap.
       */
      cannot: z.enum(['codec-unsupported', 'not-supported']).optional(),
      /** Its VMS makes the film, in a form and of a size that it alone knows. */
      isMadeByVms: z.literal(true).optional(),
    }),
  ),
  bytes: z.int().nonnegative(),
  /** What this person may still store. `bytes` above it will be refused. */
  freeBytes: z.int().nonnegative(),
  /** How many exports wait before it. 0: it would begin at once. */
  queued: z.int().nonnegative(),
  canWatermark: z.boolean(),
});
export type ExportEstimate = z.output<typeof ExportEstimate>;

/** One file of an export, ready to be fetched. */
export const ExportFile = z.object({
  /** Its name within the export, such as `014-2026-11-20T120400Z.mp4` or `manifest.json`. */
  name: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z._-]{0,199}$/),
  /** `vms-film`: made by the VMS, and kept as it came. */
  kind: z.enum(['video', 'vms-film', 'watermarked', 'manifest']),
  cameraId: CameraId.optional(),
  bytes: z.int().nonnegative(),
  /** Lower-case hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ExportFile = z.output<typeof ExportFile>;

/** How far an export is. */
export const ExportState = z.discriminatedUnion('status', [
  /**
   * Ten run at once; `place` counts from 1. One that ends just now waits until its end is settled in the recorder: it does
   * not begin before `notBefore`.
   */
  z.object({
    status: z.literal('queued'),
    place: z.int().positive(),
    notBefore: Instant.optional(),
  }),
  z.object({ status: z.literal('running'), since: Instant }),
  z.object({ status: z.literal('paused'), since: Instant }),
  z.object({ status: z.literal('done'), at: Instant, expiresAt: Instant }),
  /** What was written stays for `resume`, unless the code says that it makes no sense. */
  z.object({ status: z.literal('failed'), at: Instant, code: ProblemCode, canResume: z.boolean() }),
  z.object({ status: z.literal('cancelled'), at: Instant }),
  z.object({ status: z.literal('expired'), at: Instant }),
]);
export type ExportState = z.output<typeof ExportState>;

export const Export = z.object({
  id: z.uuid(),
  title: z.string(),
  cameraIds: z.array(CameraId),
  start: Instant,
  end: Instant,
  stream: StreamName,
  reason: z.string(),
  hasWatermark: z.boolean(),
  createdAt: Instant,
  /** The display name of who asked for it. */
  createdBy: z.string(),
  state: ExportState,
  /** Recorded time written so far, and in all, ms over all cameras; bytes written so far. */
  progress: z.object({
    doneMs: z.int().nonnegative(),
    totalMs: z.int().nonnegative(),
    bytes: z.int().nonnegative(),
  }),
  /** The files that are complete. */
  files: z.array(ExportFile),
  /** Its files are kept by another BFF, and cannot be fetched from the one that answers. */
  isElsewhere: z.literal(true).optional(),
  /** Fingerprint of the key that its manifest is signed with, lower-case hex; once it is done, where its files are. */
  signedBy: z.string().optional(),
});
export type Export = z.output<typeof Export>;
