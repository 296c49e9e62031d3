import type { Grant, Right } from '#contract/account.ts';

/** Every right, in the order people think of them: see, look back, take along, steer. */
export const rights = ['live', 'playback', 'export', 'ptz'] as const satisfies Right[];

/** Whether the grants give a right on exactly this group (not through one above it, nor through `*`). */
export function isGranted(grants: readonly Grant[], groupId: string, right: Right): boolean {
  return grants.some((grant) => grant.groupId === groupId && grant.rights.includes(right));
}

/** The grants with one right on one group given or taken. Grants without any right are left out. */
export function withRight(
  grants: readonly Grant[],
  groupId: string,
  right: Right,
  isGiven: boolean,
): Grant[] {
  const before = grants.filter((grant) => grant.groupId === groupId).flatMap((grant) => grant.rights);
  const after = rights.filter((each) => (each === right ? isGiven : before.includes(each)));
  const others = grants.filter((grant) => grant.groupId !== groupId);
  return after.length === 0 ? others : [...others, { groupId, rights: after }];
}
