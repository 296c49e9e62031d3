import type { Db } from '#server/store/store.ts';

/** What is kept for good. Details never hold secrets or addresses of cameras. */
export type AuditEntry = {
  readonly user: { readonly id: string; readonly name: string } | undefined;
} & (
  | {
      readonly kind: 'signed-in' | 'signed-out' | 'sign-in-refused';
      readonly details: { readonly address: string; readonly name?: string };
    }
  | {
      readonly kind: 'user-changed' | 'user-signed-out';
      readonly details: { readonly subject: string; readonly before?: unknown; readonly after?: unknown };
    }
  | {
      /** Somebody was shown the last picture of a camera without watching it; one entry a minute at most. */
      readonly kind: 'still-shown';
      readonly cameraId: string;
      /** The moment it shows, ISO. */
      readonly details: { readonly at: string };
    }
  | {
      /** Somebody looks at a camera's past; one entry until they have left it for a while. */
      readonly kind: 'playback';
      readonly cameraId: string;
      /** The recorded moment it began at, ISO. */
      readonly details: { readonly at: string };
    }
  | {
      readonly kind:
        | 'bookmark-saved'
        | 'bookmark-deleted'
        | 'evidence-locked'
        | 'evidence-lock-changed'
        | 'evidence-lock-lifted';
      readonly cameraId: string;
      /** The mark's id in the VMS, and the stretch it is about, ISO. */
      readonly details: {
        readonly id: string;
        readonly start: string;
        readonly end: string;
        readonly title: string;
      };
    }
  | {
      readonly kind: 'export-requested' | 'export-downloaded' | 'export-deleted';
      readonly cameraId?: string;
      readonly details: {
        readonly export: string;
        readonly title?: string;
        readonly reason?: string;
        /** The file's. */
        readonly name?: string;
      };
    }
  | {
      readonly kind: 'viewing-began' | 'viewing-ended';
      readonly cameraId: string;
      readonly details: {
        readonly viewing: string;
        readonly stream: string;
        /** Whom a machine said it was for. */
        readonly service?: string;
      };
    }
  | {
      /** By a machine, for a user of its own. */
      readonly kind: 'stream-reserved' | 'stream-released';
      readonly cameraId: string;
      readonly details: {
        readonly reservation: string;
        readonly service: string;
        readonly stream: string;
      };
    }
);

/** Writes entries into the audit trail; the database refuses to change or delete them afterwards. */
export async function record(db: Db, now: number, ...entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await db
    .insertInto('audit')
    .values(
      entries.map((entry) => ({
        at: now,
        kind: entry.kind,
        user_id: entry.user?.id ?? null,
        user_name: entry.user?.name ?? null,
        camera_id: ('cameraId' in entry ? entry.cameraId : undefined) ?? null,
        details: JSON.stringify(entry.details),
      })),
    )
    .execute();
}
