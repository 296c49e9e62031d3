import type { Right, User } from '#contract/account.ts';
import type { Camera, CameraGroup, CameraState, Directory, Stream } from '#contract/camera.ts';
import { rightsOn, withGroupsAbove } from '#server/account/rights.ts';
import type { Db } from '#server/store/store.ts';

/** A camera with everything that is known of it, whoever asks. */
export interface KnownCamera {
  readonly id: string;
  readonly vmsId: string;
  readonly number: number;
  readonly name: string;
  readonly nameAr: string | undefined;
  /** As the VMS says, nearest first. */
  readonly groupIds: readonly string[];
  /** The same and all groups above them. */
  readonly allGroupIds: ReadonlySet<string>;
  readonly streams: readonly Stream[];
  readonly hasPtz: boolean;
  readonly state: CameraState;
  readonly stateSince: number | undefined;
}

/** The cameras and groups at one version of the directory. */
export interface Snapshot {
  readonly version: number;
  readonly cameras: ReadonlyMap<string, KnownCamera>;
  readonly groups: ReadonlyMap<string, CameraGroup>;
}

/** What all BFFs of one database know of the cameras. */
export interface CameraDirectory {
  /** The newest; read again only when something has changed. */
  snapshot(): Promise<Snapshot>;
  /** What this user may see of it. */
  readFor(user: User): Promise<Directory>;
}

export const rightsOf = (user: Pick<User, 'grants'>, camera: KnownCamera): Right[] =>
  rightsOn(user.grants, camera.allGroupIds);

/** Whether the user may do this with the camera. */
export const isAllowed = (user: Pick<User, 'grants'>, camera: KnownCamera, right: Right): boolean =>
  rightsOf(user, camera).includes(right);

async function readSnapshot(db: Db, version: number): Promise<Snapshot> {
  const groupRows = await db.selectFrom('camera_groups').selectAll().orderBy('name').execute();
  const groups = new Map<string, CameraGroup>(
    groupRows.map(({ id, name, name_ar, parent_id }) => [
      id,
      {
        id,
        name,
        ...(name_ar === null ? {} : { nameAr: name_ar }),
        ...(parent_id === null ? {} : { parentId: parent_id }),
      },
    ]),
  );
  const rows = await db
    .selectFrom('cameras')
    .selectAll()
    .where('is_removed', '=', false)
    .orderBy('number')
    .execute();
  const cameras = new Map<string, KnownCamera>(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        vmsId: row.vms_id,
        number: row.number,
        name: row.name,
        nameAr: row.name_ar ?? undefined,
        groupIds: row.group_ids,
        allGroupIds: withGroupsAbove(row.group_ids, (id) => groups.get(id)?.parentId),
        streams: row.streams,
        hasPtz: row.has_ptz,
        state: row.state,
        stateSince: row.state_since ?? undefined,
      },
    ]),
  );
  return { version, cameras, groups };
}

/** The cameras with at least one right, and the groups that lead to them. Pure. */
export function visibleTo(user: User, { cameras, groups }: Snapshot): Pick<Directory, 'cameras' | 'groups'> {
  const shown = new Set<string>();
  const visible: Camera[] = [];
  for (const camera of cameras.values()) {
    const rights = rightsOf(user, camera);
    if (rights.length === 0) continue;
    const groupIds = visibleGroups(user, camera, groups);
    for (const id of withGroupsAbove(groupIds, (group) => groups.get(group)?.parentId)) shown.add(id);
    visible.push({
      id: camera.id,
      number: camera.number,
      name: camera.name,
      ...(camera.nameAr === undefined ? {} : { nameAr: camera.nameAr }),
      groupIds,
      streams: [...camera.streams],
      state: camera.state,
      ...(camera.stateSince === undefined ? {} : { stateSince: camera.stateSince }),
      hasPtz: camera.hasPtz,
      rights,
    });
  }
  return { cameras: visible, groups: [...groups.values()].filter(({ id }) => shown.has(id)) };
}

/** A camera that stands in two agencies is shown only in those the user has rights on. */
function visibleGroups(user: User, camera: KnownCamera, groups: Snapshot['groups']): string[] {
  return camera.groupIds.filter(
    (id) =>
      rightsOn(
        user.grants,
        withGroupsAbove([id], (group) => groups.get(group)?.parentId),
      ).length > 0,
  );
}

/** Reads the directory through a copy in memory that one small query proves to be the newest. */
export function createDirectory(db: Db): CameraDirectory {
  let copy: Snapshot | undefined;
  let reading: { readonly version: number; readonly snapshot: Promise<Snapshot> } | undefined;

  const snapshot = async (): Promise<Snapshot> => {
    const { version } = await db.selectFrom('directory_version').select('version').executeTakeFirstOrThrow();
    if (copy?.version === version) return copy;
    // Rows may be newer than the version read before them; then the next asker reads once more.
    if (reading?.version !== version) reading = { version, snapshot: readSnapshot(db, version) };
    try {
      return (copy = await reading.snapshot);
    } catch (cause) {
      reading = undefined;
      throw cause;
    }
  };

  return {
    snapshot,
    async readFor(user) {
      const known = await snapshot();
      const systems = await db.selectFrom('vms').select(['synced_at', 'attempted_at', 'is_up']).execute();
      const synced = systems.map(({ synced_at }) => synced_at);
      return {
        ...visibleTo(user, known),
        // As old as its oldest part; absent until every part was read once.
        ...(synced.length === 0 || synced.includes(null)
          ? {}
          : { syncedAt: Math.min(...synced.map((at) => at ?? 0)) }),
        isStale: systems.some(({ attempted_at, is_up }) => attempted_at !== null && !is_up),
      };
    },
  };
}
