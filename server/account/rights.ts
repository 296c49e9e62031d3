import type { Grant, Right } from '#contract/account.ts';

const order: readonly Right[] = ['live', 'playback', 'export', 'ptz'];
/** The grant on every group, now and later, and on cameras in none. */
const everything = '*';

/**
 * The rights that grants give on a camera. `groupIds` are all groups it is in, those above them included: a grant
 * on a group covers everything below it. Roles play no part: they open pages and routes, not cameras.
 */
export function rightsOn(grants: readonly Grant[], groupIds: ReadonlySet<string>): Right[] {
  const found = new Set(
    grants
      .filter(({ groupId }) => groupId === everything || groupIds.has(groupId))
      .flatMap(({ rights }) => rights),
  );
  return order.filter((right) => found.has(right));
}

/** The groups and all groups above them. A loop in what the VMS says ends the climb, nothing worse. */
export function withGroupsAbove(
  groupIds: readonly string[],
  parentOf: (groupId: string) => string | undefined,
): ReadonlySet<string> {
  const all = new Set<string>();
  for (const groupId of groupIds) {
    let at: string | undefined = groupId;
    while (at !== undefined && !all.has(at)) {
      all.add(at);
      at = parentOf(at);
    }
  }
  return all;
}
