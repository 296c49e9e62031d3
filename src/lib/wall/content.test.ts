import { describe, expect, it } from 'vitest';
import { WallContent } from '#contract/wall.ts';
import {
  blank,
  fill,
  following,
  isSame,
  minusTile,
  place,
  relaid,
  swap,
  tileKeys,
  wallOf,
  withTile,
} from './content.ts';
import { rearranged, refined } from './free-grid.ts';
import { presets } from './layouts.ts';

const four = wallOf(['a', 'b', 'c', 'd']);

describe('cameras on tiles', () => {
  it('takes the place of what was there', () => {
    expect(place(four, 1, 'x').cameraIds).toEqual(['a', 'x', 'c', 'd']);
    expect(place(four, 1, null).cameraIds).toEqual(['a', null, 'c', 'd']);
  });

  it('changes nothing when nothing would change', () => {
    expect(place(four, 1, 'b')).toBe(four);
    expect(place(four, 9, 'x')).toBe(four);
    expect(swap(four, 2, 2)).toBe(four);
    expect(swap(four, 0, 7)).toBe(four);
  });

  it('swaps two tiles, an empty one too', () => {
    expect(swap(four, 0, 3).cameraIds).toEqual(['d', 'b', 'c', 'a']);
    expect(swap(place(four, 2, null), 0, 2).cameraIds).toEqual([null, 'b', 'a', 'd']);
  });

  it('fills from a tile on, as far as there is room', () => {
    expect(fill(four, 2, ['x', 'y', 'z']).cameraIds).toEqual(['a', 'b', 'x', 'y']);
    expect(fill(four, 0, ['x']).cameraIds).toEqual(['x', 'b', 'c', 'd']);
  });
});

describe('another layout', () => {
  it('keeps cameras in order and brings back those that had no room', () => {
    const nine = wallOf(['a', 'b', 'c', 'd', 'e', 'f']);
    const smaller = relaid(nine, presets['4']);
    expect(smaller.content.cameraIds).toEqual(['a', 'b', 'c', 'd']);
    expect(smaller.parked).toEqual(['e', 'f']);
    const larger = relaid(smaller.content, presets['9'], smaller.parked);
    expect(larger.content.cameraIds.slice(0, 6)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(larger.parked).toEqual([]);
  });

  it('moves cameras from tiles that go into tiles that are empty', () => {
    const gaps = {
      ...wallOf(['a', 'b', 'c', 'd', 'e']),
      cameraIds: ['a', null, 'c', null, 'e', null, null, null, null],
    };
    expect(relaid(gaps, presets['4']).content.cameraIds).toEqual(['a', 'e', 'c', null]);
  });

  it('does not fill what was cleared on purpose when the wall grows', () => {
    const cleared = place(four, 0, null);
    expect(relaid(cleared, presets['9'], ['x']).content.cameraIds.slice(0, 5)).toEqual([
      null,
      'b',
      'c',
      'd',
      'x',
    ]);
  });

  it.each(['1', '9', '1+5', '36'] as const)('gives a wall the contract accepts in layout %s', (name) => {
    expect(WallContent.safeParse(relaid(four, presets[name]).content).success).toBe(true);
  });
});

describe('a free layout', () => {
  it('takes the cameras of its tiles along', () => {
    const free = { ...wallOf(Array.from({ length: 16 }, (_, i) => `c${i}`)), layout: refined(presets['16']) };
    const grown = following(free, rearranged(free.layout, 0, { column: 0, row: 0, columns: 12, rows: 12 }));
    expect(grown.cameraIds[0]).toBe('c0');
    expect(grown.cameraIds).not.toContain('c1');
    expect(WallContent.safeParse(grown).success).toBe(true);
  });

  it('adds an empty tile into a gap, and takes a tile away', () => {
    const three = minusTile(four, 1);
    expect(three.cameraIds).toEqual(['a', 'c', 'd']);
    expect(withTile(three).cameraIds).toEqual(['a', 'c', 'd', null]);
    expect(withTile(four)).toBe(four);
  });
});

describe('telling walls and tiles apart', () => {
  it('sees the same in copies, and the difference of one camera or one edge', () => {
    expect(isSame(four, structuredClone(four))).toBe(true);
    expect(isSame(four, place(four, 3, null))).toBe(false);
    const free = { ...four, layout: refined(four.layout) };
    expect(
      isSame(free, following(free, rearranged(free.layout, 0, { ...free.layout.cells[0]!, rows: 10 }))),
    ).toBe(false);
    expect(isSame(blank, four)).toBe(false);
  });

  it('names a tile after its camera, so that the name moves with it', () => {
    const keys = tileKeys(four);
    const swapped = tileKeys(swap(four, 0, 3));
    expect(swapped[3]).toBe(keys[0]);
    expect(new Set(tileKeys(wallOf(['a', 'a', 'a', 'b']))).size).toBe(4);
  });
});
