import { describe, expect, it } from 'vitest';
import type { Grant } from '#contract/account.ts';
import { isGranted, withRight } from './grants.ts';

const grants: Grant[] = [
  { groupId: '*', rights: ['live'] },
  { groupId: 'metro', rights: ['live', 'export'] },
];

describe('rights per group', () => {
  it('knows what is granted on exactly one group', () => {
    expect(isGranted(grants, 'metro', 'export')).toBe(true);
    expect(isGranted(grants, 'bus', 'live')).toBe(false);
  });

  it('gives a right in the usual order and leaves other groups alone', () => {
    const after = withRight(grants, 'metro', 'playback', true);
    expect(after).toContainEqual({ groupId: 'metro', rights: ['live', 'playback', 'export'] });
    expect(after).toContainEqual(grants[0]);
  });

  it('takes the last right by dropping the grant', () => {
    expect(withRight(grants, '*', 'live', false)).toEqual([grants[1]]);
  });

  it('gives twice without giving double', () => {
    const twice = withRight(withRight(grants, 'bus', 'live', true), 'bus', 'live', true);
    expect(twice.filter((grant) => grant.groupId === 'bus')).toEqual([{ groupId: 'bus', rights: ['live'] }]);
  });
});
