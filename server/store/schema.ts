import type { ColumnType, Generated } from 'kysely';
import type { Grant, Right, Role } from '#contract/account.ts';
import type { ExportFile, ExportState } from '#contract/evidence.ts';
import type { ProblemCode } from '#contract/problem.ts';
import type { QualityFactor, WatchedWay } from '#contract/quality.ts';
import type { CameraState, Stream, StreamName } from '#contract/camera.ts';
import type { WallContent } from '#contract/wall.ts';

/** A jsonb column: read as the thing itself, written as its text. */
type Json<T> = ColumnType<T, string, string>;

/** Moments are int8 columns, epoch ms, so that code and rows speak the same clock. */
export interface Schema {
  /** One row: whether this database was begun by the demo or by a real site. The two never share accounts. */
  site: {
    id: Generated<number>;
    kind: 'demo' | 'real';
    /** The demo's walls are made once; who deletes them means it. */
    has_walls: Generated<boolean>;
  };
  users: {
    id: string;
    /** Lower case; what is typed is compared without case. */
    name: string;
    display_name: string;
    role: Role;
    password_hash: string;
    grants: Json<Grant[]>;
    /** Grants on agencies known by name only, until the VMS has told their ids. */
    pending_grants: Json<PendingGrant[]>;
    created_at: number;
  };
  sessions: {
    id: string;
    /** SHA-256 of the cookie, hex: who reads this table cannot sign in with it. */
    token_hash: string;
    user_id: string;
    signed_in_at: number;
    seen_at: number;
    expires_at: number;
  };
  sign_in_attempts: {
    /** `name:…` or `address:…`. */
    key: string;
    failures: number;
    failed_at: number;
    blocked_until: number;
  };
  vms: {
    id: string;
    synced_at: number | null;
    attempted_at: number | null;
    /** Whether the last attempt succeeded, and since when that is so. */
    is_up: boolean;
    since: number;
  };
  camera_groups: {
    id: string;
    vms_id: string;
    name: string;
    name_ar: string | null;
    parent_id: string | null;
  };
  cameras: {
    id: string;
    vms_id: string;
    number: number;
    name: string;
    name_ar: string | null;
    group_ids: string[];
    streams: Json<Stream[]>;
    has_ptz: boolean;
    state: CameraState;
    state_since: number | null;
    /** Gone from the VMS; kept so that it has its number when it returns. */
    is_removed: boolean;
  };
  /** One row; counts every change to cameras, their states, and groups. */
  directory_version: { id: Generated<number>; version: number };
  reservations: {
    id: string;
    session_id: string;
    /** Names a page of the session, so that closing one leaves the others theirs; nil for pages without a name. */
    page_id: string;
    user_id: string;
    camera_id: string;
    stream: StreamName;
    created_at: number;
    expires_at: number;
    /** Held by a machine, for this user of its own: the session is nobody's then. */
    service_user: Generated<string | null>;
  };
  /** A ticket into a LiveKit room, and what became of it. */
  livekit_viewings: {
    id: string;
    reservation_id: string;
    /** Null for a machine's. */
    session_id: string | null;
    user_id: string | null;
    user_name: string;
    camera_id: string;
    stream: StreamName;
    room: string;
    /** Who the viewer is in the room; of one connection only. */
    identity: string;
    created_at: number;
    /** When the ticket no longer opens the room. */
    ticket_until: number;
    /** When its bearer was last known to be in the room. */
    seen_at: number | null;
    /** Since when its bearer, once seen, is no longer there. */
    left_at: number | null;
    /** When the bearer was put out because the reservation had ended. */
    ended_at: number | null;
    /** When the room was last looked into. */
    looked_at: Generated<number>;
  };
  /** Streams published into LiveKit, and when somebody last wanted them. */
  livekit_publications: { camera_id: string; stream: StreamName; wanted_at: number };
  whep_sessions: {
    id: string;
    reservation_id: string;
    session_id: string;
    /** For the record of who watched, when the session is long gone. */
    user_id: string;
    user_name: string;
    camera_id: string;
    stream: StreamName;
    gateway_session: string;
    etag: string;
    created_at: number;
  };
  exports: {
    id: string;
    user_id: string;
    user_name: string;
    display_name: string;
    title: string;
    reason: string;
    camera_ids: string[];
    start_at: number;
    end_at: number;
    stream: StreamName;
    has_watermark: boolean;
    created_at: number;
    status: ExportState['status'];
    status_at: number;
    /** Why it failed. */
    code: ProblemCode | null;
    can_resume: Generated<boolean>;
    expires_at: number | null;
    done_ms: Generated<number>;
    total_ms: number;
    bytes: Generated<number>;
    /** What it was estimated to be when it was asked for. */
    expected_bytes: Generated<number>;
    files: ColumnType<ExportFile[], string | undefined, string>;
    /** The folder that its files are in: several BFFs have several. */
    store_id: string;
    /** The process that works on it, and until when that counts without a sign of life. */
    runner: string | null;
    runner_until: Generated<number>;
  };
  /** How good it is to watch a tile, as its page says; a row lives for minutes. */
  viewing_quality: {
    session_id: string;
    page_id: string;
    camera_id: string;
    stream: StreamName;
    /** Null while there is no picture. */
    way: WatchedWay | null;
    /** 0…100, smoothed over its reports. */
    score: number;
    factor: QualityFactor;
    /** When the score came into its band. */
    since: number;
    seen_at: number;
  };
  /** When a session last looked at a camera's past. */
  playbacks: { session_id: string; camera_id: string; seen_at: number };
  walls: {
    id: string;
    name: string;
    is_shared: boolean;
    owner_id: string;
    version: number;
    saved_at: number;
    content: Json<WallContent>;
  };
  audit: {
    id: Generated<number>;
    at: number;
    kind: string;
    user_id: string | null;
    user_name: string | null;
    camera_id: string | null;
    details: Json<Record<string, unknown>>;
  };
  /** Work that one BFF at a time does for all. */
  duties: { name: string; holder: string; held_until: number; done_at: number };
}

/** A grant on an agency known by its name. */
export interface PendingGrant {
  readonly groupName: string;
  readonly rights: readonly Right[];
}
