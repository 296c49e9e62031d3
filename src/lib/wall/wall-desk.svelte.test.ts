import { describe, expect, it } from 'vitest';
import type { Camera } from '#contract/camera.ts';
import { type Wall, WallContent } from '#contract/wall.ts';
import { wallOf } from './content.ts';
import { WallDesk } from './wall-desk.svelte.ts';

const ids = Array.from({ length: 16 }, (_, index) => `c${index + 1}`);

function camera(number: number): Camera {
  return {
    id: `c${number}`,
    number,
    name: `Camera ${number}`,
    groupIds: [],
    streams: [],
    state: 'up',
    hasPtz: false,
    rights: ['live'],
  };
}

const book = {
  byId: (id: string) => (id.startsWith('c') ? camera(Number(id.slice(1))) : undefined),
  byNumber: (number: number) => (number <= 500 ? camera(number) : undefined),
};

function wall(id: string, cameraIds: string[]): Wall {
  return {
    id,
    name: `Wall ${id}`,
    isShared: true,
    ownerName: 'operator',
    canEdit: true,
    version: 1,
    savedAt: 0,
    content: wallOf(cameraIds),
  };
}

function deskWith(opened = wall('a', ids)) {
  const desk = new WallDesk(book);
  desk.open(opened);
  return desk;
}

describe('the wall somebody works on', () => {
  it('is clean when opened, dirty when changed, clean again when undone', () => {
    const desk = deskWith();
    expect([desk.isDirty, desk.canUndo]).toEqual([false, false]);
    desk.place(0, 'c99');
    expect([desk.isDirty, desk.canUndo]).toEqual([true, true]);
    desk.undo();
    expect(desk.isDirty).toBe(false);
    desk.redo();
    expect(desk.content.cameraIds[0]).toBe('c99');
  });

  it('gives back unsaved work when opening another wall is undone', () => {
    const desk = deskWith();
    desk.place(0, 'c99');
    desk.open(wall('b', ['c5']));
    expect(desk.wall?.id).toBe('b');
    desk.undo();
    expect([desk.wall?.id, desk.content.cameraIds[0], desk.isDirty]).toEqual(['a', 'c99', true]);
  });

  it('is clean after being saved, and saving stands when a later change is undone', () => {
    const desk = deskWith();
    desk.place(0, 'c99');
    desk.know({ ...wall('a', ids), version: 2, content: desk.settled });
    expect(desk.isDirty).toBe(false);
    desk.place(1, 'c98');
    desk.undo();
    expect([desk.isDirty, desk.wall?.version]).toEqual([false, 2]);
  });

  it('stays as it is, unsaved, when its saved wall is deleted', () => {
    const desk = deskWith();
    desk.forget('a');
    expect([desk.wall, desk.isDirty, desk.content.cameraIds[0]]).toEqual([undefined, true, 'c1']);
  });

  it('brings cameras back that had no room in a smaller layout', () => {
    const desk = deskWith();
    desk.setLayout('4');
    desk.setLayout('16');
    expect(desk.content.cameraIds).toEqual(ids);
  });

  it('keeps the selection on a tile that exists', () => {
    const desk = deskWith();
    desk.selectEnd('last');
    expect(desk.selected).toBe(15);
    desk.setLayout('4');
    expect(desk.selected).toBe(3);
  });
});

describe('by keyboard', () => {
  it('calls a camera onto the selected tile by number', () => {
    const desk = deskWith();
    desk.select('end');
    desk.digits = '123';
    expect(desk.call(123)?.number).toBe(123);
    expect([desk.content.cameraIds[1], desk.digits]).toEqual(['c123', '']);
    expect(desk.call(900)).toBeUndefined();
    expect(desk.content.cameraIds[1]).toBe('c123');
  });

  it('carries a camera along', () => {
    const desk = deskWith();
    desk.carry('down');
    expect([desk.selected, desk.content.cameraIds[4], desk.content.cameraIds[0]]).toEqual([4, 'c1', 'c5']);
  });

  it('pages through full screen with the arrows', () => {
    const desk = deskWith();
    desk.toggleFull(5);
    desk.select('end');
    expect(desk.full).toBe(6);
    desk.toggleFull();
    expect([desk.full, desk.selected]).toEqual([undefined, 6]);
  });

  it('moves and resizes tiles, and undoes it step by step', () => {
    const desk = deskWith(wall('a', ['c1']));
    desk.toggleArranging();
    desk.resizeTile('start');
    desk.resizeTile('up');
    expect(desk.content.layout).toMatchObject({ name: 'free', cells: [{ columns: 23, rows: 23 }] });
    desk.moveTile('end');
    expect(desk.content.layout.cells[0]).toMatchObject({ column: 1 });
    expect(WallContent.safeParse(desk.settled).success).toBe(true);
    desk.undo();
    desk.undo();
    desk.undo();
    expect(desk.content.layout.name).toBe('1');
  });

  it('adds a tile where there is room and says when there is none', () => {
    const desk = deskWith();
    expect(desk.addTile()).toBe(false);
    desk.removeTile(3);
    expect(desk.addTile()).toBe(true);
    expect([desk.selected, desk.content.cameraIds.at(-1)]).toEqual([15, null]);
  });
});

describe('trying out', () => {
  it('shows what would be and changes nothing until it is settled', () => {
    const desk = deskWith();
    desk.toggleArranging();
    desk.try(0, { column: 0, row: 0, columns: 12, rows: 12 });
    expect(desk.content.cameraIds).toHaveLength(13);
    expect(desk.settled.cameraIds).toHaveLength(16);
    desk.settlePreview();
    expect(desk.settled.cameraIds).toHaveLength(13);
    desk.undo();
    expect(desk.settled.cameraIds).toEqual(ids);
  });
});
