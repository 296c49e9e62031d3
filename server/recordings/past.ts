import type { Right, User } from '#contract/account.ts';
import { type CameraDirectory, isAllowed, type KnownCamera, rightsOf } from '#server/cameras/directory.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { VmsRecordings } from '#server/vms/recordings.ts';
import type { Vms } from '#server/vms/vms.ts';

/** A camera and what its VMS has recorded, where that VMS has recordings to offer. */
export interface PastCamera {
  readonly camera: KnownCamera;
  readonly recordings: VmsRecordings | undefined;
}

/** Finds cameras for people who want to see their past. */
export interface Past {
  /**
   * These cameras, in this order. Throws a {@link Refusal}: `not-found` for one that there is not or that this person
   * has no right on at all, `not-permitted` for one without this right; the detail names it.
   */
  cameras(user: User, cameraIds: readonly string[], right: Right): Promise<PastCamera[]>;
  /** One camera whose VMS has recordings; `no-recording` where it has none. */
  camera(
    user: User,
    cameraId: string,
    right: Right,
  ): Promise<Required<PastCamera> & { recordings: VmsRecordings }>;
  /** All cameras on which the person has the right. */
  all(user: User, right: Right): Promise<PastCamera[]>;
}

export function openPast(parts: {
  readonly directory: CameraDirectory;
  readonly systems: readonly Vms[];
}): Past {
  const { directory, systems } = parts;
  const pastOf = (camera: KnownCamera): PastCamera => ({
    camera,
    recordings: systems.find(({ id }) => id === camera.vmsId)?.recordings,
  });
  const cameras: Past['cameras'] = async (user, cameraIds, right) => {
    const known = (await directory.snapshot()).cameras;
    return cameraIds.map((cameraId) => {
      const camera = known.get(cameraId);
      if (camera === undefined || rightsOf(user, camera).length === 0)
        throw new Refusal('not-found', { detail: `Camera ${cameraId}.` });
      if (!isAllowed(user, camera, right))
        throw new Refusal('not-permitted', { detail: `Camera ${cameraId}: ${right}.` });
      return pastOf(camera);
    });
  };
  return {
    cameras,
    async camera(user, cameraId, right) {
      const [found] = await cameras(user, [cameraId], right);
      if (found?.recordings === undefined) throw new Refusal('no-recording');
      return { camera: found.camera, recordings: found.recordings };
    },
    async all(user, right) {
      const { cameras: known } = await directory.snapshot();
      return [...known.values()].filter((camera) => isAllowed(user, camera, right)).map(pastOf);
    },
  };
}
