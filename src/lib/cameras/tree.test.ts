import { describe, expect, it } from 'vitest';
import type { Camera, CameraGroup } from '#contract/camera.ts';
import { camerasUnder, rowsOf, type TreeRow, treeMove, treeOf, typeAhead } from './tree.ts';

function camera(number: number, groupIds: string[], state: Camera['state'] = 'up'): Camera {
  const name = `Camera ${number}`;
  return { id: `c${number}`, number, name, groupIds, streams: [], state, hasPtz: false, rights: ['live'] };
}

const groups: CameraGroup[] = [
  { id: 'police', name: 'Police' },
  { id: 'north', name: 'North', parentId: 'police' },
  { id: 'south', name: 'South', parentId: 'police' },
  { id: 'metro', name: 'Metro', nameAr: 'المترو' },
  { id: 'nobody', name: 'Nobody' },
];
const cameras = [
  camera(3, ['south', 'police'], 'down'),
  camera(1, ['north', 'police']),
  camera(2, ['north', 'police'], 'down'),
  camera(9, ['metro']),
  camera(8, ['gone']),
];
const tree = treeOf(cameras, groups);
const all = rowsOf(tree, () => true);
const shown = (rows: readonly TreeRow[]) =>
  rows.map(
    (row) => `${'  '.repeat(row.level - 1)}${row.kind === 'group' ? row.group.name : row.camera.number}`,
  );

describe('the tree', () => {
  it('goes agencies, groups, cameras by number, and ends with cameras in no group', () => {
    expect(shown(all)).toEqual([
      'Police',
      '  North',
      '    1',
      '    2',
      '  South',
      '    3',
      'Metro',
      '  9',
      '8',
    ]);
  });

  it('shows only agencies until a group is opened', () => {
    expect(shown(rowsOf(tree, () => false))).toEqual(['Police', 'Metro', '8']);
    expect(shown(rowsOf(tree, (id) => id === 'police'))).toEqual([
      'Police',
      '  North',
      '  South',
      'Metro',
      '8',
    ]);
  });

  it('counts what is below, and what of it is down', () => {
    const police = all.find((row) => row.kind === 'group' && row.group.id === 'police');
    expect(police).toMatchObject({ count: 3, down: 2, position: 1, siblings: 3 });
  });

  it('leaves out groups with nothing to see', () => {
    expect(all.some((row) => row.kind === 'group' && row.group.id === 'nobody')).toBe(false);
  });

  it('keeps the cameras of groups that contain each other', () => {
    const ring = treeOf(
      [camera(1, ['a'])],
      [
        { id: 'a', name: 'A', parentId: 'b' },
        { id: 'b', name: 'B', parentId: 'a' },
        { id: 'c', name: 'C' },
      ],
    );
    expect(shown(rowsOf(ring, () => true))).toEqual(['1']);
  });

  it('knows every camera under a group', () => {
    expect(camerasUnder(tree, 'police').map((found) => found.number)).toEqual([1, 2, 3]);
    expect(camerasUnder(tree, 'unknown')).toEqual([]);
  });
});

describe('keys in the tree', () => {
  const options = { page: 4, inward: 'ArrowRight' } as const;

  it.each([
    ['ArrowDown', 0, 1],
    ['ArrowUp', 0, 0],
    ['ArrowDown', 8, 8],
    ['ArrowDown', -1, 0],
    ['PageDown', 1, 5],
    ['PageUp', 3, 0],
    ['Home', 5, 0],
    ['End', 5, 8],
    // Into an open group, and out to the parent.
    ['ArrowRight', 0, 1],
    ['ArrowLeft', 3, 1],
    ['ArrowRight', 2, 2],
  ])('%s on row %i goes to row %i', (key, at, to) => {
    expect(treeMove(all, at, key, options)).toEqual({ do: 'go', to });
  });

  it('opens and closes groups', () => {
    const closed = rowsOf(tree, () => false);
    expect(treeMove(closed, 0, 'ArrowRight', options)).toEqual({ do: 'open', groupId: 'police' });
    expect(treeMove(all, 0, 'ArrowLeft', options)).toEqual({ do: 'close', groupId: 'police' });
  });

  it('mirrors the arrows with the layout', () => {
    const mirrored = { page: 4, inward: 'ArrowLeft' } as const;
    expect(treeMove(all, 0, 'ArrowRight', mirrored)).toEqual({ do: 'close', groupId: 'police' });
    expect(treeMove(all, 3, 'ArrowRight', mirrored)).toEqual({ do: 'go', to: 1 });
  });

  it('uses a row with Enter and leaves other keys alone', () => {
    expect(treeMove(all, 2, 'Enter', options)).toEqual({ do: 'use', row: all[2] });
    expect(treeMove(all, 2, 'Tab', options)).toBeUndefined();
    expect(treeMove(all, 2, 'm', options)).toEqual({ do: 'look-for', text: 'm' });
  });
});

describe('type-ahead', () => {
  it.each([
    ['m', 0, 6],
    ['cam', 0, 2],
    ['camera 2', 2, 3],
    ['ال', 0, 6],
    ['8', 0, 8],
    ['zzz', 4, 4],
  ])('%s from row %i finds row %i', (typed, at, to) => {
    expect(typeAhead(all, at, typed)).toBe(to);
  });

  it('steps through rows that begin with the same letter and goes round', () => {
    expect(typeAhead(all, 2, 'c')).toBe(3);
    expect(typeAhead(all, 8, 'c')).toBe(2);
  });
});
