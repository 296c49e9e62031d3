import { describe, expect, it } from 'vitest';
import type { Grant, Right } from '#contract/account.ts';
import { rightsOn, withGroupsAbove } from './rights.ts';

const parents: Record<string, string> = { line1: 'metro', central: 'line1', loopA: 'loopB', loopB: 'loopA' };
const above = (...groupIds: string[]): ReadonlySet<string> => withGroupsAbove(groupIds, (id) => parents[id]);
const grant = (groupId: string, ...rights: Right[]): Grant => ({ groupId, rights });

describe('rightsOn', () => {
  it.each<[string, Grant[], string[], Right[]]>([
    ['nothing granted', [], ['central'], []],
    ['a grant on the group itself', [grant('central', 'live')], ['central'], ['live']],
    ['a grant on the agency above', [grant('metro', 'live', 'ptz')], ['central'], ['live', 'ptz']],
    ['a grant below the camera', [grant('central', 'live')], ['line1'], []],
    ['a grant beside the camera', [grant('police', 'live')], ['central'], []],
    ['a grant on everything', [grant('*', 'playback')], ['central'], ['playback']],
    ['a grant on everything, camera in no group', [grant('*', 'live')], [], ['live']],
    ['a grant on a group, camera in no group', [grant('metro', 'live')], [], []],
    [
      'grants that add up, each once, in one order',
      [grant('*', 'ptz', 'live'), grant('metro', 'live', 'export')],
      ['central'],
      ['live', 'export', 'ptz'],
    ],
    ['a camera in two groups', [grant('police', 'export')], ['central', 'police'], ['export']],
    ['an empty grant', [grant('*')], ['central'], []],
  ])('%s', (_what, grants, groups, rights) => {
    expect(rightsOn(grants, above(...groups))).toEqual(rights);
  });
});

describe('withGroupsAbove', () => {
  it('climbs to the agency', () => {
    expect([...above('central')]).toEqual(['central', 'line1', 'metro']);
  });

  it('ends where groups are said to contain each other', () => {
    expect([...above('loopA')]).toEqual(['loopA', 'loopB']);
  });
});
