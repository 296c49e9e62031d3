import type { CameraDirectory } from '#server/cameras/directory.ts';
import type { Gateway } from '#server/gateway/gateway.ts';
import type { Db } from '#server/store/store.ts';
import { type Vms, VmsError } from '#server/vms/vms.ts';
import { pathOf, type StreamKey } from './paths.ts';

/** Reading a source from the VMS and telling the gateway may take so long together. */
const patienceMs = 10_000;

/** Makes streams available in the gateway, and takes them away when nobody has them reserved. */
export interface Supply {
  /** The path exists in the gateway with a source that works now. Throws `VmsError` or `GatewayError`. */
  ensure(key: StreamKey): Promise<void>;
  /** Waits for an attempt of this process that is under way, however it ends. */
  settled(key: StreamKey): Promise<void>;
  /** Lets go of those of the streams that nobody has reserved. Throws `GatewayError`. */
  dropUnwanted(keys: readonly StreamKey[]): Promise<void>;
  /** When the token pushed for this stream dies; Infinity when it has none; undefined when this process has pushed none. */
  validUntil(key: StreamKey): number | undefined;
  /** The gateway has forgotten everything. */
  forget(): void;
  /** Gives up what is under way. Safe to call twice. */
  close(): void;
}

export interface SupplyParts {
  readonly db: Db;
  readonly directory: CameraDirectory;
  readonly systems: readonly Vms[];
  readonly gateway: Gateway;
}

export function createSupply({ db, directory, systems, gateway }: SupplyParts): Supply {
  const closing = new AbortController();
  const underWay = new Map<string, Promise<void>>();
  const validUntil = new Map<string, number>();

  const apply = async (key: StreamKey): Promise<void> => {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(patienceMs)]);
    const camera = (await directory.snapshot()).cameras.get(key.cameraId);
    const vms = systems.find(({ id }) => id === camera?.vmsId);
    if (camera === undefined || vms === undefined)
      throw new VmsError('unknown-camera', 'not in the directory');
    const source = await vms.liveSource(camera.id, key.stream, signal);
    await gateway.ensurePath(pathOf(key), source, signal);
    validUntil.set(pathOf(key), source.kind === 'image-server' ? source.tokenExpiresAt : Infinity);
  };

  const ensure = (key: StreamKey): Promise<void> => {
    const path = pathOf(key);
    const running = underWay.get(path);
    if (running !== undefined) return running;
    const attempt = apply(key).finally(() => underWay.delete(path));
    underWay.set(path, attempt);
    return attempt;
  };

  const isWanted = async ({ cameraId, stream }: StreamKey): Promise<boolean> =>
    (await db
      .selectFrom('reservations')
      .select('id')
      .where('camera_id', '=', cameraId)
      .where('stream', '=', stream)
      .limit(1)
      .executeTakeFirst()) !== undefined;

  return {
    ensure,
    settled: async (key) => await underWay.get(pathOf(key))?.catch(() => undefined),
    async dropUnwanted(keys) {
      for (const key of new Map(keys.map((one) => [pathOf(one), one])).values()) {
        if (await isWanted(key)) continue;
        await gateway.dropPath(pathOf(key), AbortSignal.timeout(patienceMs));
        validUntil.delete(pathOf(key));
        // Somebody may have reserved it between the look and the drop, here or in another BFF. Whoever reserves
        // writes the reservation first and ensures after it; so looking once more after the drop misses nobody.
        if (await isWanted(key)) await ensure(key);
      }
    },
    validUntil: (key) => validUntil.get(pathOf(key)),
    forget: () => validUntil.clear(),
    close: () => closing.abort(),
  };
}
