import { z } from 'zod';
import { CameraId } from '#contract/camera.ts';
import { Instant } from '#contract/instant.ts';
import { type Speed, speeds } from './playhead.ts';

/** As many cameras as can be played on one clock. */
export const mostTogether = 9;

/** What a link to the past says: which cameras, when, how. */
export interface PastPlace {
  /** In the order of the tiles, without doubles; at most nine. */
  readonly cameraIds: readonly string[];
  /** Epoch ms; undefined: wherever one was, or now. */
  readonly at: number | undefined;
  readonly speed: Speed;
  readonly isPlaying: boolean;
  readonly loop: { readonly start: number; readonly end: number } | undefined;
}

const Ids = z.array(CameraId).max(mostTogether);
const Loop = z.tuple([Instant, Instant]);

/**
 * Reads what a link says. Whatever in it is not well formed is left out, so that a link that was cut off in a mail still
 * leads somewhere. Whether somebody may see the cameras is not decided here.
 */
export function readPlace(query: Pick<URLSearchParams, 'get'>): PastPlace {
  const listed = (query.get('cameras') ?? '').split(',').filter((id) => CameraId.safeParse(id).success);
  const at = Instant.safeDecode(query.get('at') ?? '');
  const speed = speeds.find((known) => String(known) === query.get('speed'));
  const loop = Loop.safeDecode((query.get('loop') ?? '').split('/') as [string, string]);
  return {
    cameraIds: Ids.parse([...new Set(listed)].slice(0, mostTogether)),
    at: at.success ? at.data : undefined,
    speed: speed ?? 1,
    isPlaying: query.get('play') === '1',
    loop:
      loop.success && loop.data[0] < loop.data[1] ? { start: loop.data[0], end: loop.data[1] } : undefined,
  };
}

/** The query of a link to that place. What is usual is left out. */
export function writePlace({ cameraIds, at, speed, isPlaying, loop }: PastPlace): URLSearchParams {
  const iso = (time: number): string => z.encode(Instant, Math.round(time));
  const query = new URLSearchParams();
  if (cameraIds.length > 0) query.set('cameras', cameraIds.join(','));
  if (at !== undefined) query.set('at', iso(at));
  if (speed !== 1) query.set('speed', String(speed));
  if (isPlaying) query.set('play', '1');
  if (loop) query.set('loop', `${iso(loop.start)}/${iso(loop.end)}`);
  return query;
}
