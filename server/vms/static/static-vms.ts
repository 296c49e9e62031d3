import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { StreamName } from '#contract/camera.ts';
import {
  VmsError,
  type LiveSource,
  type Vms,
  type VmsDirectory,
  type VmsGroup,
  type VmsStream,
} from '#server/vms/vms.ts';
import {
  CameraListError,
  checkCameraList,
  readCameraList,
  type CameraEntry,
  type ListedCamera,
} from './camera-list.ts';

export interface StaticOptions {
  /** The id it has in the configuration; cameras are called `<id>-<number>`. */
  readonly id: string;
  /** A YAML file with `cameras:`. Read again at each reading of the directory. */
  readonly file?: string;
  /** Or the list itself. */
  readonly cameras?: readonly CameraEntry[];
  /** Where `passwordEnv` is looked up. Default: the process's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * A list of RTSP cameras instead of a VMS. Throws a {@link CameraListError} for a list given as objects that is
 * faulty; a faulty file is an `unexpected-answer` of `readDirectory` that names every fault, and what was listed
 * last stays watchable.
 */
export function createStaticVms(options: StaticOptions): Vms {
  return new StaticVms(options);
}

class StaticVms implements Vms {
  readonly id: string;
  readonly #file: string | undefined;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  #cameras: ReadonlyMap<string, ListedCamera> | undefined;

  constructor(options: StaticOptions) {
    this.id = options.id;
    this.#file = options.file;
    this.#environment = options.environment ?? process.env;
    if ((options.file === undefined) === (options.cameras === undefined))
      throw new TypeError('A static list is either a file or a list of cameras');
    if (options.cameras !== undefined)
      this.#cameras = this.#byId(checkCameraList(options.cameras, this.#environment));
  }

  async readDirectory(signal: AbortSignal): Promise<VmsDirectory> {
    signal.throwIfAborted();
    const cameras = await this.#read(signal);
    return {
      cameras: [...cameras].map(([id, camera]) => ({
        id,
        number: camera.number,
        name: camera.name,
        ...(camera.nameAr === undefined ? {} : { nameAr: camera.nameAr }),
        groupIds: [this.#groupId(camera.agency)],
        streams: streamsOf(camera),
        hasPtz: camera.hasPtz,
      })),
      groups: [...new Set([...cameras.values()].map(({ agency }) => agency))].map((name): VmsGroup => ({
        id: this.#groupId(name),
        name,
      })),
    };
  }

  async liveSource(cameraId: string, stream: StreamName, signal: AbortSignal): Promise<LiveSource> {
    const address = (await this.#find(cameraId, signal))[stream];
    if (address === undefined) throw new VmsError('no-such-stream', `The camera has no ${stream} stream`);
    return { kind: 'rtsp', ...address };
  }

  async readStreams(cameraId: string, signal: AbortSignal): Promise<readonly VmsStream[]> {
    return streamsOf(await this.#find(cameraId, signal));
  }

  async close(): Promise<void> {
    // Nothing is open between calls.
  }

  async #find(cameraId: string, signal: AbortSignal): Promise<ListedCamera> {
    signal.throwIfAborted();
    const camera = (this.#cameras ?? (await this.#read(signal))).get(cameraId.toLowerCase());
    if (camera === undefined) throw new VmsError('unknown-camera', 'The list has no such camera');
    return camera;
  }

  /** The list as the file has it now; the last good one stays in place when that is faulty. */
  async #read(signal: AbortSignal): Promise<ReadonlyMap<string, ListedCamera>> {
    if (this.#file !== undefined) {
      let text: string;
      try {
        text = await readFile(this.#file, { encoding: 'utf8', signal });
      } catch (error) {
        signal.throwIfAborted();
        throw new VmsError('unavailable', 'The camera list cannot be read', { cause: error });
      }
      try {
        this.#cameras = this.#byId(readCameraList(text, this.#environment));
      } catch (error) {
        if (error instanceof CameraListError)
          throw new VmsError('unexpected-answer', error.message, { cause: error });
        throw error;
      }
    }
    return this.#cameras ?? new Map<string, ListedCamera>();
  }

  #byId(cameras: readonly ListedCamera[]): ReadonlyMap<string, ListedCamera> {
    return new Map(cameras.map((camera) => [`${this.id}-${camera.number}`.toLowerCase(), camera]));
  }

  /** Stable as long as the agency keeps its name; names may be in any script, ids may not. */
  #groupId(agency: string): string {
    return `${this.id}-${createHash('sha256').update(agency).digest('hex').slice(0, 12)}`.toLowerCase();
  }
}

function streamsOf(camera: ListedCamera): readonly VmsStream[] {
  return camera.sub === undefined ? [{ name: 'main' }] : [{ name: 'main' }, { name: 'sub' }];
}
