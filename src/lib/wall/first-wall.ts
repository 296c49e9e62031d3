import type { Camera } from '#contract/camera.ts';
import type { Wall, WallContent } from '#contract/wall.ts';
import { wallOf } from './content.ts';

/** The wall that greets people who have not opened one yet, when somebody shares one of this name. */
const welcome = 'City overview';

/**
 * The saved wall to begin with: the one last used in this browser, else the shared city overview, else the first
 * shared one. Undefined: none; {@link fullWall} makes one.
 */
export function firstWall(walls: readonly Wall[], lastUsedId: string | undefined): Wall | undefined {
  const shared = walls.filter((wall) => wall.isShared);
  return (
    walls.find((wall) => wall.id === lastUsedId) ?? shared.find((wall) => wall.name === welcome) ?? shared[0]
  );
}

/** A wall of the first sixteen cameras this person may watch, those that are up before those that are not. */
export function fullWall(cameras: readonly Camera[]): WallContent {
  const worth = { up: 0, unknown: 1, down: 2 };
  const watchable = cameras
    .filter((camera) => camera.rights.includes('live'))
    .toSorted((a, b) => worth[a.state] - worth[b.state] || a.number - b.number);
  return wallOf(watchable.slice(0, 16).map((camera) => camera.id));
}
