import type { User } from '#contract/account.ts';
import type { KnownCamera, Snapshot } from '#server/cameras/directory.ts';
import { withGroupsAbove } from '#server/account/rights.ts';
import { pathOf, type StreamKey } from './paths.ts';

/** How many streams may be taken from cameras and recorders at once, however many people watch each. */
export interface Quotas {
  readonly total: number;
  /** By the name of the agency (a group at the top); one that is not named has no quota of its own. */
  readonly agencies: Readonly<Record<string, number>>;
}

export const defaultQuotas: Quotas = { total: 500, agencies: {} };

/** A quota that has no room left. */
export interface Shortage {
  /** Whose quota; undefined: the one of the whole site. */
  readonly agency: string | undefined;
  readonly used: number;
  readonly limit: number;
}

/** How many of the streams one person holds. */
export interface Share {
  readonly displayName: string;
  readonly streams: number;
}

/** A name as it is compared: people write it, in the configuration and in the VMS. */
export const sameName = (name: string): string => name.trim().toLowerCase();

/** The name of the agency whose quota a camera counts towards: the top of the first group that the VMS names for it. */
export function agencyOf(camera: KnownCamera | undefined, groups: Snapshot['groups']): string | undefined {
  const top = [...withGroupsAbove(camera?.groupIds.slice(0, 1) ?? [], (id) => groups.get(id)?.parentId)].at(
    -1,
  );
  return groups.get(top ?? '')?.name;
}

/** The names in the quotas that are no agency of this directory: nobody is held to them. */
export function unknownAgencies({ agencies }: Quotas, { groups }: Snapshot): string[] {
  const known = new Set(
    [...groups.values()].filter(({ parentId }) => parentId === undefined).map(({ name }) => sameName(name)),
  );
  return Object.keys(agencies).filter((name) => !known.has(sameName(name)));
}

/**
 * Which of the streams wanted there is room for beside those that flow, in the order of the wishes; by path, what is
 * short for each of the others. A stream that flows already costs nothing. Pure.
 */
export function shortages(
  wanted: Iterable<StreamKey>,
  flowing: Iterable<StreamKey>,
  quotas: Quotas,
  { cameras, groups }: Snapshot,
): ReadonlyMap<string, Shortage> {
  const limits = new Map(Object.entries(quotas.agencies).map(([name, limit]) => [sameName(name), limit]));
  const counted = new Set<string>();
  const usedBy = new Map<string, number>();
  const count = (key: StreamKey, agency: string | undefined): void => {
    counted.add(pathOf(key));
    if (agency !== undefined) usedBy.set(sameName(agency), (usedBy.get(sameName(agency)) ?? 0) + 1);
  };
  for (const key of flowing)
    if (!counted.has(pathOf(key))) count(key, agencyOf(cameras.get(key.cameraId), groups));
  const short = new Map<string, Shortage>();
  for (const key of wanted) {
    if (counted.has(pathOf(key))) continue;
    const agency = agencyOf(cameras.get(key.cameraId), groups);
    const limit = agency === undefined ? undefined : limits.get(sameName(agency));
    const used = usedBy.get(sameName(agency ?? '')) ?? 0;
    if (limit !== undefined && used >= limit) short.set(pathOf(key), { agency, used, limit });
    else if (counted.size >= quotas.total)
      short.set(pathOf(key), { agency: undefined, used: counted.size, limit: quotas.total });
    else count(key, agency);
  }
  return short;
}

/** Names beyond these would not be read. */
const mostNames = 5;

/** Who may be told who holds what. Screens in public places and investigators are told numbers only. */
export const mayKnowWho = ({ role }: Pick<User, 'role'>): boolean =>
  role === 'administrator' || role === 'operator';

/** "Metro uses 30 of 30 streams: operator 18, kiosk-2 12". A stream that two people hold is in both their numbers. */
export function wordsOf({ agency, used, limit }: Shortage, shares: readonly Share[]): string {
  const who = [...shares].sort((a, b) => b.streams - a.streams || (a.displayName < b.displayName ? -1 : 1));
  const named = who.slice(0, mostNames).map(({ displayName, streams }) => `${displayName} ${streams}`);
  const rest = who.slice(mostNames);
  if (rest.length > 0)
    named.push(`${rest.length} more ${rest.reduce((sum, { streams }) => sum + streams, 0)}`);
  const streams = limit === 1 ? 'stream' : 'streams';
  const words =
    agency === undefined
      ? `All agencies together use ${used} of ${limit} ${streams}`
      : `${agency} uses ${used} of ${limit} ${streams}`;
  return named.length === 0 ? words : `${words}: ${named.join(', ')}`;
}
