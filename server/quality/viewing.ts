import { qualityBand, type TileQuality } from '#contract/quality.ts';
import type { Db } from '#server/store/store.ts';

/** A tile that has not been reported for so long is not watched any more, ms: reports come every fifteen seconds. */
export const watchedMs = 45_000;
/** How long it is remembered how a camera was experienced, ms. */
export const rememberedMs = 10 * 60_000;
/** How fast the kept score follows, of the difference: bad news at once, good news with care. */
const follow = { up: 0.3, down: 0.8 } as const;

/** Whose page it is. */
export interface Viewer {
  readonly sessionId: string;
  readonly pageId: string;
}

/** What is kept of a tile. */
export interface Kept {
  readonly score: number;
  readonly since: number;
  readonly seenAt: number;
}

/** What is kept after a report. After a gap it begins anew. Pure. */
export function keptAfter(before: Kept | undefined, score: number, now: number): Kept {
  if (before === undefined || now - before.seenAt > watchedMs) return { score, since: now, seenAt: now };
  const smoothed = before.score + (score - before.score) * (score > before.score ? follow.up : follow.down);
  const isSame = qualityBand(smoothed) === qualityBand(before.score);
  return { score: smoothed, since: isSame ? before.since : now, seenAt: now };
}

/** Takes in what a page says of its tiles. */
export async function keepReport(
  db: Db,
  { sessionId, pageId }: Viewer,
  tiles: readonly TileQuality[],
  now: number,
): Promise<void> {
  if (tiles.length === 0) return;
  const rows = await db
    .selectFrom('viewing_quality')
    .select(['camera_id', 'stream', 'score', 'since', 'seen_at'])
    .where('session_id', '=', sessionId)
    .where('page_id', '=', pageId)
    .execute();
  const keyOf = (cameraId: string, stream: string): string => `${stream} ${cameraId}`;
  const known = new Map(
    rows.map(({ camera_id, stream, score, since, seen_at }) => [
      keyOf(camera_id, stream),
      { score, since, seenAt: seen_at },
    ]),
  );
  // A camera on two tiles of a page: what is said last of it counts.
  const latest = new Map(tiles.map((tile) => [keyOf(tile.cameraId, tile.stream), tile]));
  await db
    .insertInto('viewing_quality')
    .values(
      [...latest].map(([key, tile]) => {
        const kept = keptAfter(known.get(key), tile.score, now);
        return {
          session_id: sessionId,
          page_id: pageId,
          camera_id: tile.cameraId,
          stream: tile.stream,
          way: tile.way ?? null,
          score: kept.score,
          factor: tile.factor,
          since: kept.since,
          seen_at: kept.seenAt,
        };
      }),
    )
    .onConflict((conflict) =>
      conflict.columns(['session_id', 'page_id', 'camera_id', 'stream']).doUpdateSet((set) => ({
        way: set.ref('excluded.way'),
        score: set.ref('excluded.score'),
        factor: set.ref('excluded.factor'),
        since: set.ref('excluded.since'),
        seen_at: set.ref('excluded.seen_at'),
      })),
    )
    .execute();
}

/** Forgets what nobody has said for longer than it is remembered. */
export async function forgetOld(db: Db, now: number): Promise<void> {
  await db
    .deleteFrom('viewing_quality')
    .where('seen_at', '<', now - rememberedMs)
    .execute();
}
