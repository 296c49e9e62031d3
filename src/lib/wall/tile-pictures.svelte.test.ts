import { describe, expect, it } from 'vitest';
import type { Way } from '#lib/media/media-source.ts';
import type { FallReason } from '#lib/player/ladder.ts';
import type { PlayerStatus } from '#lib/player/state.ts';
import { TilePictures, type Feed } from './tile-pictures.svelte.ts';

interface Shown {
  readonly way?: Way;
  readonly status?: PlayerStatus;
  readonly reason?: FallReason;
  readonly isStills?: boolean;
}

/** A feed whose player shows pictures by that way; none without one. */
function feed(stream: 'main' | 'sub', { way, status = 'live', reason, isStills = false }: Shown): Feed {
  const player = {
    hasPicture: way !== undefined,
    way,
    state: { status },
    fallback: reason && way ? { way, reason } : undefined,
  };
  return { key: stream, stream, isStills, player: player as unknown as Feed['player'] };
}

function turn(front: Shown, next: Shown) {
  const tile = new TilePictures('a', feed('sub', front));
  tile.next = feed('main', next);
  return tile.turn;
}

describe('another stream of a tile', () => {
  it('goes in front with its first picture, by the same way or a better one', () => {
    expect(turn({ way: 'whep' }, {})).toBeUndefined();
    expect(turn({ way: 'whep' }, { way: 'whep' })).toBe('promote');
    expect(turn({ way: 'hls' }, { way: 'livekit' })).toBe('promote');
  });

  it('does not take live pictures away for those of a lesser way', () => {
    expect(turn({ way: 'whep' }, { way: 'stills', reason: 'stalls' })).toBeUndefined();
    expect(turn({ way: 'whep' }, { way: 'hls', reason: 'codec-unsupported' })).toBe('unfit');
  });

  it('goes in front of pictures that are gone, however it comes', () => {
    expect(turn({ way: 'whep', status: 'stalled' }, { way: 'stills', reason: 'stalls' })).toBe('promote');
  });

  it('may be single pictures where these are asked for', () => {
    expect(turn({ way: 'whep' }, { way: 'stills', isStills: true })).toBe('promote');
    expect(turn({ way: 'stills', isStills: true }, { way: 'hls' })).toBe('promote');
  });
});
