import { Refusal } from '#server/http/refusal.ts';
import type { Handlers } from '#server/http/routing.ts';
import { type Vms, VmsError } from '#server/vms/vms.ts';
import { type CameraDirectory, isAllowed, rightsOf } from './directory.ts';

/** A VMS's reason, as the browser may know it. */
export function vmsRefusal(error: VmsError): Refusal {
  switch (error.code) {
    case 'unknown-camera':
      return new Refusal('not-found', { cause: error });
    case 'no-such-stream':
      return new Refusal('no-such-stream', { cause: error });
    case 'unavailable':
    case 'refused':
    case 'unexpected-answer':
      return new Refusal('vms-unavailable', { retryAfterS: 5, cause: error });
  }
}

export function cameraRoutes(parts: {
  readonly directory: CameraDirectory;
  readonly systems: readonly Vms[];
}): Pick<Handlers, 'readDirectory' | 'readStreams'> {
  const { directory, systems } = parts;
  return {
    readDirectory: ({ principal }) => directory.readFor(principal.user),

    async readStreams({ params, principal, signal }) {
      const camera = (await directory.snapshot()).cameras.get(params.cameraId);
      if (camera === undefined || rightsOf(principal.user, camera).length === 0)
        throw new Refusal('not-found');
      if (!isAllowed(principal.user, camera, 'live')) throw new Refusal('not-permitted');
      const vms = systems.find(({ id }) => id === camera.vmsId);
      if (vms === undefined) throw new Refusal('vms-unavailable');
      try {
        const streams = await vms.readStreams(
          camera.id,
          AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
        );
        return [...streams];
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof VmsError) throw vmsRefusal(cause);
        // Our own time limit: as good as no answer.
        throw new Refusal('vms-unavailable', { retryAfterS: 5, cause });
      }
    },
  };
}
