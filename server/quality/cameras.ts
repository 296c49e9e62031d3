import type { CameraQuality, QualityFactor, WatchedWay } from '#contract/quality.ts';
import type { Snapshot } from '#server/cameras/directory.ts';
import type { Db } from '#server/store/store.ts';
import { rememberedMs, watchedMs } from './viewing.ts';

/** One tile as it was last reported. */
export interface Viewing {
  readonly cameraId: string;
  readonly way: WatchedWay | undefined;
  readonly score: number;
  readonly factor: QualityFactor;
  readonly since: number;
  readonly seenAt: number;
}

/** Tiles that are watched, or were within the last ten minutes. */
export async function readViewings(db: Db, now: number): Promise<Viewing[]> {
  const rows = await db
    .selectFrom('viewing_quality')
    .select(['camera_id', 'way', 'score', 'factor', 'since', 'seen_at'])
    .where('seen_at', '>=', now - rememberedMs)
    .execute();
  return rows.map(({ camera_id, way, score, factor, since, seen_at }) => ({
    cameraId: camera_id,
    way: way ?? undefined,
    score,
    factor,
    since,
    seenAt: seen_at,
  }));
}

/** Whether a tile is watched now. */
export const isWatched = ({ seenAt }: Viewing, now: number): boolean => now - seenAt <= watchedMs;

/**
 * How each camera is experienced, the worst first. Those who watch now count; where nobody does, who did last. Cameras
 * that the directory no longer has are left out. Pure.
 */
export function qualityOf(viewings: readonly Viewing[], { cameras }: Snapshot, now: number): CameraQuality[] {
  const byCamera = Map.groupBy(viewings, ({ cameraId }) => cameraId);
  const all = [...byCamera].flatMap(([cameraId, known]): CameraQuality[] => {
    const camera = cameras.get(cameraId);
    const watched = known.filter((one) => isWatched(one, now));
    const last = Math.max(...known.map(({ seenAt }) => seenAt));
    const counted = watched.length > 0 ? watched : known.filter(({ seenAt }) => last - seenAt <= watchedMs);
    const worst = counted.reduce((a, b) => (b.score < a.score ? b : a));
    if (!camera) return [];
    const ways = Map.groupBy(
      watched.flatMap(({ way }) => way ?? []),
      (way) => way,
    );
    return [
      {
        cameraId,
        number: camera.number,
        name: camera.name,
        ...(camera.nameAr === undefined ? {} : { nameAr: camera.nameAr }),
        score: Math.round(counted.reduce((sum, { score }) => sum + score, 0) / counted.length),
        worst: Math.round(worst.score),
        factor: worst.factor,
        viewers: watched.length,
        ways: [...ways].map(([way, { length }]) => ({ way, viewers: length })),
        since: worst.since,
        reportedAt: last,
      },
    ];
  });
  return all.sort((a, b) => a.score - b.score || a.number - b.number);
}
