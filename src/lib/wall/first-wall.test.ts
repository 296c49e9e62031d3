import { describe, expect, it } from 'vitest';
import type { Camera } from '#contract/camera.ts';
import type { Wall } from '#contract/wall.ts';
import { blank } from './content.ts';
import { firstWall, fullWall } from './first-wall.ts';

const wall = (id: string, name: string, isShared: boolean): Wall => ({
  id,
  name,
  isShared,
  ownerName: 'operator',
  canEdit: true,
  version: 1,
  savedAt: 0,
  content: blank,
});
const walls = [wall('1', 'My own', false), wall('2', 'Ports', true), wall('3', 'City overview', true)];

describe('the wall to begin with', () => {
  it.each([
    ['the last one used', '1', '1'],
    ['the city overview for who is new', undefined, '3'],
    ['the city overview when the last one is gone', 'deleted', '3'],
  ])('is %s', (_, lastUsed, id) => {
    expect(firstWall(walls, lastUsed)?.id).toBe(id);
  });

  it('is any shared one without a city overview, and none when nothing is shared', () => {
    expect(firstWall(walls.slice(0, 2), undefined)?.id).toBe('2');
    expect(firstWall(walls.slice(0, 1), undefined)).toBeUndefined();
  });

  it('is else filled with sixteen cameras that may be watched, those that are up first', () => {
    const cameras = Array.from({ length: 40 }, (_, i): Camera => ({
      id: `c${i}`,
      number: i + 1,
      name: `Camera ${i}`,
      groupIds: [],
      streams: [],
      state: i === 0 ? 'down' : 'up',
      hasPtz: false,
      rights: i === 1 ? ['playback'] : ['live'],
    }));
    const { layout, cameraIds } = fullWall(cameras);
    expect(layout.name).toBe('16');
    expect(cameraIds.slice(0, 2)).toEqual(['c2', 'c3']);
    expect(cameraIds).toHaveLength(16);
    expect(fullWall(cameras.slice(0, 3)).cameraIds).toEqual(['c2', 'c0', null, null]);
  });
});
