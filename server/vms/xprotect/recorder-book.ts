import { VmsError } from '#server/vms/vms.ts';
import { CameraAnswer, HardwareAnswer, RecorderAnswer } from './answers.ts';
import type { ConfigApi } from './config-api.ts';

/** Cameras on which it is tried out what recorders can do, until one answers. */
const sampleSize = 3;
/** Longer than this nobody waits for an address that is known but in doubt, ms. */
const lookUpMs = 3000;

/** Which recorder each camera is on, as of the last reading of the directory or the last look-up. */
export class RecorderBook {
  readonly #api: ConfigApi;
  readonly #addresses = new Map<string, string>();
  /** Cameras whose address may be the wrong one by now. */
  readonly #doubtful = new Set<string>();

  constructor(api: ConfigApi) {
    this.#api = api;
  }

  /** Replaces all that is known by what a reading of the whole directory says. */
  replace(
    cameras: readonly CameraAnswer[],
    hardware: readonly HardwareAnswer[],
    recorders: readonly RecorderAnswer[],
  ): void {
    const addresses = new Map(recorders.map(({ id, webServerUri }) => [id, webServerUri]));
    const recorderIds = new Map(hardware.map(({ id, relations }) => [id, relations.parent?.id ?? '']));
    this.#addresses.clear();
    this.#doubtful.clear();
    for (const { id, relations } of cameras) {
      const address = addresses.get(recorderIds.get(relations.parent?.id ?? '') ?? '');
      if (address !== undefined) this.#addresses.set(id, address);
    }
  }

  /** `webServerUri` of the camera's recorder, where it is known without asking. */
  known(cameraId: string): string | undefined {
    return this.#addresses.get(cameraId);
  }

  /** Looks it up anew the next time: the recorder did not answer, another one may have taken the camera over. */
  forget(cameraId: string): void {
    if (this.#addresses.has(cameraId)) this.#doubtful.add(cameraId);
  }

  /** `webServerUri` of the camera's recorder; the last one known while the gateway does not tell. Throws {@link VmsError}. */
  async addressOf(cameraId: string, signal: AbortSignal): Promise<string> {
    const known = this.#addresses.get(cameraId);
    if (known === undefined) return this.#lookUp(cameraId, signal);
    if (!this.#doubtful.has(cameraId)) return known;
    try {
      return await this.#lookUp(cameraId, AbortSignal.any([signal, AbortSignal.timeout(lookUpMs)]));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof VmsError && error.code !== 'unavailable') throw error;
      return known;
    }
  }

  async #lookUp(cameraId: string, signal: AbortSignal): Promise<string> {
    const camera = await this.#api.one(`cameras/${cameraId}`, CameraAnswer, signal);
    const hardwareId = camera?.relations.parent?.id;
    if (camera === undefined || camera.enabled === false || hardwareId === undefined)
      throw new VmsError('unknown-camera', 'XProtect has no such camera');
    const hardware = await this.#api.one(`hardware/${hardwareId}`, HardwareAnswer, signal);
    const recorderId = hardware?.relations.parent?.id;
    const recorder =
      recorderId === undefined
        ? undefined
        : await this.#api.one(`recordingServers/${recorderId}`, RecorderAnswer, signal);
    if (recorder === undefined)
      throw new VmsError('unexpected-answer', 'XProtect does not say which recorder the camera is on');
    this.#addresses.set(cameraId, recorder.webServerUri);
    this.#doubtful.delete(cameraId);
    return recorder.webServerUri;
  }

  /** One camera of each of a few recorders, or the first ones listed while the directory has not been read. */
  async sampleCameras(signal: AbortSignal): Promise<readonly string[]> {
    const byRecorder = new Map([...this.#addresses].map(([camera, recorder]) => [recorder, camera]));
    if (byRecorder.size > 0) return [...byRecorder.values()].slice(0, sampleSize);
    return (await this.#api.some('cameras', sampleSize, CameraAnswer, signal)).map(({ id }) => id);
  }
}
