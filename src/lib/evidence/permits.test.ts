import { expect, it } from 'vitest';
import type { Right, Role } from '#contract/account.ts';
import type { RecordingAbility } from '#contract/recording.ts';
import { type EvidenceAct, type WhyNot, whyNot } from './permits.ts';

const corporate: RecordingAbility = {
  vmsId: 'hq',
  cameraIds: ['a', 'b'],
  nativeFrames: true,
  stills: true,
  motion: true,
  bookmarks: 'write',
  evidenceLocks: 'write',
};
const expert: RecordingAbility = {
  ...corporate,
  vmsId: 'gate',
  cameraIds: ['c'],
  evidenceLocks: 'not-in-edition',
};
const bare: RecordingAbility = {
  ...corporate,
  vmsId: 'bare',
  cameraIds: ['d'],
  nativeFrames: false,
  bookmarks: 'none',
  evidenceLocks: 'none',
};
const twin: RecordingAbility = { ...corporate, vmsId: 'twin', cameraIds: ['e'] };
const filming: RecordingAbility = { ...bare, vmsId: 'filming', cameraIds: ['f'], makesFilms: true };
const everything: readonly Right[] = ['live', 'playback', 'export'];

function ask(act: EvidenceAct, ids: string, rights = everything, role: Role = 'investigator') {
  return whyNot(act, {
    role,
    cameras: Array.from(ids, (id) => ({ id, rights })),
    abilities: { vms: [corporate, expert, bare, twin, filming] },
  });
}

it.each<[EvidenceAct, string, WhyNot | undefined]>([
  ['bookmark', 'a', undefined],
  ['bookmark', 'c', undefined],
  ['bookmark', 'd', 'not-supported'],
  ['bookmark', '', 'no-camera'],
  ['bookmark', 'z', 'not-supported'],
  ['lock', 'ab', undefined],
  ['lock', 'c', 'not-in-edition'],
  ['lock', 'ac', 'not-in-edition'],
  ['lock', 'd', 'not-supported'],
  ['lock', 'ae', 'several-systems'],
  ['export', 'ace', undefined],
  ['export', 'd', 'not-supported'],
  ['export', 'af', undefined],
])('%s of %s: %s', (act, ids, why) => {
  expect(ask(act, ids)).toBe(why);
});

it('needs the right on every camera, and no kiosk', () => {
  expect(ask('bookmark', 'a', ['live', 'playback'])).toBeUndefined();
  expect(ask('lock', 'a', ['live', 'playback'])).toBe('not-permitted');
  expect(ask('export', 'a', ['live', 'playback'])).toBe('not-permitted');
  expect(ask('bookmark', 'a', ['live'])).toBe('not-permitted');
  expect(ask('bookmark', 'a', everything, 'kiosk')).toBe('not-permitted');
});

it('does not guess what a recorder can do', () => {
  const cameras = [{ id: 'a', rights: everything }];
  expect(whyNot('export', { role: 'investigator', cameras, abilities: undefined })).toBe('unknown');
});
