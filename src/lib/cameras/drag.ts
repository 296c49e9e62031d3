import type { Camera } from '#contract/camera.ts';

/** What a drag from the camera list carries; also a name by which a page knows it before it is dropped. */
const camerasType = 'application/x-parapet-cameras';

/** Makes a drag carry cameras, in order. `name` is what other programs get when it is dropped on them. */
export function dragCameras(transfer: DataTransfer, cameras: readonly Camera[], name: string): void {
  transfer.effectAllowed = 'copy';
  transfer.setData(camerasType, JSON.stringify(cameras.map((camera) => camera.id)));
  transfer.setData('text/plain', name);
}

/** Whether a drag over the page carries cameras. What they are can only be read once it is dropped. */
export function carriesCameras(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes(camerasType) ?? false;
}

/** The ids of the cameras that were dropped; empty for anything else. */
export function droppedCameras(transfer: DataTransfer | null): string[] {
  try {
    const ids: unknown = JSON.parse(transfer?.getData(camerasType) ?? '[]');
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}
