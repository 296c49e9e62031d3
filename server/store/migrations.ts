import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

const statements =
  (...texts: readonly string[]) =>
  async (db: Kysely<unknown>): Promise<void> => {
    for (const text of texts) await sql.raw(text).execute(db);
  };

/** Every change ever made to the tables, oldest first. Never edited once released; forward only. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-first-light': {
    up: statements(
      `create table site (id int primary key default 1 check (id = 1), kind text not null, has_walls boolean not null default false)`,
      `create table users (
        id uuid primary key,
        name text not null unique,
        display_name text not null,
        role text not null check (role in ('administrator', 'operator', 'investigator', 'kiosk')),
        password_hash text not null,
        grants jsonb not null default '[]',
        pending_grants jsonb not null default '[]',
        created_at int8 not null
      )`,
      `create table sessions (
        id uuid primary key,
        token_hash text not null unique,
        user_id uuid not null references users on delete cascade,
        signed_in_at int8 not null,
        seen_at int8 not null,
        expires_at int8 not null
      )`,
      `create index sessions_of_user on sessions (user_id)`,
      `create table sign_in_attempts (
        key text primary key,
        failures int not null,
        failed_at int8 not null,
        blocked_until int8 not null
      )`,
      `create table vms (
        id text primary key,
        synced_at int8,
        attempted_at int8,
        is_up boolean not null,
        since int8 not null
      )`,
      `create table camera_groups (
        id text primary key,
        vms_id text not null,
        name text not null,
        name_ar text,
        parent_id text
      )`,
      `create table cameras (
        id text primary key,
        vms_id text not null,
        number int not null check (number > 0),
        name text not null,
        name_ar text,
        group_ids text[] not null,
        streams jsonb not null,
        has_ptz boolean not null,
        state text not null default 'unknown' check (state in ('up', 'down', 'unknown')),
        state_since int8,
        is_removed boolean not null default false,
        -- Checked at commit: two cameras may swap their numbers.
        constraint camera_number_is_unique unique (number) deferrable initially deferred
      )`,
      `create table directory_version (id int primary key default 1 check (id = 1), version int8 not null)`,
      `insert into directory_version (version) values (1)`,
      // No foreign key to sessions: what is left of an ended session has to be found, its pictures closed, then removed.
      `create table reservations (
        id uuid primary key,
        session_id uuid not null,
        user_id uuid not null,
        camera_id text not null,
        stream text not null check (stream in ('main', 'sub')),
        created_at int8 not null,
        expires_at int8 not null,
        unique (session_id, camera_id, stream)
      )`,
      `create index reservations_of_stream on reservations (camera_id, stream)`,
      `create table whep_sessions (
        id uuid primary key,
        reservation_id uuid not null,
        session_id uuid not null,
        user_id uuid not null,
        user_name text not null,
        camera_id text not null,
        stream text not null,
        gateway_session text not null,
        etag text not null,
        created_at int8 not null
      )`,
      `create index whep_sessions_of_reservation on whep_sessions (reservation_id)`,
      `create table walls (
        id uuid primary key,
        name text not null,
        is_shared boolean not null,
        owner_id uuid not null references users on delete cascade,
        version int not null,
        saved_at int8 not null,
        content jsonb not null
      )`,
      `create index walls_of_owner on walls (owner_id)`,
      `create table audit (
        id int8 generated always as identity primary key,
        at int8 not null,
        kind text not null,
        user_id uuid,
        user_name text,
        camera_id text,
        details jsonb not null default '{}'
      )`,
      `create index audit_at on audit (at)`,
      `create function refuse_audit_change() returns trigger language plpgsql as
        $$ begin raise exception 'the audit trail cannot be changed'; end $$`,
      `create trigger audit_is_final before update or delete on audit
        for each row execute function refuse_audit_change()`,
      `create table duties (
        name text primary key,
        holder uuid not null,
        held_until int8 not null,
        done_at int8 not null
      )`,
    ),
  },
  '0002-playback': {
    up: statements(
      // Who is looking at which camera's past, so that BFFs and restarts do not count one viewing twice.
      `create table playbacks (
        session_id uuid not null,
        camera_id text not null,
        seen_at int8 not null,
        primary key (session_id, camera_id)
      )`,
      `create index playbacks_seen_at on playbacks (seen_at)`,
    ),
  },
  '0003-pages': {
    up: statements(
      // Two pages of one session hold a stream each for itself.
      `alter table reservations
        add column page_id uuid not null default '00000000-0000-0000-0000-000000000000',
        drop constraint reservations_session_id_camera_id_stream_key,
        add constraint reservation_of_page unique (session_id, page_id, camera_id, stream)`,
    ),
  },
  '0004-exports': {
    up: statements(
      // No foreign key to users: who took evidence out is known for as long as the evidence is.
      `create table exports (
        id uuid primary key,
        user_id uuid not null,
        user_name text not null,
        display_name text not null,
        title text not null,
        reason text not null,
        camera_ids text[] not null,
        start_at int8 not null,
        end_at int8 not null,
        stream text not null check (stream in ('main', 'sub')),
        has_watermark boolean not null,
        created_at int8 not null,
        status text not null
          check (status in ('queued', 'running', 'paused', 'done', 'failed', 'cancelled', 'expired')),
        status_at int8 not null,
        code text,
        can_resume boolean not null default false,
        expires_at int8,
        done_ms int8 not null default 0,
        total_ms int8 not null,
        bytes int8 not null default 0,
        files jsonb not null default '[]',
        store_id uuid not null,
        runner uuid,
        runner_until int8 not null default 0
      )`,
      `create index exports_of_user on exports (user_id, created_at)`,
      `create index exports_by_status on exports (status)`,
    ),
  },
  '0005-livekit': {
    up: statements(
      // A lease that a machine holds has no session: whom it is for is a name of that machine's.
      `alter table reservations add column service_user text`,
      // Who has been given a ticket into a room. Outlives the reservation, as the ticket does.
      `create table livekit_viewings (
        id uuid primary key,
        reservation_id uuid not null,
        session_id uuid,
        user_id uuid,
        user_name text not null,
        camera_id text not null,
        stream text not null check (stream in ('main', 'sub')),
        room text not null,
        identity text not null unique,
        created_at int8 not null,
        ticket_until int8 not null,
        seen_at int8,
        left_at int8,
        ended_at int8,
        looked_at int8 not null default 0
      )`,
      `create index livekit_viewings_of_reservation on livekit_viewings (reservation_id)`,
      `create index livekit_viewings_of_room on livekit_viewings (room)`,
      // What is published, or about to be: every BFF reads here what all of them want.
      `create table livekit_publications (
        camera_id text not null,
        stream text not null check (stream in ('main', 'sub')),
        wanted_at int8 not null,
        primary key (camera_id, stream)
      )`,
    ),
  },
  '0006-quality': {
    up: statements(
      // What pages say of their tiles, smoothed. For minutes only: who watched what is the audit's to know.
      `create table viewing_quality (
        session_id uuid not null,
        page_id uuid not null,
        camera_id text not null,
        stream text not null check (stream in ('main', 'sub')),
        way text,
        score float8 not null,
        factor text not null,
        since int8 not null,
        seen_at int8 not null,
        primary key (session_id, page_id, camera_id, stream)
      )`,
      `create index viewing_quality_seen_at on viewing_quality (seen_at)`,
    ),
  },
  '0007-export-room': {
    up: statements(
      // What it was estimated to be: room that others cannot have while it waits or runs.
      `alter table exports add column expected_bytes int8 not null default 0`,
    ),
  },
};
