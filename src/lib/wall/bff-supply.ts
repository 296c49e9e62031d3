import { call } from '#lib/api/call.ts';
import { offersHere, sourceFor } from '#lib/media/open.ts';
import { peerConnections } from '#lib/media/whep/peers.ts';
import { routes } from '#contract/routes.ts';
import { randomUuid } from '#lib/api/random-uuid.ts';
import { Gate } from './gate.ts';
import type { LeaseDesk } from './leases.ts';
import { Supply } from './supply.ts';

// Two tabs of one browser are one session: each has reservations of its own, so that closing one leaves the other its
// pictures.
export const pageId = randomUuid();

/** Reservations as the BFF gives them. */
const desk: LeaseDesk = {
  reserve: async (wanted, signal) =>
    (await call(routes.reserve, { body: { wanted: [...wanted], pageId }, signal })).outcomes.map((outcome) =>
      outcome.status === 'reserved'
        ? { ...outcome, reservation: { ...outcome.reservation, ways: offersHere(outcome.reservation) } }
        : outcome,
    ),
  renew: (ids, signal) => call(routes.renew, { body: { ids: [...ids] }, signal }),
  release: (ids) => call(routes.release, { body: { ids: [...ids] }, keepalive: true }),
};

// One gate for the page: it is the browser and the BFF that are spared, whatever walls there are.
const gate = new Gate();

/** The supply of a wall in this page: reservations from the BFF, pictures from wherever those point. */
export function bffSupply(): Supply {
  return new Supply({ desk, gate, sourceFor, prepare: (count) => peerConnections.prepare(count) });
}
