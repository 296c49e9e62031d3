import type { User } from '#contract/account.ts';
import type { Shortage as ToldShortage } from '#contract/reservation.ts';
import type { KnownCamera, Snapshot } from '#server/cameras/directory.ts';
import { withGroupsAbove } from '#server/account/rights.ts';
import { pathOf, type StreamKey } from './paths.ts';

/** How many streams may be taken from cameras and recorders at once, however many people watch each. */
export interface Quotas {
  readonly total: number;
  /** By the name of the agency (a group at the top). */
  readonly agencies: Readonly<Record<string, number>>;
  /** What all agencies that are not named share, and cameras of none; absent: nothing but the total bounds them. */
  readonly others?: number | undefined;
}

export const defaultQuotas: Quotas = { total: 500, agencies: {} };

/** A quota that has no room left. */
export interface Shortage {
  /** Whose quota; undefined: the one of the whole site, or of the others. */
  readonly agency: string | undefined;
  readonly isOthers?: true;
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

/** The quota, apart from the total, that a camera counts towards: an agency's name as it is compared, or the others'. */
const others = Symbol('others');
export type Pot = string | typeof others;

/** Says of each camera which quota it counts towards, apart from the total; undefined: none. */
export function potsOf(quotas: Quotas, { cameras, groups }: Snapshot): (cameraId: string) => Pot | undefined {
  const named = new Set(Object.keys(quotas.agencies).map(sameName));
  return (cameraId) => {
    const agency = sameName(agencyOf(cameras.get(cameraId), groups) ?? '');
    if (named.has(agency)) return agency;
    return quotas.others === undefined ? undefined : others;
  };
}

/** Which quota is short; undefined: the total. */
export const potOf = ({ agency, isOthers }: Pick<Shortage, 'agency' | 'isOthers'>): Pot | undefined =>
  isOthers === true ? others : agency === undefined ? undefined : sameName(agency);

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
  snapshot: Snapshot,
): ReadonlyMap<string, Shortage> {
  const limits = new Map<Pot | undefined, number>(
    Object.entries(quotas.agencies).map(([name, limit]) => [sameName(name), limit]),
  );
  if (quotas.others !== undefined) limits.set(others, quotas.others);
  const potOfCamera = potsOf(quotas, snapshot);
  const counted = new Set<string>();
  const usedBy = new Map<Pot, number>();
  const count = (key: StreamKey, pot: Pot | undefined): void => {
    counted.add(pathOf(key));
    if (pot !== undefined) usedBy.set(pot, (usedBy.get(pot) ?? 0) + 1);
  };
  for (const key of flowing) if (!counted.has(pathOf(key))) count(key, potOfCamera(key.cameraId));
  const short = new Map<string, Shortage>();
  for (const key of wanted) {
    if (counted.has(pathOf(key))) continue;
    const pot = potOfCamera(key.cameraId);
    const limit = limits.get(pot);
    const used = pot === undefined ? 0 : (usedBy.get(pot) ?? 0);
    if (limit !== undefined && used >= limit)
      short.set(pathOf(key), {
        ...(pot === others
          ? { agency: undefined, isOthers: true }
          : { agency: agencyOf(snapshot.cameras.get(key.cameraId), snapshot.groups) }),
        used,
        limit,
      });
    else if (counted.size >= quotas.total)
      short.set(pathOf(key), { agency: undefined, used: counted.size, limit: quotas.total });
    else count(key, pot);
  }
  return short;
}

/** Names beyond these would not be read. */
const mostNames = 5;

/** Who may be told who holds what. Screens in public places and investigators are told numbers only. */
export const mayKnowWho = ({ role }: Pick<User, 'role'>): boolean =>
  role === 'administrator' || role === 'operator';

/** The shortage as a page is told it. A stream that two people hold is in both their numbers. */
export function toldOf({ agency, isOthers, used, limit }: Shortage, shares: readonly Share[]): ToldShortage {
  const who = [...shares].sort((a, b) => b.streams - a.streams || (a.displayName < b.displayName ? -1 : 1));
  const rest = who.slice(mostNames);
  const streams = rest.reduce((sum, share) => sum + share.streams, 0);
  return {
    ...(agency === undefined ? {} : { agency }),
    ...(isOthers === undefined ? {} : { isOthers }),
    used,
    limit,
    shares: who.slice(0, mostNames).map((share) => ({ name: share.displayName, streams: share.streams })),
    ...(rest.length === 0 ? {} : { others: { people: rest.length, streams } }),
  };
}

/** "Metro uses 30 of 30 streams: operator 18, kiosk-2 12". */
export function wordsOf({ agency, isOthers, used, limit, shares, others: rest }: ToldShortage): string {
  const named = shares.map((share) => `${share.name} ${share.streams}`);
  if (rest !== undefined) named.push(`${rest.people} more ${rest.streams}`);
  const streams = limit === 1 ? 'stream' : 'streams';
  const uses =
    isOthers === true
      ? 'All other agencies use'
      : agency === undefined
        ? 'All agencies together use'
        : `${agency} uses`;
  const words = `${uses} ${used} of ${limit} ${streams}`;
  return named.length === 0 ? words : `${words}: ${named.join(', ')}`;
}
