import { describe, expect, it } from 'vitest';
import { CameraAnswer } from './answers.ts';
import { arabicName, assembleDirectory, numberOf, type ReadGroup } from './directory.ts';

const id = (n: number) => `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000`;
const camera = (n: number, more: object = {}) =>
  CameraAnswer.parse({
    id: id(n).toUpperCase(),
    name: `Camera ${n}`,
    relations: { parent: { type: 'hardware', id: id(900 + n) } },
    ...more,
  });
const group = (n: number, cameraIds: number[], parent?: number, more: object = {}): ReadGroup => ({
  group: { id: id(n), name: `Group ${n}`, ...more },
  cameraIds: cameraIds.map(id),
  ...(parent === undefined ? {} : { parentId: id(parent) }),
});

describe('assembling', () => {
  it('lists a camera’s groups nearest first, up to each agency, every one once', () => {
    const groups = [group(50, []), group(51, [1], 50), group(52, [1], 51), group(60, [1])];
    const { cameras } = assembleDirectory([camera(1), camera(2)], groups, () => undefined);
    expect(cameras.map(({ groupIds }) => groupIds)).toEqual([[id(52), id(51), id(60), id(50)], []]);
  });

  it('survives groups that contain each other', () => {
    const { cameras } = assembleDirectory([camera(1)], [group(1, [1], 2), group(2, [], 1)], () => undefined);
    expect(cameras[0]?.groupIds).toEqual([id(1), id(2)]);
  });

  it('leaves disabled cameras out, also where the release says so in words', () => {
    const { cameras } = assembleDirectory(
      [
        camera(1),
        camera(2, { enabled: false }),
        camera(3, { enabled: 'False' }),
        camera(4, { enabled: 'True' }),
      ],
      [],
      () => undefined,
    );
    expect(cameras.map((each) => each.id)).toEqual([id(1), id(4)]);
  });

  it('gives a number that two cameras claim to the first of them', () => {
    const { cameras } = assembleDirectory(
      [camera(1, { shortName: '017' }), camera(2, { shortName: 'C-17' }), camera(3, { shortName: 18 })],
      [],
      () => undefined,
    );
    expect(cameras.map(({ number }) => number)).toEqual([17, undefined, 18]);
  });

  it('says nothing about the streams of a camera that nobody has asked yet', () => {
    const known = [{ name: 'main' as const }, { name: 'sub' as const, width: 640 }];
    const { cameras } = assembleDirectory([camera(1), camera(2)], [], (which) =>
      which === id(1) ? known : undefined,
    );
    expect(cameras.map(({ streams }) => streams)).toEqual([known, []]);
  });

  it('keeps the Arabic name of cameras and groups, and names what has no name by its id', () => {
    const { cameras, groups } = assembleDirectory(
      [camera(1, { description: 'بوابة الميناء' }), camera(2, { name: '', displayName: undefined })],
      [group(50, [1], undefined, { description: 'الشرطة' })],
      () => undefined,
    );
    expect(cameras.map(({ name, nameAr }) => [name, nameAr])).toEqual([
      ['Camera 1', 'بوابة الميناء'],
      [id(2), undefined],
    ]);
    expect(groups).toEqual([{ id: id(50), name: 'Group 50', nameAr: 'الشرطة' }]);
  });
});

it.each([
  ['017', 'x', 17],
  ['C-17', 'x', 17],
  ['', '17 - North gate', 17],
  ['', '#17 North gate', 17],
  ['', 'No. 17 North gate', 17],
  ['', '17th Street', undefined],
  ['', '2 towers', undefined],
  ['0', '', undefined],
  ['PTZ dome 2nd floor', 'x', undefined],
])('reads short name %j and name %j as number %j', (shortName, name, number) => {
  expect(numberOf({ shortName, name })).toBe(number);
});

it.each([
  [undefined, undefined],
  ['North gate, pole 3', undefined],
  ['North gate, pole 3\r\n البوابة الشمالية \r\nserviced 2025', 'البوابة الشمالية'],
])('finds in the description %j the Arabic name %j', (description, name) => {
  expect(arabicName(description)).toBe(name);
});
