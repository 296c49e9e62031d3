import type { StreamName } from '#contract/camera.ts';
import {
  type LiveSource,
  type Vms,
  type VmsCamera,
  type VmsDirectory,
  VmsError,
  type VmsGroup,
  type VmsStream,
} from '#server/vms/vms.ts';

/** A camera with two streams in the groups given. */
export const vmsCamera = (
  id: string,
  groupIds: readonly string[],
  more: Partial<VmsCamera> = {},
): VmsCamera => ({
  id,
  name: `Camera ${id}`,
  groupIds,
  hasPtz: false,
  streams: [
    { name: 'main', codec: 'H264', width: 1280, height: 720, framesPerSecond: 25 },
    { name: 'sub', codec: 'H264', width: 640, height: 360, framesPerSecond: 15 },
  ],
  ...more,
});

export const vmsGroup = (id: string, parentId?: string): VmsGroup => ({
  id,
  name: `Group ${id}`,
  ...(parentId === undefined ? {} : { parentId }),
});

/** Two agencies, one with a district: police (p1, p2 in a district), metro (m1, m2); b1 stands in both, x1 in none. */
export const town: VmsDirectory = {
  groups: [vmsGroup('police'), vmsGroup('harbour', 'police'), vmsGroup('metro')],
  cameras: [
    vmsCamera('p1', ['police'], { number: 1 }),
    vmsCamera('p2', ['harbour'], { number: 2, hasPtz: true }),
    vmsCamera('m1', ['metro'], { number: 51 }),
    vmsCamera('m2', ['metro'], { number: 52 }),
    vmsCamera('b1', ['metro', 'police'], { number: 60 }),
    vmsCamera('x1', [], { number: 99, streams: [{ name: 'main' }] }),
  ],
};

/** A VMS in memory. */
export class FakeVms implements Vms {
  readonly id: string;
  directory: VmsDirectory;
  /** Thrown by every call while set. */
  error: VmsError | undefined;
  /** Each token lives so long from `now`. */
  tokenLifeMs = Infinity;
  now: () => number = Date.now;
  tokens = 0;
  reads = 0;
  isClosed = false;

  constructor(id = 'town', directory: VmsDirectory = town) {
    this.id = id;
    this.directory = directory;
  }

  async readDirectory(signal: AbortSignal): Promise<VmsDirectory> {
    await Promise.resolve();
    signal.throwIfAborted();
    this.reads += 1;
    if (this.error !== undefined) throw this.error;
    return this.directory;
  }

  async liveSource(cameraId: string, stream: StreamName, signal: AbortSignal): Promise<LiveSource> {
    await Promise.resolve();
    signal.throwIfAborted();
    if (this.error !== undefined) throw this.error;
    this.#camera(cameraId);
    if (this.tokenLifeMs === Infinity)
      return {
        kind: 'rtsp',
        url: `rtsp://camera.invalid/${cameraId}/${stream}`,
        username: 'u',
        password: 'camera secret',
      };
    this.tokens += 1;
    return {
      kind: 'image-server',
      host: 'recorder.invalid',
      port: 7563,
      tls: false,
      deviceId: cameraId,
      token: `token ${this.tokens}`,
      tokenExpiresAt: this.now() + this.tokenLifeMs,
    };
  }

  async readStreams(cameraId: string, signal: AbortSignal): Promise<readonly VmsStream[]> {
    await Promise.resolve();
    signal.throwIfAborted();
    if (this.error !== undefined) throw this.error;
    return this.#camera(cameraId).streams;
  }

  #camera(cameraId: string): VmsCamera {
    const camera = this.directory.cameras.find(({ id }) => id === cameraId);
    if (camera === undefined) throw new VmsError('unknown-camera', 'no such camera');
    return camera;
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.isClosed = true;
  }
}
