import { describe, expect, it } from 'vitest';
import type { Camera, Directory } from '#contract/camera.ts';
import { conditionOf, withState } from './directory.svelte.ts';

const camera: Camera = {
  id: 'c1',
  number: 1,
  name: 'Gate',
  groupIds: [],
  streams: [],
  state: 'up',
  hasPtz: false,
  rights: ['live'],
};
const fine: Directory = {
  cameras: [camera, { ...camera, id: 'c2', state: 'down' }],
  groups: [],
  syncedAt: 5,
  isStale: false,
};
const failure = new Error('no answer');

describe('what is said about the camera list', () => {
  it.each<[string, Directory | undefined, Error | null, object]>([
    ['loading', undefined, null, { kind: 'loading' }],
    ['failed before anything was read', undefined, failure, { kind: 'failed', error: failure }],
    [
      'the recorder never answered',
      { ...fine, cameras: [], syncedAt: undefined },
      null,
      { kind: 'never-read' },
    ],
    ['no rights at all', { ...fine, cameras: [] }, null, { kind: 'none-permitted' }],
    ['old', { ...fine, isStale: true }, null, { kind: 'stale', since: 5 }],
    ['all down', { ...fine, cameras: [fine.cameras[1]!] }, null, { kind: 'all-down', count: 1 }],
    ['fine', fine, null, { kind: 'fine' }],
    ['fine even while a later reading fails', fine, failure, { kind: 'fine' }],
  ])('%s', (_, directory, error, condition) => {
    expect(conditionOf(directory, error)).toEqual(condition);
  });
});

describe('news of a camera', () => {
  it('changes that camera and nothing else', () => {
    const after = withState(fine, { kind: 'camera', cameraId: 'c1', state: 'down', since: 9 });
    expect(after.cameras[0]).toMatchObject({ state: 'down', stateSince: 9 });
    expect(after.cameras[1]).toBe(fine.cameras[1]);
  });

  it('is ignored for cameras that are not listed', () => {
    expect(withState(fine, { kind: 'camera', cameraId: 'x', state: 'down', since: 9 })).toBe(fine);
  });
});
