import type { CameraDirectory } from '#server/cameras/directory.ts';
import type { Handlers } from '#server/http/routing.ts';
import type { Store } from '#server/store/store.ts';
import type { Quotas } from './quota.ts';
import type { LiveKitChoice } from './livekit-choice.ts';
import { release, renew, reserve } from './reservations.ts';
import type { Supply } from './supply.ts';
import type { Upkeep } from './upkeep.ts';

export interface LiveParts {
  readonly store: Store;
  readonly directory: CameraDirectory;
  readonly supply: Supply;
  readonly upkeep: Upkeep;
  readonly quotas: Quotas;
  readonly liveKit?: LiveKitChoice | undefined;
  /** The ids of the VMSs that make stills. */
  readonly withStills: () => Promise<ReadonlySet<string>>;
  readonly now: () => number;
  /** Runs on after the answer; what fails is logged, and made good by the next round of upkeep. */
  readonly inBackground: (work: Promise<unknown>) => void;
}

export function liveRoutes(parts: LiveParts): Pick<Handlers, 'reserve' | 'renew' | 'release'> {
  const { store, directory, supply, upkeep, quotas, liveKit, withStills, now, inBackground } = parts;
  return {
    async reserve({ principal, body }) {
      const snapshot = await directory.snapshot();
      const { outcomes, reserved } = await reserve(
        store.db,
        principal,
        body,
        { snapshot, quotas, liveKit, withStills: await withStills() },
        now(),
      );
      // Sources warm up while the browser prepares its offers.
      for (const key of reserved) inBackground(supply.ensure(key));
      return { outcomes };
    },
    renew: ({ principal, body }) => renew(store.db, principal, body.ids, now()),
    async release({ principal, body }) {
      const streams = await release(store.db, principal, body.ids);
      inBackground(upkeep.settle(streams));
    },
  };
}
