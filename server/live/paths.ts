import { CameraId, type StreamName } from '#contract/camera.ts';

/** One stream of one camera. */
export interface StreamKey {
  readonly cameraId: string;
  readonly stream: StreamName;
}

/** What the gateway calls it. Camera ids are safe in paths and URLs, see `CameraId`. */
export const pathOf = ({ cameraId, stream }: StreamKey): string => `${cameraId}_${stream}`;

/** The stream behind a path of ours; undefined for what somebody else has put into the gateway. */
export function streamOf(path: string): StreamKey | undefined {
  const [, cameraId = '', stream] = /^(.+)_(main|sub)$/.exec(path) ?? [];
  return CameraId.safeParse(cameraId).success ? { cameraId, stream: stream as StreamName } : undefined;
}
