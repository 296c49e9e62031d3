import { CameraId } from '#contract/camera.ts';

/** As many as the largest layout has tiles. */
const most = 36;

/** The address of the wall that shows these cameras, as an arrangement that is not saved; without any, of the wall. */
export const addressOfCameras = (cameraIds: readonly string[]): string =>
  cameraIds.length === 0 ? '/' : `/?cameras=${cameraIds.join(',')}`;

/**
 * The cameras that such an address asks for, in the order of the tiles, without doubles. What is not well formed is left
 * out. Whether somebody may see them is not decided here.
 */
export function askedCameras(query: Pick<URLSearchParams, 'get'>): readonly string[] {
  const listed = (query.get('cameras') ?? '').split(',').filter((id) => CameraId.safeParse(id).success);
  return [...new Set(listed)].slice(0, most);
}
