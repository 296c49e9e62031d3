import { sql } from 'kysely';
import { z } from 'zod';
import { News } from '#contract/news.ts';
import type { Db } from '#server/store/store.ts';

/** The channel on which the BFFs of one database tell each other. */
export const channel = 'parapet_news';

/**
 * What BFFs tell each other: a piece of news and whom it may concern, or that sessions have ended, or that users'
 * rights have changed. Who really gets a piece is decided where the person is connected.
 */
const Envelope = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('news'),
    news: News,
    /** Only for these sessions, this user, everybody but this user. Absent: for all. */
    sessions: z.array(z.uuid()).optional(),
    user: z.uuid().optional(),
    notUser: z.uuid().optional(),
    /** Of a user's, for administrators as well. */
    isForAdministrators: z.literal(true).optional(),
  }),
  z.object({ kind: z.literal('sessions-ended'), sessions: z.array(z.uuid()) }),
  z.object({ kind: z.literal('users-changed'), users: z.array(z.uuid()) }),
]);
export type Envelope = z.output<typeof Envelope>;

export function readEnvelope(text: string): Envelope | undefined {
  try {
    return Envelope.safeDecode(JSON.parse(text) as z.input<typeof Envelope>).data;
  } catch {
    // Somebody else uses the channel; nothing of ours.
    return undefined;
  }
}

/** Ids in one notification: Postgres takes 8000 bytes. */
const mostIds = 100;

/** Tells all BFFs, this one too. Inside a transaction: when it commits. */
export async function publish(db: Db, ...envelopes: readonly Envelope[]): Promise<void> {
  for (const envelope of envelopes.flatMap(split))
    await sql`select pg_notify(${channel}, ${JSON.stringify(z.encode(Envelope, envelope))})`.execute(db);
}

function split(envelope: Envelope): Envelope[] {
  if (envelope.kind === 'sessions-ended' && envelope.sessions.length > mostIds)
    return chunks(envelope.sessions).map((sessions) => ({ kind: 'sessions-ended', sessions }));
  if (envelope.kind === 'users-changed' && envelope.users.length > mostIds)
    return chunks(envelope.users).map((users) => ({ kind: 'users-changed', users }));
  if (
    envelope.kind === 'news' &&
    envelope.news.kind === 'reservations-ended' &&
    envelope.news.ids.length > mostIds
  )
    return chunks(envelope.news.ids).map((ids) => ({
      ...envelope,
      news: { kind: 'reservations-ended', ids },
    }));
  return [envelope];
}

const chunks = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / mostIds) }, (_, i) =>
    all.slice(i * mostIds, (i + 1) * mostIds),
  );
