import type { Way } from '#lib/media/media-source.ts';
import type { PlayerStatus } from './state.ts';

/** What the player tells of itself here; `Player` fulfils it. */
interface Told {
  readonly state: { readonly status: PlayerStatus };
  readonly way: Way | undefined;
  readonly frameAgeMs: number | undefined;
}

/**
 * The attributes by which outside tools watch a tile, for its `<figure>`: `<figure {...dataOf(player)}>`.
 * `data-state` is a {@link PlayerStatus}; `data-way` is absent without a picture; `data-frame-age-ms` is a whole number,
 * written at least once a second, and absent until the first picture.
 */
export function dataOf(player: Told): {
  'data-state': PlayerStatus;
  'data-way': Way | undefined;
  'data-frame-age-ms': number | undefined;
} {
  return {
    'data-state': player.state.status,
    'data-way': player.way,
    'data-frame-age-ms': player.frameAgeMs,
  };
}
