import type { VmsCamera, VmsDirectory, VmsGroup, VmsStream } from '#server/vms/vms.ts';
import type { CameraAnswer, GroupAnswer } from './answers.ts';

/** A group with where it hangs and which cameras are right in it. */
export interface ReadGroup {
  readonly group: GroupAnswer;
  readonly parentId?: string;
  readonly cameraIds: readonly string[];
}

/**
 * Puts cameras and groups together. A camera's groups are listed nearest first: those it is in directly, deepest
 * first, then the ones above them up to its agencies. `streamsOf` gives what is known of a camera's streams; a
 * camera that nobody has asked yet is listed with none, which says nothing about what it has.
 */
export function assembleDirectory(
  cameras: readonly CameraAnswer[],
  groups: readonly ReadGroup[],
  streamsOf: (cameraId: string) => readonly VmsStream[] | undefined,
): VmsDirectory {
  const chains = new Map(groups.map(({ group }) => [group.id, chainOf(group.id, groups)]));
  const direct = new Map<string, string[]>();
  for (const { group, cameraIds } of groups)
    for (const id of cameraIds) direct.set(id, [...(direct.get(id) ?? []), group.id]);

  const takenNumbers = new Set<number>();
  const listed = cameras
    .filter(({ enabled }) => enabled !== false)
    .map((camera): VmsCamera => {
      const number = numberOf(camera);
      // Two cameras that claim one number: the first keeps it, the other gets one from Parapet.
      const isFree = number !== undefined && !takenNumbers.has(number);
      if (isFree) takenNumbers.add(number);
      const nameAr = arabicName(camera.description);
      return {
        id: camera.id,
        ...(isFree ? { number } : {}),
        name: nameOf(camera),
        ...(nameAr === undefined ? {} : { nameAr }),
        groupIds: groupIdsOf(direct.get(camera.id) ?? [], chains),
        streams: streamsOf(camera.id) ?? [],
        hasPtz: camera.ptzEnabled === true,
      };
    });
  return { cameras: listed, groups: groups.map(toGroup) };
}

function toGroup({ group, parentId }: ReadGroup): VmsGroup {
  const nameAr = arabicName(group.description);
  return {
    id: group.id,
    name: nameOf(group),
    ...(nameAr === undefined ? {} : { nameAr }),
    ...(parentId === undefined ? {} : { parentId }),
  };
}

function groupIdsOf(direct: readonly string[], chains: ReadonlyMap<string, readonly string[]>): string[] {
  const deepestFirst = direct.toSorted((a, b) => (chains.get(b)?.length ?? 0) - (chains.get(a)?.length ?? 0));
  const above = deepestFirst.flatMap((id) => chains.get(id)?.slice(1) ?? []);
  return [...new Set([...deepestFirst, ...above])];
}

/** The group and those above it, nearest first. */
function chainOf(id: string, groups: readonly ReadGroup[]): readonly string[] {
  const parents = new Map(groups.map(({ group, parentId }) => [group.id, parentId]));
  const chain: string[] = [];
  for (let at: string | undefined = id; at !== undefined && !chain.includes(at); at = parents.get(at))
    chain.push(at);
  return chain;
}

const nameOf = ({ id, name, displayName }: GroupAnswer): string =>
  [name, displayName].find((text) => text?.trim()) ?? id;

/**
 * The camera's number as operators know it: the short name where it is one ("017", "C-17"), else the number that the
 * name starts with ("17 - North gate", "#17 North gate"). 1 to 999999.
 */
export function numberOf({ name, shortName }: Pick<CameraAnswer, 'name' | 'shortName'>): number | undefined {
  const found =
    /^[^\d]{0,8}?0*([1-9]\d{0,5})$/.exec(shortName?.trim() ?? '') ??
    /^(?:#|no\.?\s*)0*([1-9]\d{0,5})(?!\d)/i.exec(name?.trim() ?? '') ??
    /^0*([1-9]\d{0,5})\s*[-–—:|.]\s/.exec(name?.trim() ?? '');
  return found?.[1] === undefined ? undefined : Number(found[1]);
}

/** XProtect has one name per thing; a second one in Arabic is kept in the description, on a line of its own. */
export function arabicName(description: string | undefined): string | undefined {
  const line = description?.split(/\r?\n/).find((text) => /\p{Script=Arabic}/u.test(text));
  return line?.trim().slice(0, 200);
}
