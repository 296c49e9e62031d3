import { expect, it } from 'vitest';
import { sceneNames } from '#mocks/camera/scenes/scenes.ts';
import { siteCameras, siteGroups } from './cameras.ts';
import { siteHardware, siteRecorders } from './hardware.ts';
import { guid } from './guid.ts';

const distinct = (values: readonly unknown[]) => new Set(values).size;

it('has the cameras of four agencies under the numbers 1 to 500', () => {
  expect(siteCameras.map(({ number }) => number)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
  expect(
    Object.entries(Object.groupBy(siteCameras, ({ agency }) => agency)).map(([a, of]) => [a, of.length]),
  ).toEqual([
    ['police', 50],
    ['metro', 30],
    ['bus', 20],
    ['other', 400],
  ]);
});

it('names every camera once, in Latin and in Arabic letters', () => {
  expect(distinct(siteCameras.map(({ name }) => name))).toBe(500);
  expect(distinct(siteCameras.map(({ nameAr }) => nameAr))).toBe(500);
  expect(siteCameras.filter(({ caption }) => !/^[A-Za-z0-9 ,.]{5,40}$/.test(caption))).toEqual([]);
  expect(siteCameras.filter(({ nameAr }) => !/^[\p{Script=Arabic}\p{M}0-9 ،.]+$/u.test(nameAr))).toEqual([]);
});

it('keeps its ids from run to run, because saved walls name them', () => {
  expect(siteCameras[0]?.id).toBe('b7d95062-1704-41e7-bd4c-87c7b2096a84');
  expect(guid('camera 500')).toBe(siteCameras[499]?.id);
  const ids = [...siteCameras, ...siteGroups, ...siteHardware, ...siteRecorders].map(({ id }) => id);
  expect(distinct(ids)).toBe(ids.length);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('puts every camera into a group that leads up to its agency', () => {
  const groups = new Map(siteGroups.map((group) => [group.id, group]));
  const agencyOf = (id: string): string => {
    const group = groups.get(id)!;
    return group.parentId === undefined ? group.name : agencyOf(group.parentId);
  };
  const names = { police: 'Police', metro: 'Metro', bus: 'Bus', other: 'Others' };
  for (const camera of siteCameras) expect(agencyOf(camera.groupId)).toBe(names[camera.agency]);
  expect(siteGroups.filter(({ parentId }) => parentId === undefined)).toHaveLength(4);
});

it('shows scenes that have been drawn', () => {
  expect(siteCameras.filter(({ scene }) => !(sceneNames as readonly string[]).includes(scene))).toEqual([]);
});

it('hangs the cameras on 420 boxes at six recorders, one channel spare, and lets eight in a hundred turn', () => {
  expect(siteHardware).toHaveLength(420);
  const channels = siteHardware.flatMap((box) => box.channels);
  expect(channels.filter((camera) => camera === undefined)).toHaveLength(1);
  expect(distinct(channels)).toBe(501);
  expect(distinct(siteHardware.map((box) => box.recorderId))).toBe(6);
  expect(siteCameras.filter(({ hasPtz }) => hasPtz)).toHaveLength(40);
});

it('shows what the name of a camera promises', () => {
  const sceneOf = (number: number) => siteCameras[number - 1]?.scene;
  expect([51, 91, 81, 56].map(sceneOf)).toEqual([
    'metro-platform',
    'bus-saloon',
    'bus-station',
    'ticket-hall',
  ]);
  expect(new Set(siteCameras.map((camera) => camera.scene)).size).toBeGreaterThanOrEqual(15);
});
