import type { CameraDirectory } from '#server/cameras/directory.ts';
import type { Handlers } from '#server/http/routing.ts';
import type { Store } from '#server/store/store.ts';
import { changeWall, createWall, deleteWall, listWalls, readWall } from './walls.ts';

export function wallRoutes(parts: {
  readonly store: Store;
  readonly directory: CameraDirectory;
  readonly now: () => number;
}): Pick<Handlers, 'listWalls' | 'readWall' | 'createWall' | 'changeWall' | 'deleteWall'> {
  const { db } = parts.store;
  const { directory, now } = parts;
  return {
    listWalls: async ({ principal }) => listWalls(db, principal.user, await directory.snapshot()),
    readWall: async ({ principal, params }) =>
      readWall(db, principal.user, params.wallId, await directory.snapshot()),
    createWall: async ({ principal, body }) =>
      createWall(db, principal.user, body, await directory.snapshot(), now()),
    changeWall: async ({ principal, params, body }) =>
      changeWall(db, principal.user, params.wallId, body, await directory.snapshot(), now()),
    async deleteWall({ principal, params }) {
      await deleteWall(db, principal.user, params.wallId);
    },
  };
}
