import type { CameraDirectory } from '#server/cameras/directory.ts';
import { Refusal } from '#server/http/refusal.ts';
import type { Handlers } from '#server/http/routing.ts';
import type { Store } from '#server/store/store.ts';
import type { Allowance } from './allowance.ts';
import type { LiveKitDesk } from './livekit-desk.ts';
import { reservedStream } from './reserved.ts';

export interface LiveKitParts {
  readonly store: Store;
  readonly directory: CameraDirectory;
  /** Undefined: no LiveKit is configured. */
  readonly desk: LiveKitDesk | undefined;
  /** How often one session may ask, see allowance.ts. */
  readonly entries: Allowance;
  readonly now: () => number;
}

/** Tickets into LiveKit rooms, for who holds a reservation. */
export function liveKitRoutes(parts: LiveKitParts): Pick<Handlers, 'enterLiveKit'> {
  const { store, directory, desk, entries, now } = parts;
  return {
    async enterLiveKit({ principal, params: { reservationId } }) {
      entries.take(`${principal.sessionId} ${reservationId}`, now());
      const key = await reservedStream({ db: store.db, directory }, reservationId, principal);
      if (desk === undefined) throw new Refusal('not-supported', { detail: 'No LiveKit is configured.' });
      return await desk.enter(reservationId, key, { sessionId: principal.sessionId, user: principal.user });
    },
  };
}
